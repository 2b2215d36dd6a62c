"""Settings to the projector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.processes.loading import loading
from cli.wiring.agents import agent_classes
from cli.wiring.process import application_name, now_ms, owner_name
from domain.settings import Settings
from log.opening import open_log
from projector.fold.completeness import Completeness
from projector.fold.runner import Runner
from projector.fold.supervisor import Supervisor
from rows.opening import Rows, open_rows

# How often it is asked, and where nothing arrives written, how complete the rows are.
_ROUND_SECONDS = 2.0
# A round takes longer than a short lease where the machine is busy.
_LATE_SECONDS = 5.0


@asynccontextmanager
async def open_supervisor(settings: Settings) -> AsyncIterator[Supervisor]:
    """The projector, answering on PROJECTOR_PORT; its connections closed at the end."""
    name, classes = application_name("projector"), agent_classes()
    async with open_rows(settings, now_ms, name=name, classes=classes) as rows:
        log = open_log(settings)
        reader = log.reader()
        runner = Runner(
            reader,
            rows.store,
            flush_seconds=settings.flush_interval_ms / 1_000,
            batch_size=settings.batch_size,
        )
        try:
            supervisor = Supervisor(
                rows.leases,
                runner,
                rows.store,
                Completeness(
                    reader,
                    rows.watermarks,
                    round_seconds=_ROUND_SECONDS,
                    pause_seconds=log.pause_seconds,
                ),
                rows.waits,
                owner=owner_name(),
                partitions=settings.num_partitions,
                lease_seconds=settings.lease_ms / 1_000,
                late_seconds=max(settings.lease_ms / 1_000, _LATE_SECONDS),
            )
            async with _answering(settings, supervisor, rows):
                yield supervisor
        finally:
            await reader.close()


@asynccontextmanager
async def _answering(settings: Settings, supervisor: Supervisor, rows: Rows) -> AsyncIterator[None]:
    if not settings.projector_port:
        yield
        return
    # Whoever is asked nothing does not load what HTTP takes.
    with loading():
        from cli.processes.beside import serving
        from cli.wiring.web import create_health

    probes = {"partitions": supervisor.ready, "database": rows.ping}
    app = create_health(settings, probes, rows.facts.facts)
    async with serving(app, settings.host, settings.projector_port):
        yield
