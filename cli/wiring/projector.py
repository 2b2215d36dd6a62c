"""Settings to the projector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.wiring.process import application_name, now_ms, owner_name
from domain.settings import Settings
from log.opening import open_reader
from projector.fold.runner import Runner
from projector.fold.supervisor import Supervisor
from rows.opening import open_rows


@asynccontextmanager
async def open_supervisor(settings: Settings) -> AsyncIterator[Supervisor]:
    """The projector, its connections closed at the end."""
    async with open_rows(settings, now_ms, name=application_name("projector")) as rows:
        reader = open_reader(settings)
        runner = Runner(
            reader,
            rows.store,
            flush_seconds=settings.flush_interval_ms / 1_000,
            batch_size=settings.batch_size,
        )
        try:
            yield Supervisor(
                rows.leases,
                runner,
                owner=owner_name(),
                partitions=settings.num_partitions,
                lease_seconds=settings.lease_ms / 1_000,
            )
        finally:
            await reader.close()
