"""What replay, rollback and verify share: one job, its lease, and the parts of a rebuild."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from rich.console import Console

from cli.output.saying import say
from cli.processes.running import Signalled
from cli.wiring.agents import agent_classes
from cli.wiring.process import now_ms, owner_name
from cli.wiring.versions import require_migrated
from domain.errors import Interrupted, RebuildError
from domain.ports.fold import ProjectionStore
from domain.ports.log import LogReader
from domain.settings import Settings
from log.opening import open_reader
from projector.fold.runner import Runner
from projector.job import held
from projector.rebuild.steps import Load, Rebuild
from projector.rebuild.throttle import ThrottledStore
from rows.jobs import REPLAY
from rows.opening import Rows

# Rows a worker gathers for a partition before it commits: about 50 MB of Python objects.
_LOAD_ROWS = 100_000
_LOAD_EVENTS = 500_000
_LOAD_BYTES = 32_000_000
_LOAD_SECONDS = 5.0
# What a flush in SQLite may take while a generation catches up: a fifth of a second for rows that
# are all new, a few times that where the file is large.
_SQLITE_EVENTS = 10_000
_SQLITE_ENTRIES = 10
# Between a stop and the end of the transaction that was under way.
_PATIENCE_SECONDS = 1.0
_INTERRUPTED = "interrupted: what is done is kept, run the command again"

Steps = Callable[[Rebuild], Awaitable[None]]


@asynccontextmanager
async def open_loader(settings: Settings, events_per_second: float) -> AsyncIterator[Runner]:
    """What folds in bulk into a generation that is loading; 0 events a second mean no limit."""
    reader = open_reader(settings)
    rows = Rows(settings, now_ms, classes=agent_classes())
    store: ProjectionStore = rows.bulk_store
    batch_size = _LOAD_EVENTS
    if events_per_second:
        store = ThrottledStore(store, events_per_second)
        batch_size = max(1, min(_LOAD_EVENTS, int(events_per_second)))
    try:
        yield Runner(
            reader,
            store,
            flush_seconds=_LOAD_SECONDS,
            batch_size=batch_size,
            max_rows=_LOAD_ROWS,
            max_bytes=_LOAD_BYTES,
        )
    finally:
        await reader.close()
        await rows.close()


async def rebuilding(settings: Settings, load: Load, steps: Steps) -> int:
    """Take the job, do `steps` under it, give it back; the exit code.

    Raises `JobTaken` and what they raise.
    """
    await require_migrated(settings)
    signalled = Signalled()
    try:
        await _in_time(settings, signalled, _under_the_job(settings, signalled.stop, load, steps))
    except Interrupted:
        say(_INTERRUPTED, err=True)
        return signalled.exit_code
    return 0


async def _under_the_job(settings: Settings, stop: asyncio.Event, load: Load, steps: Steps) -> None:
    rows = Rows(settings, now_ms, classes=agent_classes())
    reader = open_reader(settings)
    lease_seconds = settings.lease_ms / 1_000
    try:
        async with held(
            rows.jobs,
            REPLAY,
            owner_name(),
            lease_seconds,
            # As long as the lease of one that died may still run.
            lease_seconds * 1.2,
            doing="is rebuilding: only one may at a time",
            stop=stop,
            waiting=partial(_waiting, lease_seconds),
        ) as job:
            await steps(
                Rebuild(
                    rows.generations,
                    rows.carry_over,
                    rows.comparison,
                    reader,
                    rows.aggregates,
                    _runner(settings, reader, rows.catch_up_store),
                    load,
                    job.epoch,
                    settings.num_partitions,
                    job.stop,
                )
            )
    finally:
        await reader.close()
        await rows.close()


def _runner(settings: Settings, reader: LogReader, store: ProjectionStore) -> Runner:
    """What catches up. In SQLite others wait for a flush, and so does a stop: it is smaller."""
    if settings.database_url:
        return Runner(reader, store, flush_seconds=1.0, batch_size=settings.batch_size)
    return Runner(
        reader,
        store,
        flush_seconds=1.0,
        batch_size=min(settings.batch_size, _SQLITE_EVENTS),
        take_entries=_SQLITE_ENTRIES,
    )


async def _in_time(settings: Settings, signalled: Signalled, work: Awaitable[None]) -> None:
    """Do `work`; after a signal it has a second to come to the end of a transaction.

    Only PostgreSQL lets a transaction be cancelled. What does not end by then either, as where
    nothing answers any more, ends with the process.
    """
    working = asyncio.ensure_future(work)
    asked = asyncio.create_task(signalled.heard.wait())
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({working}, timeout=_PATIENCE_SECONDS)
    if not working.done() and settings.database_url:
        working.cancel()
        await asyncio.wait({working}, timeout=_PATIENCE_SECONDS)
    if not working.done():
        _leave(signalled)
    asked.cancel()
    if working.cancelled():
        if not signalled.number:
            raise RebuildError("a connection was lost in the middle: run the command again")
        raise Interrupted
    await working


def _leave(signalled: Signalled) -> None:
    """End the process in the middle of a transaction.

    Cancelled, a transaction of SQLite leaves the file locked; one whose process ends does not. The
    next run waits for the lease.
    """
    say(_INTERRUPTED, err=True)
    Console(stderr=True).show_cursor()
    os._exit(signalled.exit_code)


def _waiting(lease_seconds: float, holder: str | None) -> None:
    say(f"waiting for {holder}, in case it died ({lease_seconds:g} s)", err=True)
