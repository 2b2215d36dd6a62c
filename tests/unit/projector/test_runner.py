"""One partition, read and folded in flushes."""

import asyncio

import pytest

from domain.checkpoint import Checkpoint
from domain.errors import LogWentBackward, StoreUnavailable, UnknownFormat, Unstorable
from domain.events import MAX_VIEWS, Epoch, Generation, Offset, Partition
from domain.projection import Delta
from projector.fold.runner import Runner
from projector.fold.standing import Standing
from tests.factories import TEN, entry, event
from tests.fakes import FakeLog, FakeStore

ONE = Partition(1)
NEWER = b'[99,"p9",1,0,0,["what this means nobody knows yet"]]'


async def filled(*bodies: bytes) -> FakeLog:
    log = FakeLog()
    for body in bodies:
        await log.append(ONE, body)
    return log


async def test_a_newer_format_stops_the_partition_in_front_of_it() -> None:
    log = await filled(entry(0).body, entry(1).body, NEWER, entry(3).body)
    store = FakeStore()
    runner = Runner(log, store, flush_seconds=5, batch_size=1_000)
    for _ in range(2):
        with pytest.raises(UnknownFormat, match="upgrade"):
            await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(4))
        assert store.stored[ONE].next_offset == 2
        assert store.stored[ONE].views == 2
        assert not store.dead_letters


async def test_nothing_beyond_the_offset_that_is_wanted_is_folded() -> None:
    log = await filled(*(entry(number).body for number in range(5)))
    store = FakeStore()
    runner = Runner(log, store, flush_seconds=5, batch_size=1_000)
    found = await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(3))
    assert (found.next_offset, found.views) == (3, 3)
    again = await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(2))
    assert again.next_offset == 3


class Picky(FakeStore):
    """Can hold no page that begins with one of `never`, and nothing at all while it is `broken`."""

    def __init__(self, *never: str) -> None:
        super().__init__()
        self.never = never
        self.broken = False
        self.applied = 0

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        if self.broken or any(page.startswith(self.never) for page, _, _ in delta.rows):
            raise Unstorable("no such letters here")
        self.applied += 1
        return await super().apply(checkpoint, delta)


@pytest.mark.parametrize("bad", [[0], [7], [19], [3, 4], [0, 9, 10, 19], [*range(20)]])
async def test_what_can_never_be_stored_is_found_in_its_flush_and_set_aside(bad: list[int]) -> None:
    bodies = [entry(n, event("bad" if n in bad else "good")).body for n in range(20)]
    store = Picky("bad")
    runner = Runner(await filled(*bodies), store, flush_seconds=5, batch_size=1_000)
    found = await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(20))
    assert (found.next_offset, found.views) == (20, 20 - len(bad))
    assert [letter.offset for letter in store.dead_letters] == bad
    assert {letter.reason for letter in store.dead_letters} == {"no such letters here"}
    assert [letter.body for letter in store.dead_letters] == [bodies[n] for n in bad]
    # In parts, not one by one.
    assert store.applied <= max(20, 1 + 5 * len(bad))
    # It goes on from there, and knows the log by what was set aside.
    again = await runner.run(ONE, Epoch(2), asyncio.Event(), until=Offset(20))
    assert again.next_offset == 20


async def test_each_flush_that_sets_something_aside_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stray = (b"[7]", b"no\nbatch", b"[1]")
    log = await filled(entry(0).body, *stray, entry(4).body)
    store = FakeStore()
    runner = Runner(log, store, flush_seconds=5, batch_size=1_000)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(5))
    (said,) = caplog.records
    reason = store.dead_letters[0].reason
    assert said.levelname == "WARNING"
    assert said.getMessage() == (
        f"partition 1: dead letters (3) were set aside, the first at offset 1: {reason}"
    )
    # What is whole is not spoken of, what cannot be stored is.
    caplog.clear()
    await log.append(ONE, entry(5).body)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(6))
    assert not caplog.records
    bad = await filled(entry(0, event("/bad")).body, entry(1, event("good")).body)
    picky = Runner(bad, Picky("/"), flush_seconds=5, batch_size=1_000)
    await picky.run(ONE, Epoch(1), asyncio.Event(), until=Offset(2))
    assert [found.getMessage() for found in caplog.records] == [
        "partition 1: dead letters (1) were set aside, the first at offset 0: no such letters here"
    ]


async def test_a_flush_that_is_not_committed_speaks_of_no_dead_letters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Away(FakeStore):
        async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
            raise StoreUnavailable("refused")

    runner = Runner(await filled(b"[7]"), Away(), flush_seconds=5, batch_size=1_000)
    with pytest.raises(StoreUnavailable):
        await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(1))
    assert not caplog.records


async def test_what_is_set_aside_for_its_total_is_not_taken_for_another_log() -> None:
    log = await filled(*(entry(n, at_ms=TEN + n).body for n in range(3)))
    store = FakeStore()
    store.stored[ONE] = Checkpoint(Generation(1), ONE, Offset(0), Epoch(1), views=MAX_VIEWS - 2)
    runner = Runner(log, store, flush_seconds=5, batch_size=1_000)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(3))
    assert [letter.offset for letter in store.dead_letters] == [2]
    await log.append(ONE, entry(3, at_ms=TEN + 3).body)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(4))
    assert [letter.offset for letter in store.dead_letters] == [2, 3]


async def test_a_batch_that_says_it_was_recorded_at_0_is_not_taken_for_another_log() -> None:
    log = await filled(entry(0).body, entry(1, event(at_ms=0), at_ms=0).body)
    store = FakeStore()
    runner = Runner(log, store, flush_seconds=5, batch_size=1_000)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(2))
    await log.append(ONE, entry(2).body)
    found = await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(3))
    assert found.views == 3


async def test_a_database_that_refuses_everything_makes_no_dead_letters() -> None:
    store = Picky()
    store.broken = True
    runner = Runner(
        await filled(*(entry(n).body for n in range(5))), store, flush_seconds=5, batch_size=1_000
    )
    with pytest.raises(Unstorable):
        await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(5))
    assert not store.dead_letters
    assert store.stored[ONE].next_offset == 0
    store.broken = False
    assert (await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(5))).views == 5


async def test_what_it_holds_is_told_but_while_it_is_moved() -> None:
    seen: list[Checkpoint | None] = []
    standing = Standing()

    class Watching(FakeStore):
        async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
            seen.append(standing.checkpoint)
            return await super().apply(checkpoint, delta)

    store, stop = Watching(), asyncio.Event()
    log = await filled(entry(0).body)
    runner = Runner(log, store, flush_seconds=0.01, batch_size=1_000)
    running = asyncio.create_task(runner.run(ONE, Epoch(1), stop, standing=standing))
    async with asyncio.timeout(20):
        while standing.checkpoint is None or not standing.checkpoint.next_offset:
            await asyncio.sleep(0.005)
    assert standing.checkpoint == store.stored[ONE]
    stop.set()
    await running
    assert seen == [None]
    assert standing.checkpoint is None


class Counting(FakeStore):
    """Remembers how many entries each flush held."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes: list[int] = []

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        self.flushes.append(delta.entries)
        return await super().apply(checkpoint, delta)


async def test_long_addresses_are_flushed_before_they_fill_the_memory() -> None:
    long = [entry(n, *(event("x" * 1_000 + str(i)) for i in range(30))).body for n in range(120)]
    store = Counting()
    runner = Runner(
        await filled(*long), store, flush_seconds=60, batch_size=20_000, max_bytes=1_000_000
    )
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(120))
    assert store.flushes == [50, 50, 20]


@pytest.mark.parametrize("of", [{}, {"new_pages": 9}, {"sources": ["a", "b"], "new_pages": 9}])
async def test_rows_of_every_kind_are_flushed_before_they_fill_the_memory(
    of: dict[str, object],
) -> None:
    each = 4 if "sources" in of else 2
    sites = [
        entry(n, event(f"a{n}.example/"), event(f"b{n}.example/"), **of).body for n in range(120)
    ]
    store = Counting()
    runner = Runner(
        await filled(*sites), store, flush_seconds=60, batch_size=20_000, max_rows=each * 50
    )
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(120))
    assert store.flushes == [50, 50, 20]


async def test_a_log_made_anew_that_has_outgrown_the_checkpoint_is_refused() -> None:
    store = FakeStore()
    first = await filled(*(entry(n, at_ms=TEN).body for n in range(3)))
    runner = Runner(first, store, flush_seconds=5, batch_size=1_000)
    await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(3))
    another = await filled(*(entry(n, at_ms=TEN + 1).body for n in range(5)))
    runner = Runner(another, store, flush_seconds=5, batch_size=1_000)
    with pytest.raises(LogWentBackward, match="replaced"):
        await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(5))
    assert store.stored[ONE].views == 3
