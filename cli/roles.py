"""The roles, one process each: footfall ingest, projector, read-api."""

import asyncio

import click

from cli.running import run, serve, settings_or_exit, stop_on_signals
from cli.wiring import configure_logging, create_web, open_supervisor, require_migrated
from domain.settings import Settings

_PORT = click.option("--port", type=click.IntRange(0, 65535), help="Where to listen (PORT, 3000).")


@click.command()
@_PORT
def ingest(port: int | None) -> None:
    """Take page views over HTTP and append them to the log.

    POST /page-views/single and /page-views/multi answer 202 only after the log has confirmed, and
    503 with Retry-After otherwise. GET /health, /ready and /schema. Ctrl-C or SIGTERM: open
    requests are answered, then it exits.
    """
    _serve(settings_or_exit(PORT=port), ingest=True, read_api=False)


@click.command(name="read-api")
@_PORT
def read_api(port: int | None) -> None:
    """Answer reports over HTTP.

    GET /report?page=&now=&order=&take=, /health, /ready and /schema.
    """
    _serve(settings_or_exit(PORT=port), ingest=False, read_api=True)


@click.command(name="web", hidden=True)
@_PORT
def web(port: int | None) -> None:
    """Ingest and read API on one port; what `footfall up` starts."""
    _serve(settings_or_exit(PORT=port), ingest=True, read_api=True)


def _serve(settings: Settings, *, ingest: bool, read_api: bool) -> None:
    configure_logging(settings)

    async def main() -> int:
        return await serve(create_web(settings, ingest=ingest, read_api=read_api), settings)

    run(main())


@click.command()
def projector() -> None:
    """Fold the log into rows.

    Start as many as you like, on as many machines: partitions are spread over them by leases in
    the database, and taken over when one dies. Ctrl-C or SIGTERM: what was read is committed,
    the leases are given back, then it exits.
    """
    settings = settings_or_exit()
    configure_logging(settings)

    async def main() -> int:
        stop = asyncio.Event()
        stop_on_signals(stop.set)
        await require_migrated(settings)
        async with open_supervisor(settings) as supervisor:
            await supervisor.run(stop)
        return 0

    run(main())
