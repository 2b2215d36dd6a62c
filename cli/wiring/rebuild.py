"""What replay, rollback and verify share: one job, its lease, and the parts of a rebuild."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import click

from cli.wiring.migrate import require_migrated
from cli.wiring.process import now_ms, owner_name
from domain.errors import JobTaken
from domain.events import Epoch
from domain.ports.common import Jobs
from domain.ports.fold import ProjectionStore
from domain.settings import Settings
from log.opening import open_reader
from projector.fold.runner import Runner
from projector.rebuild.steps import Load, Rebuild, with_lease
from projector.rebuild.throttle import ThrottledStore
from rows.jobs import REPLAY
from rows.opening import Rows

# Rows a worker gathers for a partition before it commits: about 50 MB of Python objects.
_LOAD_ROWS = 100_000
_LOAD_EVENTS = 500_000
_LOAD_BYTES = 32_000_000
_LOAD_SECONDS = 5.0
_POLL_SECONDS = 0.5

Steps = Callable[[Rebuild], Awaitable[None]]


@asynccontextmanager
async def open_loader(settings: Settings, events_per_second: float) -> AsyncIterator[Runner]:
    """What folds in bulk into a generation that is loading; 0 events a second mean no limit."""
    reader = open_reader(settings)
    rows = Rows(settings, now_ms)
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


async def rebuilding(settings: Settings, load: Load, steps: Steps) -> None:
    """Take the job, do `steps` under it, give it back. Raises `JobTaken` and what they raise."""
    await require_migrated(settings)
    rows = Rows(settings, now_ms)
    reader = open_reader(settings)
    store = rows.catch_up_store
    jobs = rows.jobs
    lease_seconds = settings.lease_ms / 1_000
    owner = owner_name()
    try:
        epoch = await _acquire(jobs, owner, lease_seconds)
        rebuild = Rebuild(
            rows.generations,
            rows.carry_over,
            rows.comparison,
            reader,
            Runner(reader, store, flush_seconds=1.0, batch_size=settings.batch_size),
            load,
            epoch,
            settings.num_partitions,
        )
        _stop_on_sigterm()
        try:
            await with_lease(
                steps(rebuild), lambda: jobs.renew(REPLAY, owner, epoch), lease_seconds / 3
            )
        except asyncio.CancelledError:
            click.echo("interrupted: what is done is kept, run the command again", err=True)
            raise
        finally:
            await asyncio.shield(jobs.release(REPLAY, owner, epoch))
    finally:
        await reader.close()
        await rows.close()


def _stop_on_sigterm() -> None:
    """As Ctrl-C: the lease is given back, so that nobody has to wait for its end."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _acquire(jobs: Jobs, owner: str, lease_seconds: float) -> Epoch:
    """The job's epoch; waits as long as the lease of one that died may still run."""
    end = asyncio.get_running_loop().time() + lease_seconds * 1.2
    told = False
    while (epoch := await jobs.acquire(REPLAY, owner)) is None:
        holder = await jobs.holder(REPLAY)
        if asyncio.get_running_loop().time() > end:
            message = f"{holder or 'another process'} is rebuilding: only one may at a time"
            raise JobTaken(message)
        if not told:
            told = True
            click.echo(f"waiting for {holder}, in case it died ({lease_seconds:g} s)", err=True)
        await asyncio.sleep(min(_POLL_SECONDS, lease_seconds / 4))
    return epoch
