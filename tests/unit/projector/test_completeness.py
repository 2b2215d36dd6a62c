"""Up to which moment partitions are folded: asked, reached, recorded, on fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from domain.checkpoint import Bounds, Checkpoint
from domain.errors import LogUnavailable, StoreUnavailable
from domain.events import Epoch, Offset, Partition
from domain.projection import Delta
from projector.fold.completeness import Completeness
from projector.fold.runner import Runner
from projector.fold.standing import Mark, Standing
from projector.waiting import unless_set
from tests.factories import entry
from tests.fakes import FakeLog, FakeStore

ONE, TWO = Partition(1), Partition(2)
SECONDS = 20
A_MOMENT = 5_000


class Log(FakeLog):
    """Says what it was asked for; `meanwhile` happens before each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Partition] = []
        self.away: set[Partition] = set()
        self.meanwhile: Callable[[], None] = lambda: None

    async def bounds(self, partition: Partition) -> Bounds:
        self.asked.append(partition)
        if partition in self.away:
            raise LogUnavailable("away")
        self.meanwhile()
        return await super().bounds(partition)


class Site:
    """A log, rows, and two partitions that are claimed."""

    def __init__(self) -> None:
        self.log = Log()
        self.store = FakeStore()
        self.store.now = A_MOMENT
        self.standings: dict[Partition, Standing] = {ONE: Standing(), TWO: Standing()}
        self.found = Completeness(self.log, self.store, round_seconds=0.01, pause_seconds=0.0)
        self.stop = asyncio.Event()

    async def claim(self, *partitions: Partition) -> None:
        for partition in partitions or (ONE, TWO):
            claim = await self.store.claim(partition, Epoch(1))
            self.standings[partition].at(claim.checkpoint)

    async def fold(self, partition: Partition, until: int) -> None:
        """By a runner that tells the same standing, and goes then."""
        runner = Runner(self.log, self.store, flush_seconds=0, batch_size=1)
        await runner.run(
            partition,
            Epoch(1),
            self.stop,
            until=Offset(until),
            standing=self.standings[partition],
        )

    def complete(self) -> list[int]:
        return [self.store.stored[p].complete_ms for p in (ONE, TWO)]

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.found.run(lambda: self.standings, self.stop))
        try:
            yield
        finally:
            self.stop.set()
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


async def test_an_idle_partition_is_complete_up_to_the_moment_it_was_asked_for() -> None:
    site = Site()
    await site.claim()
    async with site.asking():
        await until(lambda: site.complete() == [A_MOMENT] * 2)
        site.store.now += 700
        await until(lambda: site.complete() == [A_MOMENT + 700] * 2)


async def test_what_is_appended_while_the_end_is_asked_for_waits_for_no_mark() -> None:
    site = Site()
    await site.claim()
    # Confirmed after the clock was asked: it belongs to a later moment, and may be folded late.
    site.log.meanwhile = lambda: site.log.entries[ONE].append(entry(0).body)
    async with site.asking():
        await until(lambda: site.complete()[1] == A_MOMENT and len(site.log.asked) > 4)
        assert site.complete()[0] == 0


class Written(FakeStore):
    """Remembers each moment that was recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[int] = []

    async def record(self, moments: Mapping[Checkpoint, int]) -> None:
        self.moments += moments.values()
        await super().record(moments)


async def test_the_clock_is_asked_before_the_end() -> None:
    site = Site()
    store = Written()
    site.store, store.now = store, A_MOMENT
    site.found = Completeness(site.log, store, round_seconds=0.01, pause_seconds=0.0)
    await site.claim()

    def tick() -> None:
        store.now += 1

    site.log.meanwhile = tick
    async with site.asking():
        await until(lambda: len(store.moments) >= 2)
    # The second was asked for when the clock had gone on already.
    assert store.moments[:2] == [A_MOMENT, A_MOMENT]


async def test_a_mark_that_is_not_reached_is_kept_and_the_flush_that_passes_it_records_it() -> None:
    site = Site()
    for number in range(4):
        await site.log.append(ONE, entry(number).body)
    await site.claim()
    async with site.asking():
        await until(lambda: site.standings[ONE].mark is not None)
        site.store.now += 700
        await site.log.append(ONE, entry(4).body)
        await until(lambda: site.complete()[1] == A_MOMENT + 700)
        assert site.standings[ONE].mark == Mark(A_MOMENT, Offset(4))
        site.stop.set()
    site.stop = asyncio.Event()
    await site.fold(ONE, 3)
    assert site.complete()[0] == 0
    await site.fold(ONE, 4)
    assert site.complete()[0] == A_MOMENT
    assert site.standings[ONE].mark is None


async def test_a_partition_that_was_folded_by_another_meanwhile_is_not_recorded() -> None:
    site = Site()
    await site.claim()
    await site.store.claim(ONE, Epoch(2))
    async with site.asking():
        await until(lambda: site.complete()[1] == A_MOMENT)
    assert site.complete()[0] == 0


async def test_a_partition_whose_end_is_not_known_holds_no_other_back() -> None:
    site = Site()
    await site.claim()
    site.log.away = {ONE}
    async with site.asking():
        await until(lambda: site.complete() == [0, A_MOMENT])
        site.log.away = set()
        await until(lambda: site.complete() == [A_MOMENT] * 2)


class Away(FakeStore):
    """Raises the next of `failures` when asked for the time."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = [*failures]

    async def now_ms(self) -> int:
        if self.failures:
            raise self.failures.pop()
        return await super().now_ms()


async def test_whatever_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    store = Away(StoreUnavailable("away"), RuntimeError("never seen before"))
    site.store = store
    site.found = Completeness(site.log, store, round_seconds=0.01, pause_seconds=0.0)
    await site.claim()
    async with site.asking():
        await until(lambda: site.complete() == [store.now] * 2)
    assert "never seen before" in caplog.text


async def test_a_log_that_does_not_answer_does_not_hold_up_the_end() -> None:
    event = asyncio.Event()
    began = asyncio.Event()
    ended = []

    async def never() -> int:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return 1

    task = asyncio.create_task(unless_set(event, never()))
    await began.wait()
    event.set()
    assert await asyncio.wait_for(task, SECONDS) is None
    assert ended == [True]


class Refusing(FakeStore):
    """A flush fails once."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = [StoreUnavailable("away")]

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        if self.failures:
            raise self.failures.pop()
        return await super().apply(checkpoint, delta)


async def test_a_flush_that_fails_leaves_the_mark() -> None:
    site = Site()
    site.store = Refusing()
    await site.log.append(ONE, entry(0).body)
    mark = Mark(A_MOMENT, Offset(1))
    site.standings[ONE].mark = mark
    with pytest.raises(StoreUnavailable):
        await site.fold(ONE, 1)
    assert site.standings[ONE].mark is mark
    await site.fold(ONE, 1)
    stored: Mapping[Partition, Checkpoint] = site.store.stored
    assert stored[ONE].complete_ms == A_MOMENT
