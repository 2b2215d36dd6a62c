"""One partition: read, fold, apply, repeat."""

import asyncio
from time import monotonic

from domain.checkpoint import Checkpoint
from domain.errors import UnknownFormat
from domain.events import Epoch, Partition
from domain.ports import LogReader, ProjectionStore, Subscription
from domain.projection import Fold, Position

# How long a stop may go unnoticed while nothing arrives.
_IDLE_SECONDS = 0.25
_TAKE_ENTRIES = 16


class Runner:
    """Folds one partition under one epoch until told to stop, then flushes what it holds.

    Raises `Fenced` when another owner came, `UnknownFormat`, `HistoryTruncated` and
    `LogWentBackward` when the log must not be folded further, `LogUnavailable` and
    `StoreUnavailable` when trying again later may help. Whatever is raised, `run` can be called
    again: it begins at the stored checkpoint.
    """

    def __init__(
        self,
        reader: LogReader,
        store: ProjectionStore,
        *,
        flush_seconds: float,
        batch_size: int,
    ) -> None:
        self._reader = reader
        self._store = store
        self._flush_seconds = flush_seconds
        self._batch_size = batch_size

    async def run(self, partition: Partition, epoch: Epoch, stop: asyncio.Event) -> Checkpoint:
        """Fold until `stop`; returns the last checkpoint."""
        checkpoint, known = await self._store.claim(partition, epoch)
        positions = dict(known)
        async with self._reader.subscribe(partition, checkpoint.next_offset) as subscription:
            while not stop.is_set():
                checkpoint = await self._flush_once(subscription, checkpoint, positions, stop)
        return checkpoint

    async def _flush_once(
        self,
        subscription: Subscription,
        checkpoint: Checkpoint,
        positions: dict[str, Position],
        stop: asyncio.Event,
    ) -> Checkpoint:
        fold = Fold(positions)
        failure = await self._gather(subscription, fold, stop)
        if fold.delta.entries:
            checkpoint = await self._store.apply(checkpoint, fold.delta)
            positions.update(fold.delta.positions)
        if failure is not None:
            raise failure
        return checkpoint

    async def _gather(
        self, subscription: Subscription, fold: Fold, stop: asyncio.Event
    ) -> UnknownFormat | None:
        deadline = 0.0
        while fold.delta.events < self._batch_size and not stop.is_set():
            patience = _IDLE_SECONDS
            if deadline:
                patience = min(patience, deadline - monotonic())
                if patience <= 0:
                    break
            entries = await subscription.take(_TAKE_ENTRIES, patience)
            if entries and not deadline:
                deadline = monotonic() + self._flush_seconds
            for entry in entries:
                try:
                    fold.add(entry)
                except UnknownFormat as failure:
                    return failure
        return None
