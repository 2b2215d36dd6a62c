"""One partition: read, fold, apply, repeat."""

import asyncio
from time import monotonic

from domain import wire
from domain.checkpoint import Checkpoint
from domain.errors import LogUnavailable, LogWentBackward, Undecodable, UnknownFormat, Unstorable
from domain.events import Entry, Epoch, Generation, Offset, Partition
from domain.ports.fold import ProjectionStore
from domain.ports.log import LogReader, Subscription
from domain.projection import Delta, Fold
from projector.fold.place import Place
from projector.fold.standing import Standing

# How long a stop may go unnoticed while nothing arrives.
_IDLE_SECONDS = 0.25
# For what was read once already.
_AGAIN_SECONDS = 10.0


class Runner:
    """Folds one partition under one epoch until told to stop, then flushes what it holds.

    It flushes after `flush_seconds`, or when it has so many events, rows, or bytes of the log:
    long addresses take memory, however few they are. It may exceed these by the `take_entries`
    that it takes from the log at once.

    Raises `Fenced` when another owner came, `UnknownFormat`, `HistoryTruncated` and
    `LogWentBackward` when the log must not be folded further, `LogUnavailable` and
    `StoreUnavailable` when trying again later may help, `StoreRefused` and `Unstorable` when the
    database has to be seen to. Whatever is raised, `run` can be called again: it begins at the
    stored checkpoint.

    A batch that the database can never hold is set aside as a dead letter: the flush it was in is
    committed in parts until it is found.
    """

    def __init__(
        self,
        reader: LogReader,
        store: ProjectionStore,
        *,
        flush_seconds: float,
        batch_size: int,
        max_rows: int = 1_000_000,
        max_bytes: int = 2_000_000,
        take_entries: int = 50,
    ) -> None:
        self._reader = reader
        self._store = store
        self._flush_seconds = flush_seconds
        self._batch_size = batch_size
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._take_entries = take_entries

    async def run(
        self,
        partition: Partition,
        epoch: Epoch,
        stop: asyncio.Event,
        *,
        generation: Generation | None = None,
        until: Offset | None = None,
        standing: Standing | None = None,
    ) -> Checkpoint:
        """Fold until `stop`, or up to the offset `until`; returns the last checkpoint.

        Into the live generation, or into `generation` while it is built. `standing` is told on
        the way.
        """
        standing = standing or Standing()
        place = Place(self._store, await self._store.claim(partition, epoch, generation))
        if until is not None and place.checkpoint.next_offset >= until:
            return place.checkpoint
        await self._prove_same_log(place.checkpoint)
        try:
            await self._fold(place, stop, until, standing)
        finally:
            standing.at(None)
        return place.checkpoint

    async def _fold(
        self, place: Place, stop: asyncio.Event, until: Offset | None, standing: Standing
    ) -> None:
        checkpoint = place.checkpoint
        async with self._reader.subscribe(
            checkpoint.partition, checkpoint.next_offset
        ) as subscription:
            while not stop.is_set() and (until is None or place.checkpoint.next_offset < until):
                standing.at(place.checkpoint)
                await place.follow()
                fold = place.fold()
                failure = await self._gather(subscription, fold, stop, until, standing)
                if fold.delta.next_offset > place.checkpoint.next_offset:
                    standing.at(None)
                    await self._flush(place, fold.delta, standing)
                    standing.folds()
                if failure is not None:
                    raise failure

    async def _flush(self, place: Place, delta: Delta, standing: Standing) -> None:
        mark = standing.reached(delta.next_offset)
        try:
            await place.apply(delta, mark.moment_ms if mark else 0)
        except Unstorable:
            entries = await self._read_again(place.checkpoint, delta.next_offset)
            await place.sift(entries, delta.next_offset)
        else:
            if mark:
                standing.recorded(mark)

    async def _read_again(self, checkpoint: Checkpoint, end: Offset) -> list[Entry]:
        """What the refused flush was folded from: nobody keeps it for the rare case."""
        found: list[Entry] = []
        partition, start = checkpoint.partition, checkpoint.next_offset
        async with self._reader.subscribe(partition, start) as subscription:
            while not found or found[-1].offset + 1 < end:
                entries = await subscription.take(self._take_entries, _AGAIN_SECONDS)
                if not entries:
                    message = f"partition {partition}: the log does not deliver {start} again"
                    raise LogUnavailable(message)
                found += entries
        return [entry for entry in found if entry.offset < end]

    async def _prove_same_log(self, checkpoint: Checkpoint) -> None:
        """A log made anew that has outgrown the checkpoint has the offset, but not the batch."""
        before = Offset(checkpoint.next_offset - 1)
        if before < 0 or not checkpoint.recorded_ms:
            return
        entry = await self._reader.entry_at(checkpoint.partition, before)
        if entry is None or entry.offset != before:
            return
        try:
            recorded_ms = wire.recorded_ms(entry.body)
        except Undecodable:
            # A dead letter says nothing of when it was recorded.
            return
        # A batch that says 0 has left the moment of the one before it standing.
        if recorded_ms and recorded_ms != checkpoint.recorded_ms:
            message = (
                f"partition {checkpoint.partition}: what stands at offset {before} was recorded at "
                f"{recorded_ms} ms, the last that was folded at {checkpoint.recorded_ms} ms: the "
                "log was replaced by another"
            )
            raise LogWentBackward(message)

    async def _gather(
        self,
        subscription: Subscription,
        fold: Fold,
        stop: asyncio.Event,
        until: Offset | None,
        standing: Standing,
    ) -> UnknownFormat | None:
        deadline, taken_bytes = 0.0, 0
        delta = fold.delta
        while taken_bytes < self._max_bytes and not self._is_full(delta):
            if stop.is_set() or (until is not None and delta.next_offset >= until):
                break
            patience = _IDLE_SECONDS
            if deadline:
                patience = min(patience, deadline - monotonic())
                if patience <= 0:
                    break
            entries = await subscription.take(self._take_entries, patience)
            if entries and not deadline:
                deadline = monotonic() + self._flush_seconds
            elif not deadline:
                standing.folds()
            taken_bytes += sum(len(entry.body) for entry in entries)
            for entry in entries:
                if until is not None and entry.offset >= until:
                    # Offsets may skip: nothing that is wanted lies between.
                    delta.next_offset = until
                    break
                try:
                    fold.add(entry)
                except UnknownFormat as failure:
                    return failure
        return None

    def _is_full(self, delta: Delta) -> bool:
        return delta.events >= self._batch_size or delta.size >= self._max_rows
