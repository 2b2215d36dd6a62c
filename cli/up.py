"""footfall up: every role under one parent."""

import asyncio
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import click

from cli import wiring
from cli.running import (
    LIFELINE,
    SHUTDOWN_SECONDS,
    run,
    settings_or_exit,
    stop_on_signals,
)
from domain.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_BACKOFF_SECONDS = 0.2
_LAST_BACKOFF_SECONDS = 10.0
_HEALTHY_SECONDS = 10.0


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen (PORT, 3000).")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the embedded files are (DATA_DIR, ./footfall-data).",
)
def up(port: int | None, data_dir: Path | None) -> None:
    """Run everything: ingest, projector and read API on one port.

    Embedded in two SQLite files unless RABBITMQ_URL or DATABASE_URL (POSTGRES_HOST) say
    otherwise. Creates and upgrades what it needs. Each role is a process of its own; one that
    dies is started again. Ctrl-C or SIGTERM: requests under way are answered, what was read is
    committed, then it exits.
    """
    settings = settings_or_exit(PORT=port, DATA_DIR=data_dir)
    settings = replace(settings, data_dir=settings.data_dir.resolve())
    wiring.configure_logging(settings)
    run(_up(settings))


async def _up(settings: Settings) -> int:
    stop = asyncio.Event()
    stop_on_signals(stop.set)
    await wiring.migrate(settings)
    log = "RabbitMQ" if settings.rabbitmq_url else str(settings.log_file)
    rows = "PostgreSQL" if settings.database_url else str(settings.data_dir / "rows.sqlite3")
    click.echo(f"log: {log}\nrows: {rows}", err=True)
    click.echo(f"serving on http://{settings.host}:{settings.port} (Ctrl-C stops)", err=True)
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
    }
    read_end, write_end = os.pipe()
    environment[LIFELINE] = str(read_end)
    # The projector goes last: it still folds what the last requests appended.
    web_stop, projector_stop = asyncio.Event(), asyncio.Event()
    web = asyncio.create_task(_keep("web", environment, read_end, web_stop))
    projector = asyncio.create_task(_keep("projector", environment, read_end, projector_stop))
    await stop.wait()
    click.echo("stopping: answering what is under way, committing what was read", err=True)
    web_stop.set()
    await web
    projector_stop.set()
    await projector
    os.close(write_end)
    os.close(read_end)
    return 0


async def _keep(role: str, environment: dict[str, str], lifeline: int, stop: asyncio.Event) -> None:
    """Run a role's process until `stop`, starting it again whenever it ends."""
    backoff = _FIRST_BACKOFF_SECONDS
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        started = loop.time()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cli",
            role,
            env=environment,
            pass_fds=(lifeline,),
            # Ctrl-C reaches the whole group of the terminal; only the parent must act on it.
            start_new_session=True,
        )
        ended = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            await _end(child)
            return
        if loop.time() - started > _HEALTHY_SECONDS:
            backoff = _FIRST_BACKOFF_SECONDS
        logger.error("%s ended with code %s, starting it again", role, child.returncode)
        try:
            async with asyncio.timeout(backoff):
                await stop.wait()
        except TimeoutError:
            backoff = min(backoff * 2, _LAST_BACKOFF_SECONDS)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(SHUTDOWN_SECONDS + 10):
            await child.wait()
    except TimeoutError:
        logger.error("process %d did not stop in time, killing it", child.pid)
        child.kill()
        await child.wait()
