"""One partition, read and folded in flushes."""

import asyncio

import pytest

from domain.checkpoint import Checkpoint
from domain.errors import LogWentBackward, UnknownFormat
from domain.events import Epoch, Offset, Partition
from domain.projection import Delta
from projector.fold.runner import Runner
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
