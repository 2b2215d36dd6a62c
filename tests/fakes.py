"""The ports in memory: small enough to be right at a glance."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from math import ceil
from typing import Self

from msgspec.structs import replace

from domain import wire
from domain.agents.classes import Agent, agent_of
from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Bounds, Checkpoint
from domain.counting import RowKey
from domain.dimensions import DimensionKey, Values
from domain.errors import Fenced, HistoryTruncated, LogWentBackward, Undecodable
from domain.events import Entry, Epoch, Generation, Hour, Offset, Partition
from domain.guarding import GuardedRun, Pages
from domain.ownership import Ownership, Trouble
from domain.ports.common import Clock, Jobs
from domain.ports.fold import Leases, LiveCheckpoints, ProjectionStore, Watermarks
from domain.ports.log import LogReader, LogWriter, Subscription
from domain.ports.receipts import Receipts
from domain.ports.reports import ReportReader
from domain.ports.waits import Waits
from domain.positions import Position
from domain.projection import Claim, DeadLetter, Delta
from domain.receipts import Receipt
from domain.reports import HourlyViews, Watermark
from domain.stats.selection import Kind, Selection
from domain.version import VERSION
from domain.waits import Wait


class FakeWaits(Waits):
    """A database that waits for a standby whenever it is asked."""

    async def look(self) -> Wait:
        return Wait(
            "every commit waits for a synchronous standby", ": synchronous_standby_names is gone"
        )


class FakeReceipts(Receipts):
    """All is folded once it was asked about `looks` times; `asked` counts them."""

    def __init__(self, looks: int = 1) -> None:
        self.looks = looks
        self.asked = 0
        self.look = asyncio.Event()

    async def folded(self, receipt: Receipt) -> bool:
        self.asked += 1
        self.look.set()
        return self.asked >= self.looks


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

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        for offset, body in enumerate(self.entries[partition]):
            if offset >= self.firsts[partition] and _recorded_ms(body) >= recorded_ms:
                return Offset(offset)
        return Offset(len(self.entries[partition]))

    def delete_before(self, partition: Partition, offset: int) -> None:
        """As retention does; the offsets of what stays do not change."""
        self.firsts[partition] = offset

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def _recorded_ms(body: bytes) -> int:
    try:
        return wire.recorded_ms(body)
    except Undecodable:
        return 0


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


class FakeStore(ProjectionStore, LiveCheckpoints, Watermarks, ReportReader):
    """Rows and checkpoints in dictionaries; `now` is its clock."""

    def __init__(self, classes: Classes = UNCLASSED) -> None:
        self.classes = classes
        self.rows: dict[RowKey, int] = defaultdict(int)
        self.dimensions: dict[DimensionKey, int] = defaultdict(int)
        self._pages: dict[Partition, Pages] = defaultdict(Pages)
        self._values: dict[Partition, Values] = defaultdict(Values)
        self.stored: dict[Partition, Checkpoint] = {}
        self.positions: dict[Partition, dict[str, Position]] = defaultdict(dict)
        self.dead_letters: list[DeadLetter] = []
        self.horizon = Hour(-20_000_000)
        self.now = 1_000
        self.complete_ms = 0

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        fresh = Checkpoint(Generation(1), partition, Offset(0), Epoch(0))
        found = self.stored.get(partition, fresh)
        if found.epoch > epoch:
            raise Fenced(f"partition {partition}")
        self.stored[partition] = replace(found, epoch=epoch)
        positions = dict(self.positions[partition])
        return Claim(self.stored[partition], positions, classes=self.classes)

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        stored = self.stored[checkpoint.partition]
        expected = (checkpoint.next_offset, checkpoint.epoch)
        if (stored.next_offset, stored.epoch) != expected:
            raise Fenced(f"partition {checkpoint.partition}")
        guarded = self._named(checkpoint.partition, delta.guarded)
        for key, views in (*delta.rows.items(), *guarded.items()):
            self.rows[key] += views
        values = self._values[checkpoint.partition]
        for place, views in values.admit(delta.dimensions).items():
            self.dimensions[place] += views
        self.positions[checkpoint.partition].update(delta.positions)
        self.dead_letters += delta.dead_letters
        self.stored[checkpoint.partition] = replace(
            stored,
            next_offset=delta.next_offset,
            events=stored.events + delta.events,
            views=stored.views + delta.views,
            recorded_ms=delta.recorded_ms or stored.recorded_ms,
            duplicates=stored.duplicates + delta.duplicates,
            forks=stored.forks + delta.forks,
            jumps=stored.jumps + delta.jumps,
            complete_ms=max(stored.complete_ms, delta.complete_ms),
        )
        return self.stored[checkpoint.partition]

    def _named(self, partition: Partition, runs: Sequence[GuardedRun]) -> Mapping[RowKey, int]:
        pages = self._pages[partition]
        pages.learn(pages.unknown(runs), {})
        pages.learn_new(pages.uncounted(runs), {})
        return pages.named(runs)[0]

    async def live_checkpoints(self) -> Mapping[Partition, Checkpoint]:
        return dict(self.stored)

    async def now_ms(self) -> int:
        return self.now

    async def record(self, moments: Mapping[Checkpoint, int]) -> None:
        for checkpoint, moment_ms in moments.items():
            stored = self.stored[checkpoint.partition]
            if stored.stands_as(checkpoint):
                complete_ms = max(stored.complete_ms, moment_ms)
                self.stored[checkpoint.partition] = replace(stored, complete_ms=complete_ms)
        least = min((found.complete_ms for found in self.stored.values()), default=0)
        self.complete_ms = max(self.complete_ms, least)

    async def checkpoints(self) -> Sequence[Checkpoint]:
        return sorted(self.stored.values(), key=lambda found: found.partition)

    async def hourly(
        self,
        page: str,
        first: Hour,
        end: Hour,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
    ) -> HourlyViews:
        found: dict[Hour, int] = defaultdict(int)
        asked = Selection(Kind.PAGE, page, sites=sites)
        for (row_page, hour, slot), views in self.rows.items():
            if asked.holds(row_page) and first <= hour < end and agent in (None, agent_of(slot)):
                found[hour] += views
        watermark = Watermark(Generation(1), self.complete_ms, self.now)
        return HourlyViews(found, self.horizon, watermark)

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def monotonic_ms() -> int:
    """Real time, for tests that let leases run out."""
    return time.monotonic_ns() // 1_000_000


def over(expires_ms: int, now_ms: int) -> bool:
    """Has a lease run out, or was it written while the clock was ahead?"""
    return not now_ms <= expires_ms <= now_ms + 1_200_000


class Held:
    """A partition or a job, and who has it under which epoch."""

    def __init__(self) -> None:
        self.owner: str | None = None
        self.epoch = Epoch(0)
        self.expires_ms = 0

    def take(self, owner: str, expires_ms: int) -> Epoch:
        self.owner, self.epoch, self.expires_ms = owner, Epoch(self.epoch + 1), expires_ms
        return self.epoch

    def give_back(self) -> None:
        self.owner, self.expires_ms = None, 0

    def free(self, now_ms: int) -> bool:
        return self.owner is None or over(self.expires_ms, now_ms)


class FakeLeases(Leases):
    """Leases in dictionaries; `failures` are raised by the next ticks, in turn."""

    def __init__(self, lease_ms: int = 60_000, now_ms: Clock = monotonic_ms) -> None:
        self._lease_ms = lease_ms
        self._now_ms = now_ms
        self.held: dict[Partition, Held] = defaultdict(Held)
        self._version: str | None = VERSION
        self.projectors: dict[str, int] = {}
        self.versions: dict[str, str | None] = {}
        # Partition and epoch of who has claimed a checkpoint; and since when one was seen without.
        self.claimed: set[tuple[Partition, Epoch]] = set()
        self._unused: dict[tuple[Partition, Epoch], int] = {}
        # Those with a checkpoint: they are drained although the number of today is smaller.
        self.folded: set[Partition] = set()
        self.failures: list[Exception] = []
        self.troubles: dict[Partition, tuple[str, Trouble]] = {}
        self.told: list[str] = []

    def with_lease(self, lease_ms: int, version: str | None = VERSION) -> Self:
        """The same leases, as a process that is configured otherwise takes them."""
        found = copy(self)
        found._lease_ms, found._version, found._unused = lease_ms, version, {}
        return found

    async def tick(self, owner: str, partitions: int, draining: bool) -> Mapping[Partition, Epoch]:
        if self.failures:
            raise self.failures.pop(0)
        now = self._now_ms()
        await self.enter(partitions)
        self._sign_in(owner, now)
        mine = self._of(owner)
        for partition, found in mine.items():
            found.expires_ms = now + self._lease_ms
            self._go_past(partition)
        if not draining:
            able = sum(map(self._can_fold, self.projectors))
            missing = ceil(len(self.held) / max(1, able)) - len(mine)
            free = [p for p in sorted(self.held) if self.held[p].free(now)]
            for partition in free[: max(0, missing)]:
                self._go_past(partition)
                self.held[partition].take(owner, now + self._lease_ms)
            self._relieve(owner, now)
        return {partition: found.epoch for partition, found in self._of(owner).items()}

    def _go_past(self, partition: Partition) -> None:
        newest = max((e for p, e in self.claimed if p == partition), default=0)
        if newest > self.held[partition].epoch:
            self.held[partition].epoch = Epoch(newest + 1)

    async def tell(self, owner: str, troubles: Mapping[Partition, Trouble]) -> None:
        self.told.append(owner)
        said = {p: t for p, (name, t) in self.troubles.items() if name == owner}
        for partition in [*said]:
            del self.troubles[partition]
        for partition, trouble in troubles.items():
            since = said[partition].since_ms if partition in said else self._now_ms()
            self.troubles[partition] = owner, replace(trouble, since_ms=since)

    async def surplus(self, owner: str) -> Partition | None:
        now = self._now_ms()
        live = [
            n for n, until in self.projectors.items() if not over(until, now) and self._can_fold(n)
        ]
        counts = {name: len(self._of(name)) for name in live}
        mine = self._of(owner)
        if not counts or len(mine) - min(counts.values()) < 2:
            return None
        richest = max(counts, key=lambda name: (counts[name], name))
        return max(mine) if owner == richest else None

    async def release(self, owner: str, partition: Partition) -> None:
        if partition in self._of(owner):
            self.held[partition].give_back()

    async def leave(self, owner: str) -> None:
        for found in self._of(owner).values():
            found.give_back()
        self.projectors.pop(owner, None)
        await self.tell(owner, {})

    async def enter(self, partitions: int) -> None:
        for partition in {*map(Partition, range(partitions)), *self.folded}:
            self.held[partition]

    async def ownership(self) -> Ownership:
        now = self._now_ms()
        owners = {
            p: None if self.held[p].free(now) else self.held[p].owner for p in sorted(self.held)
        }
        troubles = {p: t for p, (o, t) in sorted(self.troubles.items()) if owners.get(p) == o}
        live = sorted(o for o, until in self.projectors.items() if not over(until, now))
        versions = {owner: self.versions.get(owner) for owner in live}
        return Ownership(owners, live, versions, troubles)

    def _sign_in(self, owner: str, now: int) -> None:
        self.projectors[owner] = now + self._lease_ms
        self.versions[owner] = self._version
        for name in [n for n, until in self.projectors.items() if n != owner and over(until, now)]:
            del self.projectors[name]

    def _can_fold(self, owner: str) -> bool:
        claimed = any((p, found.epoch) in self.claimed for p, found in self._of(owner).items())
        return claimed or self.versions.get(owner) is not None

    def _relieve(self, owner: str, now: int) -> None:
        unused = [
            (p, found.epoch)
            for p, found in self.held.items()
            if found.owner not in {None, owner}
            and self.versions.get(found.owner or "") is None
            and (p, found.epoch) not in self.claimed
        ]
        self._unused = {key: self._unused.get(key, now) for key in unused}
        for (partition, _), since in self._unused.items():
            if now - since >= self._lease_ms // 2:
                self.held[partition].take(owner, now + self._lease_ms)

    def _of(self, owner: str) -> dict[Partition, Held]:
        return {p: found for p, found in self.held.items() if found.owner == owner}


class FakeJobs(Jobs):
    """Jobs in a dictionary."""

    def __init__(self, lease_ms: int = 60_000, now_ms: Clock = monotonic_ms) -> None:
        self._lease_ms = lease_ms
        self._now_ms = now_ms
        self.held: dict[str, Held] = defaultdict(Held)

    def with_lease(self, lease_ms: int) -> Self:
        """The same jobs, as a process that is configured otherwise takes them."""
        found = copy(self)
        found._lease_ms = lease_ms
        return found

    async def acquire(self, name: str, owner: str) -> Epoch | None:
        now = self._now_ms()
        job = self.held[name]
        return job.take(owner, now + self._lease_ms) if job.free(now) else None

    async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
        job = self.held[name]
        if job.epoch != epoch:
            raise Fenced(f"{name}: another process has taken this over")
        if job.owner == owner:
            job.expires_ms = self._now_ms() + self._lease_ms

    async def release(self, name: str, owner: str, epoch: Epoch) -> None:
        job = self.held[name]
        if (job.owner, job.epoch) == (owner, epoch):
            job.give_back()

    async def holder(self, name: str) -> str | None:
        job = self.held[name]
        return None if job.free(self._now_ms()) else job.owner
