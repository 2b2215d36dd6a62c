"""How complete a checkpoint is: moved with it, or where it stands still, and never back."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.checkpoint import Checkpoint
from domain.errors import Fenced
from domain.events import Epoch, Generation, Partition
from domain.ports.fold import LiveCheckpoints, ProjectionStore, Watermarks
from domain.projection import Delta, project
from domain.settings import Settings
from rows.engine import open_engine
from rows.opening import open_rows
from tests.factories import TEN, entry
from tests.fakes import FakeStore

ONE, TWO = Partition(1), Partition(2)
SECONDS = 20


class Rows(NamedTuple):
    store: ProjectionStore
    watermarks: Watermarks
    live: LiveCheckpoints

    async def claim(self, partition: Partition = ONE, epoch: int = 1) -> Checkpoint:
        return (await self.store.claim(partition, Epoch(epoch))).checkpoint

    async def complete(self, partition: Partition = ONE) -> int:
        return (await self.live.live_checkpoints())[partition].complete_ms


@pytest.fixture
async def rows(backend_or_fake: Settings | None) -> AsyncIterator[Rows]:
    if backend_or_fake is None:
        fake = FakeStore()
        yield Rows(fake, fake, fake)
        return
    async with open_rows(backend_or_fake, now_ms) as opened:
        yield Rows(opened.store, opened.watermarks, opened.store)


def delta(offset: int, complete_ms: int) -> Delta:
    found = project([entry(offset)])
    found.complete_ms = complete_ms
    return found


async def test_a_new_checkpoint_is_complete_up_to_no_moment(rows: Rows) -> None:
    assert (await rows.claim()).complete_ms == 0


async def test_a_flush_moves_it_forward_only(rows: Rows) -> None:
    checkpoint = await rows.claim()
    for offset, (said, expected) in enumerate([(TEN, TEN), (0, TEN), (TEN - 1, TEN)]):
        checkpoint = await rows.store.apply(checkpoint, delta(offset, said))
        assert (checkpoint.complete_ms, await rows.complete()) == (expected, expected)
    await rows.store.apply(checkpoint, delta(3, TEN + 1))
    assert await rows.complete() == TEN + 1


async def test_where_nothing_arrives_it_is_moved_forward_only(rows: Rows) -> None:
    first, second = await rows.claim(ONE), await rows.claim(TWO)
    await rows.watermarks.record({first: TEN, second: TEN + 5})
    await rows.watermarks.record({first: TEN + 2, second: TEN + 4})
    assert (await rows.complete(ONE), await rows.complete(TWO)) == (TEN + 2, TEN + 5)


async def test_the_fold_goes_on_from_a_checkpoint_that_was_recorded_meanwhile(rows: Rows) -> None:
    checkpoint = await rows.claim()
    await rows.watermarks.record({checkpoint: TEN})
    await rows.store.apply(checkpoint, delta(0, TEN - 1))
    assert await rows.complete() == TEN
    stored = (await rows.live.live_checkpoints())[ONE]
    assert stored.stands_as(replace(stored, complete_ms=0))


async def test_what_has_moved_or_is_anothers_is_not_recorded(rows: Rows) -> None:
    before, other = await rows.claim(ONE), await rows.claim(TWO)
    moved = await rows.store.apply(before, delta(0, 0))
    await rows.claim(TWO, epoch=2)
    await rows.watermarks.record({before: TEN, other: TEN})
    assert (await rows.complete(ONE), await rows.complete(TWO)) == (0, 0)
    await rows.watermarks.record({moved: TEN, replace(moved, partition=TWO): TEN})
    assert (await rows.complete(ONE), await rows.complete(TWO)) == (TEN, 0)


async def test_another_owner_goes_on_from_it(rows: Rows) -> None:
    checkpoint = await rows.claim()
    await rows.watermarks.record({checkpoint: TEN})
    assert (await rows.claim(epoch=2)).complete_ms == TEN


async def test_a_flush_that_is_refused_says_nothing(rows: Rows) -> None:
    checkpoint = await rows.claim()
    await rows.claim(epoch=2)
    with pytest.raises(Fenced):
        await rows.store.apply(checkpoint, delta(0, TEN))
    assert await rows.complete() == 0


async def test_another_generation_is_left_alone(backend: Settings) -> None:
    async with open_rows(backend, now_ms) as opened:
        checkpoint = (await opened.store.claim(ONE, Epoch(1))).checkpoint
        other = replace(checkpoint, generation=Generation(7))
        await opened.watermarks.record({other: TEN})
        assert (await opened.store.live_checkpoints())[ONE].complete_ms == 0


async def test_the_moment_is_over(backend: Settings) -> None:
    async with open_rows(backend, now_ms) as opened:
        before = time.time_ns()
        found = await opened.watermarks.now_ms()
        # To the nanosecond: what is confirmed from here on is not before it.
        assert before - 3_000_000 <= found * 1_000_000 < time.time_ns()


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_nobody_is_waited_for(production: Settings) -> None:
    engine = open_engine(production.rows_url)
    async with open_rows(production, now_ms) as opened:
        first = (await opened.store.claim(ONE, Epoch(1))).checkpoint
        second = (await opened.store.claim(TWO, Epoch(1))).checkpoint
        async with engine.begin() as connection:
            await connection.execute(
                text("UPDATE checkpoints SET views = views WHERE partition = 1")
            )
            async with asyncio.timeout(SECONDS):
                await opened.watermarks.record({first: TEN, second: TEN})
        found = await opened.store.live_checkpoints()
        assert (found[ONE].complete_ms, found[TWO].complete_ms) == (0, TEN)
    await engine.dispose()
