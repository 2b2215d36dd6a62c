"""The roles, one process each: footfall ingest, projector, read-api."""

import asyncio
import logging

import click

from cli.processes.begun import begins, tell_begun
from cli.processes.family import FAMILY_SECONDS, Family
from cli.processes.listening import address_of, listening, port_of
from cli.processes.loading import loading
from cli.processes.places import Place, bind, started_by_a_parent
from cli.processes.running import (
    run,
    settings_or_exit,
    stop_on_signals,
    unless_stopped,
)
from cli.processes.turning import told_when_blocked
from cli.verbs.workers import WORKERS
from cli.wiring.aggregates import rolling_up
from cli.wiring.begin import begin
from cli.wiring.housekeeping import keeping_house
from cli.wiring.keys import locked_or_exit
from cli.wiring.outdated import open_watch
from cli.wiring.partitions import require_partitions
from cli.wiring.projector import open_supervisor
from cli.wiring.versions import require_migrated, require_served
from domain.settings import Settings

logger = logging.getLogger(__name__)

_PORT = click.option("--port", type=click.IntRange(0, 65535), help="Where to listen (PORT, 3000).")


@click.command()
@_PORT
@WORKERS
def ingest(port: int | None, workers: int | None) -> None:
    """Take page views over HTTP and append them to the log.

    POST /page-views/single and /page-views/multi answer 202 only after the log has confirmed, and
    503 with Retry-After otherwise. Views that browsers send come in at /page-views/browser,
    /pixel.gif and the doors of docs/clients.md, scripts are /tracker.js and /js/. GET /health,
    /ready and /schema. Ctrl-C or SIGTERM: open requests are answered, then it exits.

    Where there are keys (footfall key new), servers need one with the right ingest, browsers none;
    where HOST lets others in than this machine, it does not start without keys, or OPEN=true.

    With --workers N, N processes answer behind the one port; one that dies is started again.
    """
    settings = settings_or_exit(PORT=port, WORKERS=workers)
    _serve("ingest", settings, ingest=True, read_api=False)


@click.command(name="read-api")
@_PORT
@WORKERS
def read_api(port: int | None, workers: int | None) -> None:
    """Answer reports over HTTP, and people at / with a dashboard.

    GET /report?page=&now=&order=&take=, /stats/..., /export/hourly, what clients of Plausible ask
    (docs/plausible-api.md), /health, /ready and /schema. Reads from the replica that
    READ_DATABASE_URL names, where it is set.

    Where there are keys (footfall key new), one with the right read is needed; where HOST lets
    others in than this machine, it does not start without keys, or OPEN=true.

    With --workers N, N processes answer behind the one port; one that dies is started again.
    """
    settings = settings_or_exit(PORT=port, WORKERS=workers)
    _serve("read-api", settings, ingest=False, read_api=True)


@click.command(name="web", hidden=True)
@_PORT
def web(port: int | None) -> None:
    """Ingest and read API on one port; what `footfall up` starts."""
    _serve("web", settings_or_exit(PORT=port), ingest=True, read_api=True)


def _serve(role: str, settings: Settings, *, ingest: bool, read_api: bool) -> None:
    if not started_by_a_parent():
        locked_or_exit(settings)

    async def main() -> int:
        if not started_by_a_parent():
            await require_served(settings, ingest=ingest, read_api=read_api)
            if ingest:
                await require_partitions(settings, role)
        if settings.workers > 1:
            return await _serve_with_workers(role, settings)
        return await _serve_alone(role, settings, ingest=ingest, read_api=read_api)

    run(main())


async def _serve_alone(role: str, settings: Settings, *, ingest: bool, read_api: bool) -> int:
    # A projector, and a parent of workers, do not load what HTTP takes.
    with loading():
        from cli.processes.serving import serve
        from cli.wiring.web import create_web

    app = create_web(settings, ingest=ingest, read_api=read_api, role=role)
    async with open_watch(settings, ingest=ingest, read_api=read_api, role=role) as watch:
        return await serve(app, settings, watch)


async def _serve_with_workers(role: str, settings: Settings) -> int:
    stop = asyncio.Event()
    stop_on_signals(stop.set, FAMILY_SECONDS)
    with (
        listening(settings.host, settings.port, settings.workers) as listeners,
        Family(WORKERS="1") as family,
    ):
        address = address_of(settings.host, port_of(listeners))
        logger.info("%d workers listening on %s", settings.workers, address)
        places = [Place() for _ in listeners]
        bind(places, listeners)
        async with family.keeping(role, places):
            with told_when_blocked():
                return await family.until(stop)


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where to answer /health, /ready and /metrics (PROJECTOR_PORT, nowhere).",
)
def projector(port: int | None) -> None:
    """Fold the log into rows.

    Start as many as you like, on as many machines: partitions are spread over them by leases in
    the database, and taken over when one dies. Ctrl-C or SIGTERM: what was read is committed,
    the leases are given back, then it exits.

    With --port GET /ready says whether all the partitions it holds are folded: one that is stopped
    or waits is named with the reason, 503. footfall check and the metrics say the same of all.
    Where there are keys, or HOST lets others in than this machine, reasons and metrics are for keys
    with the right admin.
    """
    settings = settings_or_exit(PROJECTOR_PORT=port)

    async def main() -> int:
        stop = asyncio.Event()
        stop_on_signals(stop.set)
        if not await unless_stopped(stop, _ready(settings)):
            return 0
        async with (
            open_supervisor(settings) as supervisor,
            keeping_house(settings),
            rolling_up(settings),
        ):
            with told_when_blocked():
                await supervisor.run(stop)
        return 0

    run(main())


async def _ready(settings: Settings) -> None:
    if begins():
        await begin(settings)
        tell_begun()
    else:
        await require_migrated(settings)
