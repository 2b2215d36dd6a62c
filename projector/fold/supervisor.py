"""A runner for each partition this process owns: start, hand over, restart, drain."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from random import uniform

from domain.backoff import Backoff
from domain.checkpoint import Checkpoint
from domain.errors import (
    Fenced,
    FootfallError,
    HistoryTruncated,
    LogWentBackward,
    Outdated,
    PartitionTrouble,
    StoreRefused,
    StoreUnavailable,
    UnknownFormat,
    Unstorable,
)
from domain.events import Epoch, Generation, Partition
from domain.ownership import Trouble, require_untroubled, trouble_kind
from domain.ports.fold import Leases, LiveCheckpoints
from domain.ports.waits import Waits
from domain.waits import not_committed
from projector.fold.completeness import Completeness
from projector.fold.runner import Runner
from projector.fold.standing import Standing
from projector.waiting import passed, told_if_late

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.1, last=5.0)
_STOPPED_RETRY_SECONDS = 30.0
# What the log says of itself does not change by asking again soon.
_LOG_STOPS = (UnknownFormat, HistoryTruncated, LogWentBackward)
_STOPS = (*_LOG_STOPS, StoreRefused, Unstorable)


class _Running:
    """A partition's runner: `halt` ends a run, which begins again unless it is to `stop`."""

    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self.standing = Standing()
        self.stop = asyncio.Event()
        self.halt = asyncio.Event()
        self.task: asyncio.Task[None]

    def end(self) -> None:
        self.stop.set()
        self.halt.set()


class Supervisor:
    """Owns partitions through leases and keeps their runners going."""

    def __init__(
        self,
        leases: Leases,
        runner: Runner,
        checkpoints: LiveCheckpoints,
        completeness: Completeness,
        waits: Waits,
        *,
        owner: str,
        partitions: int,
        lease_seconds: float,
        late_seconds: float,
    ) -> None:
        """After `late_seconds` without an answer of the database it is told what that waits for."""
        self._leases = leases
        self._runner = runner
        self._checkpoints = checkpoints
        self._completeness = completeness
        self._waits = waits
        self._owner = owner
        self._partitions = partitions
        self._late_seconds = late_seconds
        self._tick_seconds = lease_seconds / 3
        self._running: dict[Partition, _Running] = {}
        self._told: Mapping[Partition, Trouble] = {}
        self._live: Generation | None = None
        self._waits_for: str | None = "it has not asked for partitions yet"
        self._late = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then drains: every runner commits what it has read.

        Raises `Outdated`, the leases given back, once a newer Footfall has migrated the database
        past this one.
        """
        outdated: Outdated | None = None
        leaving = asyncio.Event()
        asking = asyncio.create_task(
            self._completeness.run(self._standings, leaving), name="completeness"
        )
        backoffs = Backoff(_BACKOFF.first, self._tick_seconds)
        backoff = backoffs.first
        try:
            while not stop.is_set() and outdated is None:
                self._late = False
                try:
                    await told_if_late(self._tick(), self._late_seconds, self._tell_late)
                except Outdated as error:
                    outdated, pause = error, 0.0
                # The runners go on whatever happens here, and so does this: until the leases are
                # over nobody else can.
                except Exception as error:  # noqa: BLE001
                    # What it waited for says more than that it has waited for long.
                    if not (self._late and isinstance(error, StoreUnavailable)):
                        self._waits_for = _sentence(error)
                    _log_failure("waiting for the database", error)
                    pause, backoff = backoff, backoffs.next(backoff)
                else:
                    self._waits_for = None
                    pause, backoff = self._tick_seconds, backoffs.first
                await passed(stop, pause)
        finally:
            leaving.set()
            await self._drain(list(self._running))
            await asking
        await self._leave()
        if outdated is not None:
            raise outdated

    async def ready(self) -> None:
        """Raises `PartitionTrouble` unless every partition that this process holds is folded."""
        if self._waits_for is not None:
            raise PartitionTrouble(self._waits_for)
        require_untroubled(self._troubles())

    async def _tell_late(self) -> None:
        late = not_committed(self._late_seconds, await self._waits.look())
        self._waits_for, self._late = late.told, True
        _log_failure("waiting for the database", late)

    async def _tick(self) -> None:
        held = await self._leases.tick(self._owner, self._partitions, draining=False)
        lost = [p for p, r in self._running.items() if r.task.done() or held.get(p) != r.epoch]
        await self._drain(lost)
        taken = [p for p in held if p not in self._running]
        for partition in taken:
            self._start(partition, held[partition])
        if lost or taken:
            logger.info("folding partitions %s", ", ".join(map(str, sorted(held))) or "none")
        await self._compare()
        await self._tell()
        surplus = await self._leases.surplus(self._owner)
        if surplus is not None:
            await self._drain([surplus])
            await self._leases.release(self._owner, surplus)
            logger.info("partition %d handed over", surplus)

    async def _compare(self) -> None:
        """A database that lost commits or was restored is behind what is held here; another
        generation that is live has its own. A flush would meet it, but not where nobody views.
        """
        before = {p: (r, r.standing.checkpoint) for p, r in self._running.items()}
        stored = await self._checkpoints.live_checkpoints()
        self._look_who_is_live(stored.values())
        for partition, (running, held) in before.items():
            # What moved meanwhile is compared by its flush, or next time.
            if held is None or running.standing.checkpoint is not held or running.halt.is_set():
                continue
            there = stored.get(partition)
            if there is None or not there.stands_as(held):
                if self._live in (None, held.generation):
                    logger.warning(
                        "partition %d: the checkpoint in the database is not the one that was left "
                        "there: going on from what it says",
                        partition,
                    )
                running.halt.set()

    def _look_who_is_live(self, stored: Iterable[Checkpoint]) -> None:
        live = next((found.generation for found in stored), self._live)
        if live != self._live is not None:
            logger.info("generation %d is live now", live)
        self._live = live

    def _standings(self) -> dict[Partition, Standing]:
        return {p: self._running[p].standing for p in sorted(self._running)}

    def _troubles(self) -> dict[Partition, Trouble]:
        found = {p: r.standing.trouble for p, r in self._running.items()}
        return {partition: trouble for partition, trouble in found.items() if trouble is not None}

    async def _tell(self) -> None:
        troubles = self._troubles()
        if troubles or self._told:
            await self._leases.tell(self._owner, troubles)
        self._told = troubles

    def _start(self, partition: Partition, epoch: Epoch) -> None:
        running = self._running[partition] = _Running(epoch)
        running.task = asyncio.create_task(
            self._keep(partition, running), name=f"partition {partition}"
        )
        logger.debug("partition %d taken under epoch %d", partition, epoch)

    async def _keep(self, partition: Partition, running: _Running) -> None:
        backoff = _BACKOFF.first
        while not running.stop.is_set():
            running.halt.clear()
            started = asyncio.get_running_loop().time()
            try:
                await self._runner.run(
                    partition, running.epoch, running.halt, standing=running.standing
                )
                continue
            except Fenced as error:
                logger.warning("letting go: %s", error)
                await passed(running.stop, uniform(0, backoff))  # noqa: S311
                if not await self._still_ours(partition, running.epoch):
                    return
                pause = backoff
                if backoff > 2 * _BACKOFF.first:
                    # Fenced again and again, and nobody else has it.
                    running.standing.trouble = Trouble(
                        stopped=False, reason=str(error), kind=trouble_kind(error)
                    )
            # Whatever it is, it is this partition's alone.
            except Exception as error:  # noqa: BLE001
                pause = self._stuck(partition, running.standing, error, backoff)
            if asyncio.get_running_loop().time() - started > _BACKOFF.last:
                backoff = _BACKOFF.first
            await passed(running.stop, pause)
            backoff = _BACKOFF.next(backoff)

    def _stuck(
        self, partition: Partition, standing: Standing, error: Exception, backoff: float
    ) -> float:
        """Remember and say what is wrong; in how many seconds to try again."""
        stopped = isinstance(error, _STOPS)
        standing.trouble = Trouble(stopped, _sentence(error), kind=trouble_kind(error))
        if stopped:
            logger.error("partition %d is stopped: %s", partition, error)
        else:
            _log_failure(f"partition {partition} waits {backoff:.1f} s", error)
        return _STOPPED_RETRY_SECONDS if isinstance(error, _LOG_STOPS) else backoff

    async def _still_ours(self, partition: Partition, epoch: Epoch) -> bool:
        try:
            held = await self._leases.tick(self._owner, self._partitions, draining=True)
        except StoreUnavailable:
            return True
        except Outdated:
            # The next tick says it.
            return False
        return held.get(partition) == epoch

    async def _drain(self, partitions: list[Partition]) -> None:
        leaving = [self._running.pop(p) for p in partitions if p in self._running]
        for running in leaving:
            running.end()
        results = await asyncio.gather(*(r.task for r in leaving), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                # It began again by itself from all that it could foresee.
                _log_failure("a runner ended", result)

    async def _leave(self) -> None:
        try:
            await self._leases.leave(self._owner)
        except StoreUnavailable as error:
            logger.warning("leases are left to expire: %s", error)


def _sentence(error: Exception) -> str:
    # Whoever asks over HTTP is told it; the log of this process has the rest.
    if isinstance(error, FootfallError):
        return error.told
    # Some say nothing but what they are.
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _log_failure(what: str, error: Exception) -> None:
    """What nobody foresaw comes with where it happened."""
    foreseen = isinstance(error, FootfallError)
    logger.log(
        logging.WARNING if foreseen else logging.ERROR,
        "%s: %s",
        what,
        error if foreseen else _sentence(error),
        exc_info=None if foreseen else error,
    )
