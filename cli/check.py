"""footfall check"""

import sys
from collections.abc import Awaitable, Callable

import click

from cli.running import run, settings_or_exit
from cli.wiring import open_reader, open_store, open_writer, require_migrated
from domain.errors import FootfallError
from domain.settings import Settings


@click.command()
def check() -> None:
    """Check every layer: settings, database, its version, log for reading and appending.

    Prints OK or what to do, a line a layer. Exit code 1 when anything is wrong.
    """
    settings = settings_or_exit()
    click.echo("OK    settings")

    async def main() -> int:
        results = [await _report(name, layer) for name, layer in _layers(settings).items()]
        return 0 if all(results) else 1

    run(main())


def _layers(settings: Settings) -> dict[str, Callable[[], Awaitable[None]]]:
    async def rows() -> None:
        await require_migrated(settings)
        async with open_store(settings) as store:
            await store.ping()

    async def reading() -> None:
        reader = open_reader(settings)
        try:
            await reader.ping()
        finally:
            await reader.close()

    async def appending() -> None:
        writer = open_writer(settings)
        try:
            await writer.ping()
        finally:
            await writer.close()

    database = "PostgreSQL" if settings.database_url else f"SQLite in {settings.data_dir}"
    log = "RabbitMQ" if settings.rabbitmq_url else f"SQLite in {settings.data_dir}"
    return {
        f"database ({database})": rows,
        f"log, reading ({log})": reading,
        f"log, appending ({log})": appending,
    }


async def _report(name: str, layer: Callable[[], Awaitable[None]]) -> bool:
    try:
        await layer()
    except FootfallError as error:
        click.echo(f"ERROR {name}: {error}", file=sys.stdout)
        return False
    click.echo(f"OK    {name}")
    return True
