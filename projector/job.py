"""A job that only one process does at a time: taken, renewed, given back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from domain.errors import Fenced, FootfallError, Interrupted, JobTaken, StoreUnavailable
from domain.events import Epoch
from domain.ports.common import Jobs
from projector.waiting import passed

_POLL_SECONDS = 0.5


class Held:
    """A job this process has, under `epoch`, until it is told to `stop` or the lease is lost.

    Work is never cancelled for that: a transaction of SQLite that is cancelled leaves the file
    locked until the garbage collector finds its statement. It looks at `stop` between its
    transactions; what it writes before it does is fenced.
    """

    def __init__(self, epoch: Epoch, stop: asyncio.Event) -> None:
        self.epoch = epoch
        self.stop = stop
        self.lost: Fenced | None = None

    def renewal_ended(self, task: asyncio.Task[None]) -> None:
        """Nobody works on under a lease that is not renewed; `held` raises what went wrong."""
        if task.cancelled() or task.exception():
            self.stop.set()

    def lose(self, error: Fenced) -> None:
        """Somebody else has it now."""
        self.lost = error
        self.stop.set()


@asynccontextmanager
async def held(
    jobs: Jobs,
    name: str,
    owner: str,
    lease_seconds: float,
    wait_seconds: float = 0.0,
    *,
    doing: str,
    stop: asyncio.Event | None = None,
    waiting: Callable[[str | None], None] = lambda _: None,
) -> AsyncIterator[Held]:
    """Have the job for the time of the block; setting `stop` asks for its end.

    Another process may have died with it: `wait_seconds` are given to its lease, and `waiting` is
    told once whose it is. Raises `JobTaken`, saying what the other one is `doing`, `Interrupted`
    when told to stop before, and at the end of a block that stopped because the lease was lost,
    `Fenced`, or because the database was migrated past this program, `Outdated`.
    """
    lease = _Lease(jobs, name, owner, lease_seconds)
    stop = stop or asyncio.Event()
    job = Held(await lease.take(wait_seconds, doing, stop, waiting), stop)
    done = asyncio.Event()
    renewing = asyncio.create_task(lease.renew(job, done))
    renewing.add_done_callback(job.renewal_ended)
    try:
        yield job
    except Interrupted:
        raise job.lost or Interrupted from None
    finally:
        done.set()
        try:
            await renewing
        finally:
            # What is not given back is over soon.
            with suppress(FootfallError):
                await jobs.release(name, owner, job.epoch)


class _Lease:
    def __init__(self, jobs: Jobs, name: str, owner: str, seconds: float) -> None:
        self._jobs = jobs
        self._name = name
        self._owner = owner
        self._seconds = seconds

    async def take(
        self,
        wait_seconds: float,
        doing: str,
        stop: asyncio.Event,
        waiting: Callable[[str | None], None],
    ) -> Epoch:
        end = asyncio.get_running_loop().time() + wait_seconds
        told = False
        while (epoch := await self._jobs.acquire(self._name, self._owner)) is None:
            holder = await self._jobs.holder(self._name)
            if asyncio.get_running_loop().time() >= end:
                raise JobTaken(f"{holder or 'another process'} {doing}")
            if not told:
                told = True
                waiting(holder)
            if await passed(stop, min(_POLL_SECONDS, self._seconds / 4)):
                raise Interrupted
        return epoch

    async def renew(self, job: Held, done: asyncio.Event) -> None:
        """Until done, or lost."""
        while not await passed(done, self._seconds / 3):
            # A lease that ends meanwhile shows at the next write, which is fenced.
            with suppress(StoreUnavailable):
                try:
                    await self._jobs.renew(self._name, self._owner, job.epoch)
                except Fenced as error:
                    job.lose(error)
                    return
