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
