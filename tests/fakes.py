"""The ports in memory: small enough to be right at a glance."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from domain.checkpoint import Bounds, Checkpoint
from domain.errors import Fenced, HistoryTruncated, LogWentBackward
from domain.events import Entry, Epoch, Generation, Hour, Offset, Partition
from domain.ports.fold import ProjectionStore
from domain.ports.log import LogReader, LogWriter, Subscription
from domain.ports.reports import ReportReader
from domain.projection import Claim, DeadLetter, Delta, Position, RowKey
from domain.reports import HourlyViews


class FakeLog(LogWriter, LogReader):
    """A log in a dictionary; `failures` are raised by the next appends, in turn."""

    def __init__(self) -> None:
        self.entries: dict[Partition, list[bytes]] = defaultdict(list)
        self.firsts: dict[Partition, int] = defaultdict(int)
        self.at_once = 1_000
        self.failures: list[Exception] = []
        self.grown = asyncio.Condition()

    async def append(self, partition: Partition, body: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.entries[partition].append(body)
        async with self.grown:
            self.grown.notify_all()

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        bounds = await self.bounds(partition)
        if offset > bounds.end:
            raise LogWentBackward(f"ends at {bounds.end}")
        if offset < bounds.first:
            raise HistoryTruncated(f"begins at {bounds.first}")
        yield _FakeSubscription(self, partition, offset)

    async def bounds(self, partition: Partition) -> Bounds:
        return Bounds(Offset(self.firsts[partition]), Offset(len(self.entries[partition])))

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        bodies = self.entries[partition]
        offset = Offset(max(offset, self.firsts[partition]))
        return Entry(offset, bodies[offset]) if offset < len(bodies) else None

    def delete_before(self, partition: Partition, offset: int) -> None:
        """As retention does; the offsets of what stays do not change."""
        self.firsts[partition] = offset

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class _FakeSubscription(Subscription):
    def __init__(self, log: FakeLog, partition: Partition, offset: Offset) -> None:
        self._log = log
        self._partition = partition
        self._next = offset

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        bodies = self._log.entries[self._partition]
        limit = min(limit, self._log.at_once)
        try:
            async with asyncio.timeout(timeout_seconds), self._log.grown:
                await self._log.grown.wait_for(lambda: len(bodies) > self._next)
        except TimeoutError:
            return []
        start = self._next
        found = [Entry(Offset(start + i), b) for i, b in enumerate(bodies[start : start + limit])]
        self._next = Offset(start + len(found))
        return found


class FakeStore(ProjectionStore, ReportReader):
    """Rows and checkpoints in dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[RowKey, int] = defaultdict(int)
        self.stored: dict[Partition, Checkpoint] = {}
        self.positions: dict[Partition, dict[str, Position]] = defaultdict(dict)
        self.dead_letters: list[DeadLetter] = []
        self.horizon = Hour(-20_000_000)

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        fresh = Checkpoint(Generation(1), partition, Offset(0), Epoch(0))
        found = self.stored.get(partition, fresh)
        if found.epoch > epoch:
            raise Fenced(f"partition {partition}")
        self.stored[partition] = replace(found, epoch=epoch)
        return Claim(self.stored[partition], dict(self.positions[partition]))

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        stored = self.stored[checkpoint.partition]
        expected = (checkpoint.next_offset, checkpoint.epoch)
        if (stored.next_offset, stored.epoch) != expected:
            raise Fenced(f"partition {checkpoint.partition}")
        for key, views in delta.rows.items():
            self.rows[key] += views
        self.positions[checkpoint.partition].update(delta.positions)
        self.dead_letters += delta.dead_letters
        self.stored[checkpoint.partition] = replace(
            stored,
            next_offset=delta.next_offset,
            events=stored.events + delta.events,
            views=stored.views + delta.views,
            recorded_ms=delta.recorded_ms or stored.recorded_ms,
        )
        return self.stored[checkpoint.partition]

    async def checkpoints(self) -> Sequence[Checkpoint]:
        return sorted(self.stored.values(), key=lambda found: found.partition)

    async def hourly(self, page: str, first: Hour, end: Hour) -> HourlyViews:
        found: dict[Hour, int] = defaultdict(int)
        for (row_page, hour, _), views in self.rows.items():
            if row_page == page and first <= hour < end:
                found[hour] += views
        return HourlyViews(found, self.horizon)

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
