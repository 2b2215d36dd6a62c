"""footfall up: every role under one parent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from cli.output.first_steps import first_steps
from cli.output.saying import say
from cli.processes.begun import Begun
from cli.processes.family import CHILD_SECONDS, FAMILY_SECONDS, Family
from cli.processes.listening import address_of, listening, port_of
from cli.processes.places import Place, bind
from cli.processes.running import run, settings_or_exit, stop_on_signals
from cli.processes.turning import told_when_blocked
from cli.verbs.workers import WORKERS
from cli.wiring.keys import locked_or_exit
from cli.wiring.process import now_ms
from domain.settings import Settings
from log.opening import open_log


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen (PORT, 3000).")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the embedded files are (DATA_DIR, ./footfall-data).",
)
@WORKERS
def up(port: int | None, data_dir: Path | None, workers: int | None) -> None:
    """Run everything: ingest, projector and read API on one port, the dashboard at /.

    Embedded in two SQLite files unless RABBITMQ_URL or DATABASE_URL (POSTGRES_HOST) say
    otherwise. Creates and upgrades what it needs. Each role is a process of its own; one that
    dies is started again. Ctrl-C or SIGTERM: requests under way are answered, what was read is
    committed, then it exits.

    Where HOST lets others in than this machine it starts with keys alone (footfall key new), or
    with OPEN=true.

    One process answers requests until --workers says more; one projector folds them. Where that
    is not enough, start `footfall projector` beside it, here or on other machines.
    """
    settings = settings_or_exit(PORT=port, DATA_DIR=data_dir, WORKERS=workers)
    settings = replace(settings, data_dir=settings.data_dir.resolve())
    locked_or_exit(settings)
    run(_up(settings))


async def _up(settings: Settings) -> int:
    stop = asyncio.Event()
    # The children drain one kind after the other.
    stop_on_signals(stop.set, CHILD_SECONDS + FAMILY_SECONDS)
    # Told before anything is started, and free until it can be answered: nobody waits for it.
    with listening(settings.host, settings.port, settings.workers) as found:
        places = [Place() for _ in found]
    with Family(DATA_DIR=str(settings.data_dir), WORKERS="1") as family, Begun() as begun:
        # The projector goes last: it still folds what the last requests appended. It also begins,
        # and those that will answer load meanwhile what that takes.
        async with family.keeping("projector", begun=begun), family.keeping("web", places):
            await family.until(stop, begun.done)
            if begun.done.is_set() and not stop.is_set():
                await _serve(settings, family, places, stop)
    return family.code


async def _serve(
    settings: Settings, family: Family, places: Sequence[Place], stop: asyncio.Event
) -> None:
    rows = "PostgreSQL" if settings.database_url else str(settings.rows_file)
    with listening(settings.host, settings.port, settings.workers) as listeners:
        bind(places, listeners)
        address, log = address_of(settings.host, port_of(listeners)), open_log(settings).place
        for line in first_steps(address, log, rows, now_ms(), settings.has_keys):
            say(line, err=True)
        with told_when_blocked():
            await family.until(stop)
        say("stopping: answering what is under way, committing what was read", err=True)
