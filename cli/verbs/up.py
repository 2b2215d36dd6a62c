"""footfall up: every role under one parent."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from cli.output.first_steps import first_steps
from cli.output.saying import say
from cli.processes.family import CHILD_SECONDS, FAMILY_SECONDS, Family
from cli.processes.listening import address_of, listening, port_of
from cli.processes.running import run, settings_or_exit, stop_on_signals, unless_stopped
from cli.processes.turning import told_when_blocked
from cli.verbs.roles import WORKERS
from cli.wiring.keys import locked_or_exit
from cli.wiring.migrate import migrate
from cli.wiring.partitions import require_partitions
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


async def _begin(settings: Settings) -> None:
    await migrate(settings, partial(say, err=True))
    await require_partitions(settings, "up")


async def _up(settings: Settings) -> int:
    stop = asyncio.Event()
    # The children drain one kind after the other.
    stop_on_signals(stop.set, CHILD_SECONDS + FAMILY_SECONDS)
    if not await unless_stopped(stop, _begin(settings)):
        return 0
    rows = "PostgreSQL" if settings.database_url else str(settings.rows_file)
    with (
        listening(settings.host, settings.port, settings.workers) as listeners,
        Family(DATA_DIR=str(settings.data_dir), WORKERS="1") as family,
    ):
        address = address_of(settings.host, port_of(listeners))
        for line in first_steps(
            address, open_log(settings).place, rows, now_ms(), settings.has_keys
        ):
            say(line, err=True)
        # The projector goes last: it still folds what the last requests appended.
        async with family.keeping("projector"), family.keeping("web", listeners):
            with told_when_blocked():
                code = await family.until(stop)
            say("stopping: answering what is under way, committing what was read", err=True)
    return code
