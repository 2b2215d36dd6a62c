"""Retention carried out: what is past goes, and only that. One process does it at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from domain.errors import Fenced, FootfallError, JobTaken, StoreUnavailable
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.hours import HOUR_MS, as_text
from domain.ports.common import Clock, Jobs
from domain.ports.log import LogTrimmer
from domain.ports.rebuild import Generations
from domain.ports.retention import Expiry
from domain.retention import ExpiredRows, Leftovers, Removal, horizon, log_cut_ms

logger = logging.getLogger(__name__)


class Retention:
    """What goes now.

    `trimmer` is None where the log cuts its beginning by itself. `log_needed` says who is about
    to read the log from its beginning, if anybody is.
    """

    def __init__(
        self,
        expiry: Expiry,
        generations: Generations,
        trimmer: LogTrimmer | None,
        log_needed: Callable[[], Awaitable[str | None]],
        clock: Clock,
        days: int,
    ) -> None:
        self._expiry = expiry
        self._generations = generations
        self._trimmer = trimmer
        self._log_needed = log_needed
        self._clock = clock
        self._days = days

    async def preview(self) -> Removal:
        """What `run` would remove; nothing changes."""
        now = await self._now_ms()
        oldest = await self._expiry.horizon()
        rows: list[ExpiredRows] = []
        waiting = 0
        if wanted := horizon(now, self._days):
            oldest = max(oldest, wanted)
            rows = [*await self._expiry.expired_rows(oldest)]
            waiting = await self._expiry.waiting_rows(oldest)
        return Removal(
            horizon=oldest,
            rows=rows,
            waiting_rows=waiting,
            generations=await self._expiry.expired_generations(now),
            leftovers=await self._expiry.leftovers(self._letters_before(now)),
            log_entries=await self._log(now, trim=False),
        )

    async def run(self, epoch: Epoch) -> Removal:
        """Remove it. Whatever ends it early, the next run goes on."""
        now = await self._now_ms()
        await self._expiry.prepare(now)
        dropped = await self._drop_generations(epoch, now)
        oldest = await self._expiry.horizon()
        rows: list[ExpiredRows] = []
        if wanted := horizon(now, self._days):
            # Before anything is dropped: what is half gone is in no report any more.
            oldest = await self._expiry.advance(epoch, wanted)
            async for gone in self._expiry.drop_rows(epoch, oldest):
                logger.info("dropped %s", said(gone))
                rows.append(gone)
        leftovers = await self._drop_leftovers(epoch, now)
        entries = await self._log(now, trim=True)
        return Removal(oldest, rows, dropped, leftovers, entries)

    async def _now_ms(self) -> int:
        # What is dropped cannot be brought back: one clock that is ahead must not be enough.
        return min(self._clock(), await self._expiry.now_ms())

    async def _drop_generations(self, epoch: Epoch, now_ms: int) -> list[Generation]:
        dropped = []
        for generation in await self._expiry.expired_generations(now_ms):
            if await self._expiry.retire(epoch, generation, now_ms):
                await self._generations.drop(generation)
                logger.info("dropped generation %d", generation)
                dropped.append(generation)
        return dropped

    async def _drop_leftovers(self, epoch: Epoch, now_ms: int) -> Leftovers:
        gone = await self._expiry.drop_leftovers(epoch, self._letters_before(now_ms))
        if gone.positions or gone.dead_letters:
            logger.info(
                "dropped %d producer positions and %d dead letters",
                gone.positions,
                gone.dead_letters,
            )
        return gone

    def _letters_before(self, now_ms: int) -> int | None:
        return now_ms - self._days * 24 * HOUR_MS if self._days else None

    async def _log(self, now_ms: int, *, trim: bool) -> Mapping[Partition, int]:
        cut_ms = log_cut_ms(now_ms, self._days)
        trimmer = self._trimmer
        if cut_ms is None or trimmer is None or await self._log_needed():
            return {}
        entries = {}
        for partition, limit in (await self._limits()).items():
            act = trimmer.trim if trim else trimmer.excess
            if found := await act(partition, cut_ms, limit):
                entries[partition] = found
                if trim:
                    logger.info("dropped %d log entries of partition %d", found, partition)
        return entries

    async def _limits(self) -> Mapping[Partition, Offset]:
        """Up to where every generation has folded; one without a checkpoint needs all."""
        infos = [info for info in await self._generations.all() if info.state != "dropping"]
        folded = [await self._generations.checkpoints(info.generation) for info in infos]
        return {
            partition: min(
                found[partition].next_offset if partition in found else Offset(0)
                for found in folded
            )
            for partition in sorted(await self._generations.partitions())
        }


class RetentionJob:
    """Retention under the lease of the job `name`."""

    def __init__(
        self, jobs: Jobs, name: str, retention: Retention, owner: str, lease_seconds: float
    ) -> None:
        self._jobs = jobs
        self._name = name
        self._retention = retention
        self._owner = owner
        self._lease_seconds = lease_seconds

    async def run(self) -> Removal:
        """Once. Raises `JobTaken` when another process is at it."""
        epoch = await self._jobs.acquire(self._name, self._owner)
        if epoch is None:
            holder = await self._jobs.holder(self._name)
            raise JobTaken(f"{holder or 'another process'} drops what is past just now: try later")
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(epoch, done))
        try:
            return await self._retention.run(epoch)
        finally:
            done.set()
            await renewing
            # What is not given back is over soon.
            with suppress(FootfallError):
                await self._jobs.release(self._name, self._owner, epoch)

    async def _renew(self, epoch: Epoch, done: asyncio.Event) -> None:
        """Until done. A lease that is lost ends nothing here: the next write is fenced.

        Cancelling a transaction of SQLite would leave the file locked until the garbage collector
        finds its statement.
        """
        with suppress(Fenced):
            while not done.is_set():
                try:
                    async with asyncio.timeout(self._lease_seconds / 3):
                        await done.wait()
                except TimeoutError:
                    with suppress(StoreUnavailable):
                        await self._jobs.renew(self._name, self._owner, epoch)

    async def keep(
        self, first_seconds: float, every_seconds: float, audit: Callable[[], Awaitable[None]]
    ) -> None:
        """Again and again, until cancelled; whoever had the job audits the rows after.

        What goes wrong is logged and tried next time.
        """
        await asyncio.sleep(first_seconds)
        while True:
            try:
                await self.run()
                await audit()
            except JobTaken:
                logger.debug("another process looks for what is past")
            except FootfallError as error:
                logger.warning("what is past stays until the next try: %s", error)
            except Exception:
                # Folding must go on whatever happens here.
                logger.exception("what is past stays until the next try")
            await asyncio.sleep(every_seconds)


def said(rows: ExpiredRows) -> str:
    """Rows, views and hours of a table in words."""
    return (
        f"{rows.rows:,} rows with {rows.views:,} views of generation {rows.generation}, "
        f"{shown(rows.first)} to {shown(rows.last)} ({rows.table})"
    )


def shown(hour: Hour) -> str:
    """The start of an hour."""
    return as_text(hour)
