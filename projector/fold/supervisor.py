"""A runner for each partition this process owns: start, hand over, restart, drain."""

import asyncio
import logging
from random import uniform

from msgspec import Struct

from domain.backoff import Backoff
from domain.errors import (
    Fenced,
    HistoryTruncated,
    LogUnavailable,
    LogWentBackward,
    Outdated,
    StoreUnavailable,
    UnknownFormat,
)
from domain.events import Epoch, Partition
from domain.ports.fold import Leases
from projector.fold.runner import Runner
from projector.waiting import passed

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.1, last=5.0)
_STOPPED_RETRY_SECONDS = 30.0


class _Running(Struct):
    epoch: Epoch
    stop: asyncio.Event
    task: asyncio.Task[None]


class Supervisor:
    """Owns partitions through leases and keeps their runners going."""

    def __init__(
        self, leases: Leases, runner: Runner, *, owner: str, partitions: int, lease_seconds: float
    ) -> None:
        self._leases = leases
        self._runner = runner
        self._owner = owner
        self._partitions = partitions
        self._tick_seconds = lease_seconds / 3
        self._running: dict[Partition, _Running] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then drains: every runner commits what it has read.

        Raises `Outdated`, the leases given back, once a newer Footfall has migrated the database
        past this one.
        """
        outdated: Outdated | None = None
        backoffs = Backoff(_BACKOFF.first, self._tick_seconds)
        backoff = backoffs.first
        try:
            while not stop.is_set() and outdated is None:
                try:
                    await self._tick()
                    pause, backoff = self._tick_seconds, backoffs.first
                except Outdated as error:
                    outdated, pause = error, 0
                except StoreUnavailable as error:
                    logger.warning("waiting for the database: %s", error)
                    pause, backoff = backoff, backoffs.next(backoff)
                await passed(stop, pause)
        finally:
            await self._drain(list(self._running))
        await self._leave()
        if outdated is not None:
            raise outdated

    async def _tick(self) -> None:
        held = await self._leases.tick(self._owner, self._partitions, draining=False)
        # A runner that ended by itself was fenced, or failed in a way nobody foresaw: draining
        # it raises what it raised.
        lost = [p for p, r in self._running.items() if r.task.done() or held.get(p) != r.epoch]
        await self._drain(lost)
        taken = [p for p in held if p not in self._running]
        for partition in taken:
            self._start(partition, held[partition])
        if lost or taken:
            logger.info("folding partitions %s", ", ".join(map(str, sorted(held))) or "none")
        surplus = await self._leases.surplus(self._owner)
        if surplus is not None:
            await self._drain([surplus])
            await self._leases.release(self._owner, surplus)
            logger.info("partition %d handed over", surplus)

    def _start(self, partition: Partition, epoch: Epoch) -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(
            self._keep(partition, epoch, stop), name=f"partition {partition}"
        )
        self._running[partition] = _Running(epoch, stop, task)
        logger.debug("partition %d taken under epoch %d", partition, epoch)

    async def _keep(self, partition: Partition, epoch: Epoch, stop: asyncio.Event) -> None:
        backoff = _BACKOFF.first
        while not stop.is_set():
            started = asyncio.get_running_loop().time()
            try:
                await self._runner.run(partition, epoch, stop)
            except Fenced as error:
                logger.warning("letting go: %s", error)
                await passed(stop, uniform(0, backoff))  # noqa: S311
                if not await self._still_ours(partition, epoch):
                    return
                pause = backoff
            except (LogUnavailable, StoreUnavailable) as error:
                logger.warning("partition %d waits %.1f s: %s", partition, backoff, error)
                pause = backoff
            except (UnknownFormat, HistoryTruncated, LogWentBackward) as error:
                logger.error("partition %d is stopped: %s", partition, error)
                pause = _STOPPED_RETRY_SECONDS
            else:
                return
            if asyncio.get_running_loop().time() - started > _BACKOFF.last:
                backoff = _BACKOFF.first
            await passed(stop, pause)
            backoff = _BACKOFF.next(backoff)

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
            running.stop.set()
        results = await asyncio.gather(*(r.task for r in leaving), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _leave(self) -> None:
        try:
            await self._leases.leave(self._owner)
        except StoreUnavailable as error:
            logger.warning("leases are left to expire: %s", error)
