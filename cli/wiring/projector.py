"""Settings to the projector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.wiring.process import now_ms, owner_name
from domain.settings import Settings
from log.opening import open_reader
from projector.fold.runner import Runner
from projector.fold.supervisor import Supervisor
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore


@asynccontextmanager
async def open_supervisor(settings: Settings) -> AsyncIterator[Supervisor]:
    """The projector, its connections closed at the end."""
    engine = open_engine(settings.rows_url)
    reader = open_reader(settings)
    store = SqlProjectionStore(engine, now_ms)
    runner = Runner(
        reader,
        store,
        flush_seconds=settings.flush_interval_ms / 1_000,
        batch_size=settings.batch_size,
    )
    try:
        yield Supervisor(
            SqlLeases(engine, settings.lease_ms),
            runner,
            owner=owner_name(),
            partitions=settings.num_partitions,
            lease_seconds=settings.lease_ms / 1_000,
        )
    finally:
        await reader.close()
        await store.close()
