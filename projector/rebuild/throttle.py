"""A rebuild that leaves room for others."""

import asyncio

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Partition
from domain.moments import Decided
from domain.ports.fold import ProjectionStore
from domain.projection import Claim, Delta


class ThrottledStore(ProjectionStore):
    """Passes on to another store, at most so many events a second over all partitions."""

    def __init__(self, store: ProjectionStore, events_per_second: float) -> None:
        self._store = store
        self._rate = events_per_second
        self._free_at = 0.0

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        return await self._store.claim(partition, epoch, generation)

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + delta.events / self._rate
        moved = await self._store.apply(checkpoint, delta)
        await asyncio.sleep(self._free_at - asyncio.get_running_loop().time())
        return moved

    async def decided(self, checkpoint: Checkpoint) -> Decided:
        return await self._store.decided(checkpoint)
