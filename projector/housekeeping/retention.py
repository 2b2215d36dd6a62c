"""Retention carried out: what is past goes, and only that. One process does it at a time."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from domain.clocks import Known
from domain.events import Epoch, Generation, Offset, Partition
from domain.hours import HOUR_MS
from domain.ports.common import Clock, Jobs
from domain.ports.log import LogTrimmer
from domain.ports.rebuild import Generations
from domain.ports.retention import Expiry
from domain.retention import ExpiredRows, Leftovers, Removal, horizon, log_cut_ms
from projector.housekeeping.watch import Watch
from projector.job import held

logger = logging.getLogger(__name__)


class Retention:
    """What goes now.

    `trimmer` is None where the log cuts its beginning by itself. `log_needed` says who is about
    to read the log from its beginning, if anybody is. `uptime` is a clock nobody can set.
    """

    def __init__(
        self,
        expiry: Expiry,
        generations: Generations,
        trimmer: LogTrimmer | None,
        log_needed: Callable[[], Awaitable[str | None]],
        clock: Clock,
        days: int,
        uptime: Clock = lambda: 0,
    ) -> None:
        self._expiry = expiry
        self._generations = generations
        self._trimmer = trimmer
        self._log_needed = log_needed
        self._days = days
        self._watch = Watch(expiry, clock, uptime)

    async def preview(self) -> Removal:
        """What `run` would remove; nothing changes."""
        now, known = await self._watch.look()
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
            held=known if known.ahead_ms else None,
        )

    async def run(self, epoch: Epoch) -> Removal:
        """Remove it. Whatever ends it early, the next run goes on."""
        now, known = await self._watch.look()
        # Before anything goes: whoever is next begins with no less than was believed here.
        await self._expiry.remember(epoch, known)
        self._watch.remembered(known)
        await self._expiry.prepare(now)
        dropped = await self._drop_generations(epoch, now)
        oldest = await self._expiry.horizon()
        rows: list[ExpiredRows] = []
        if wanted := horizon(now, self._days):
            # Before anything is dropped: what is half gone is in no report any more.
            oldest = await self._expiry.advance(epoch, wanted)
            async for gone in self._expiry.drop_rows(epoch, oldest):
                logger.info("dropped %s", gone)
                rows.append(gone)
        leftovers = await self._drop_leftovers(epoch, now)
        entries = await self._log(now, trim=True)
        held = known if known.ahead_ms else None
        return Removal(oldest, rows, dropped, leftovers, entries, held=held)

    async def accept(self, epoch: Epoch) -> None:
        """An operator says that the clocks are right."""
        known = Known(await self._watch.now_ms())
        await self._expiry.remember(epoch, known)
        self._watch.remembered(known)

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
            if count := await act(partition, cut_ms, limit):
                entries[partition] = count
                if trim:
                    logger.info("dropped %d log entries of partition %d", count, partition)
        return entries

    async def _limits(self) -> Mapping[Partition, Offset]:
        """Up to where every generation has folded; one without a checkpoint needs all."""
        infos = [info for info in await self._generations.all() if info.state != "dropping"]
        folded = [await self._generations.checkpoints(info.generation) for info in infos]
        return {
            partition: min(
                known[partition].next_offset if partition in known else Offset(0)
                for known in folded
            )
            for partition in sorted(await self._generations.partitions())
        }


async def retain(
    jobs: Jobs, name: str, retention: Retention, owner: str, lease_seconds: float
) -> Removal:
    """Once, under the lease of the job `name`. Raises `JobTaken` when another process is at it."""
    doing = "drops what is past just now: try later"
    async with held(jobs, name, owner, lease_seconds, doing=doing) as job:
        return await retention.run(job.epoch)
