"""What every store of rows and checkpoints promises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.errors import Fenced, StoreUnavailable
from domain.events import Entry, Epoch, Hour, Offset, Partition
from domain.hours import hour_of
from domain.ports.fold import ProjectionStore
from domain.ports.reports import ReportReader
from domain.positions import Position
from domain.projection import project
from domain.settings import Settings
from rows.engine import open_engine
from rows.opening import open_rows
from tests.factories import HOUR_MS, TEN, entry, event
from tests.fakes import FakeStore

ONE = Partition(1)
HOUR = hour_of(TEN)


class Rows(NamedTuple):
    store: ProjectionStore
    reader: ReportReader


@pytest.fixture
async def rows(backend_or_fake: Settings | None) -> AsyncIterator[Rows]:
    backend = backend_or_fake
    if backend is None:
        fake = FakeStore()
        yield Rows(fake, fake)
        return
    async with open_rows(backend, now_ms) as opened:
        yield Rows(opened.store, opened.reports)


async def views(rows: Rows, page: str = "example.com/page") -> dict[Hour, int]:
    return dict(await rows.reader.hourly(page, Hour(HOUR - 5), Hour(HOUR + 5)))


async def test_a_new_partition_begins_at_offset_zero(rows: Rows) -> None:
    claim = await rows.store.claim(ONE, Epoch(1))
    checkpoint, positions = claim.checkpoint, claim.positions
    assert (checkpoint.next_offset, checkpoint.epoch, dict(positions)) == (0, 1, {})


async def test_rows_and_checkpoint_move_together(rows: Rows) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    delta = project([entry(0, event(count=2), event(at_ms=TEN + HOUR_MS)), entry(1, shard=3)])
    moved = await rows.store.apply(checkpoint, delta)
    assert (moved.next_offset, moved.events, moved.views) == (2, 3, 4)
    assert await views(rows) == {HOUR: 3, HOUR + 1: 1}
    claim = await rows.store.claim(ONE, Epoch(2))
    again, positions = claim.checkpoint, claim.positions
    assert (again.next_offset, again.events, again.views, again.recorded_ms) == (2, 3, 4, TEN)
    assert positions["p1"].sequence == 2


async def test_rows_add_up_over_flushes_and_shards(rows: Rows) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    for offset in range(4):
        delta = project([entry(offset, shard=offset % 2)])
        checkpoint = await rows.store.apply(checkpoint, delta)
    assert await views(rows) == {HOUR: 4}


async def test_the_same_entries_twice_are_refused_and_change_nothing(rows: Rows) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    delta = project([entry(0)])
    await rows.store.apply(checkpoint, delta)
    with pytest.raises(Fenced):
        await rows.store.apply(checkpoint, delta)
    assert await views(rows) == {HOUR: 1}


async def test_an_older_epoch_is_fenced(rows: Rows) -> None:
    old = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    new = (await rows.store.claim(ONE, Epoch(2))).checkpoint
    with pytest.raises(Fenced):
        await rows.store.apply(old, project([entry(0)]))
    with pytest.raises(Fenced):
        await rows.store.claim(ONE, Epoch(1))
    await rows.store.apply(new, project([entry(0)]))
    assert await views(rows) == {HOUR: 1}


async def test_of_two_that_apply_at_once_one_wins(rows: Rows) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    results = await asyncio.gather(
        *(rows.store.apply(checkpoint, project([entry(0)])) for _ in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Checkpoint"] + ["Fenced"] * 3
    assert await views(rows) == {HOUR: 1}


async def test_dead_letters_are_passed_in_the_same_transaction(rows: Rows) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    moved = await rows.store.apply(checkpoint, project([Entry(Offset(0), b"\x00junk"), entry(1)]))
    assert (moved.next_offset, moved.views) == (2, 1)


async def test_what_fails_half_way_has_changed_nothing(
    backend: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rows(backend, now_ms) as opened:
        store = opened.store
        checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint

        async def fail(*_: object) -> None:
            raise StoreUnavailable("killed")

        with monkeypatch.context() as patched:
            patched.setattr(store, "_add", fail)
            with pytest.raises(StoreUnavailable):
                await store.apply(checkpoint, project([Entry(Offset(0), b"junk"), entry(1)]))
        claim = await store.claim(ONE, Epoch(1))
        assert (claim.checkpoint, dict(claim.positions)) == (checkpoint, {})
        await store.apply(checkpoint, project([Entry(Offset(0), b"junk"), entry(1)]))


async def test_pages_of_the_world_are_kept(rows: Rows) -> None:
    page = "例え.jp/ページ?\"\\'%_🙂" + "я" * 900
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    await rows.store.apply(checkpoint, project([entry(0, event(page))]))
    assert await views(rows, page) == {HOUR: 1}


@pytest.mark.parametrize("at_ms", [-62_135_596_800_000, -1, 0, 631_152_000_000, TEN])
async def test_any_year_can_be_counted(rows: Rows, at_ms: int) -> None:
    checkpoint = (await rows.store.claim(ONE, Epoch(1))).checkpoint
    await rows.store.apply(checkpoint, project([entry(0, event(at_ms=at_ms))]))
    hour = hour_of(at_ms)
    found = await rows.reader.hourly("example.com/page", hour, Hour(hour + 1))
    assert dict(found) == {hour: 1}


async def test_a_page_nobody_saw_has_no_hours(rows: Rows) -> None:
    assert await views(rows, "nobody/was/here") == {}


async def test_the_newest_hours_of_time_are_no_error(rows: Rows) -> None:
    far = Hour(-99_999_999)
    assert dict(await rows.reader.hourly("x", far, Hour(far + 24))) == {}


async def test_a_store_that_was_put_back_tells_and_is_folded_on_from_there(
    backend: Settings,
) -> None:
    async with open_rows(backend, now_ms) as opened:
        store = opened.store
        first = await store.apply(
            (await store.claim(ONE, Epoch(1))).checkpoint, project([entry(0), entry(1)])
        )
        assert await store.live_checkpoints() == {ONE: first}
        async with changing(backend) as put_back:
            second = await store.apply(first, project([entry(2)], {"p1": Position(2, Offset(1))}))
            assert await store.live_checkpoints() == {ONE: second}
            await put_back()
        assert await store.live_checkpoints() == {ONE: first}
        with pytest.raises(Fenced):
            await store.apply(second, project([entry(3)]))
        claim = await store.claim(ONE, Epoch(1))
        assert claim.checkpoint == first
        assert await store.apply(first, project([entry(2)], claim.positions)) == second
        assert dict(await opened.reports.hourly("example.com/page", HOUR, Hour(HOUR + 1))) == {
            HOUR: 3
        }


@asynccontextmanager
async def changing(
    backend: Settings,
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """All rows as they are now, to be put back under whoever uses them."""
    engine = open_engine(backend.rows_url)
    names = ("hourly_views", "checkpoints", "producer_positions", "dead_letters")
    async with engine.begin() as connection:
        for name in names:
            await connection.execute(text(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}"))

    async def put_back() -> None:
        async with engine.begin() as connection:
            for name in names:
                await connection.execute(text(f"DELETE FROM {name}"))
                await connection.execute(text(f"INSERT INTO {name} SELECT * FROM kept_{name}"))

    yield put_back
    await engine.dispose()


async def test_checkpoints_are_listed_by_partition(backend: Settings) -> None:
    async with open_rows(backend, now_ms) as opened:
        for partition in (2, 0, 1):
            await opened.store.claim(Partition(partition), Epoch(1))
        assert [c.partition for c in (await opened.facts.facts()).checkpoints] == [0, 1, 2]
