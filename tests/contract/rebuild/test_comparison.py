"""Two generations are compared at the same offsets, to the view."""

import asyncio

import pytest

from cli.wiring.process import now_ms
from domain.checkpoint import Checkpoint
from domain.errors import LogUnavailable, Unstorable
from domain.events import Generation, Hour, Partition
from domain.projection import Delta
from projector.fold.runner import Runner
from rows.fold.store import SqlProjectionStore
from tests.contract.rebuild.site import FIRST, HOUR, MONTH_MS, ONE, PAGE, SECOND, TWO, Site, plant
from tests.factories import TEN, event


@pytest.mark.parametrize("side", [FIRST, SECOND])
async def test_a_difference_of_one_view_is_found(site: Site, side: Generation) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await plant(site, side, 1)
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    total = site.expected[PAGE, HOUR]
    (found,) = diff.largest
    assert (diff.differing, found.page, found.hour) == (1, PAGE, HOUR)
    assert (found.old, found.new) == (total + (side == FIRST), total + (side == SECOND))
    assert (await site.comparison.compare(SECOND, site.log, Hour(HOUR + 1))).differing == 0


async def test_views_that_moved_to_another_page_of_the_hour_are_found(site: Site) -> None:
    await site.append(ONE, event("a", count=3), event("b", count=3))
    await site.fold()
    await site.build()
    await plant(site, FIRST, 1, "a")
    await plant(site, FIRST, -1, "b")
    assert await site.differing(SECOND) == 2


async def test_generations_are_compared_at_the_same_offsets(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    # One is ahead on one partition, the other on another, and there is a new one.
    seen = [event(PAGE, TEN), event(PAGE, TEN + 4 * MONTH_MS)]
    again = await site.append(ONE, *seen)
    await site.append(TWO, *seen)
    await site.log.append(ONE, again)
    await site.append(Partition(5), *seen)
    await site.fold(ONE)
    await site.fold(Partition(5))
    runner = Runner(site.log, site.store, flush_seconds=5, batch_size=100)
    end = (await site.log.bounds(TWO)).end
    await runner.run(TWO, site.epoch, asyncio.Event(), generation=SECOND, until=end)
    assert await site.differing(SECOND) == 0
    await plant(site, FIRST, 1)
    assert await site.differing(SECOND) >= 1


class Refusing(SqlProjectionStore):
    """On a database that cannot hold a certain page."""

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        if any(page == "never" for page, _, _ in delta.rows):
            raise Unstorable("no such letters here")
        return await super().apply(checkpoint, delta)


async def test_what_the_database_has_refused_is_no_difference(site: Site) -> None:
    await site.append(ONE)
    await site.fold()
    await site.build()
    site.store = Refusing(site.engine, now_ms)
    await site.append(ONE, event("never"), event(PAGE))
    await site.append(ONE)
    await site.fold(ONE)
    # The one that is behind would set it aside too.
    assert await site.differing(SECOND) == 0
    await site.append(TWO)
    await site.fold(TWO)
    await plant(site, FIRST, 1)
    assert await site.differing(SECOND) == 1


async def test_a_log_that_lost_what_one_has_folded_ends_the_comparison(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(ONE)
    await site.fold()
    del site.log.entries[ONE][-1]
    monkeypatch.setattr("rows.rebuild.ahead._PATIENCE_SECONDS", 0.01)
    with pytest.raises(LogUnavailable):
        await site.differing(SECOND)


async def test_a_row_in_another_slot_of_its_class_is_no_difference(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.execute("UPDATE hourly_views SET shard = shard + 1 WHERE generation = 2")
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    assert not diff.differs
    assert diff.old_rows == diff.new_rows > 0
    assert diff.old_views == diff.new_views == sum(site.expected.values())


@pytest.mark.parametrize("side", [FIRST, SECOND])
async def test_a_row_that_one_side_lacks_is_found(site: Site, side: Generation) -> None:
    await site.append(ONE, event("a", count=3), event("b", count=4))
    await site.fold()
    await site.build()
    await site.execute(f"DELETE FROM hourly_views WHERE generation = {side} AND page = 'b'")
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    (found,) = diff.largest
    assert (diff.differing, found.page) == (1, "b")
    assert (found.old, found.new) == ((0, 4) if side == FIRST else (4, 0))
    assert (diff.old_rows, diff.new_rows) == ((1, 2) if side == FIRST else (2, 1))


async def test_views_of_more_than_31_bits_in_a_row_are_compared_too(site: Site) -> None:
    await site.append(ONE, event("a", count=3), event("b", count=3))
    await site.fold()
    await site.build()
    # The hour's views agree, and so does what a sum of 31 bits would see of each page.
    await plant(site, FIRST, 2**40, "a")
    await plant(site, SECOND, 2**40, "b")
    assert await site.differing(SECOND) == 2
    await plant(site, FIRST, 2**40, "b")
    await plant(site, SECOND, 2**40, "a")
    assert await site.differing(SECOND) == 0


async def test_what_differs_in_many_hours_is_found_piece_by_piece(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    monkeypatch.setattr("rows.rebuild.differing._PIECE_ROWS", 3)
    await site.execute("UPDATE hourly_views SET views = views + 1 WHERE generation = 2")
    assert await site.differing(SECOND) == len(site.expected)


async def test_what_one_side_is_ahead_counts_among_its_views(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(ONE, event("new", count=7))
    await site.fold(ONE)
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    assert diff.old_rows == diff.new_rows + 1
    assert diff.old_views == diff.new_views == sum(site.expected.values())
    assert not diff.differs
