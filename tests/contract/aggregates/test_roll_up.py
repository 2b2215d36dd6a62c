"""Days and months are added up, and stay true."""

import pytest

from domain.hours import HOUR_MS, parse_instant
from tests.contract.aggregates.rolling import assert_true, roll_up, rolled_days
from tests.contract.rebuild.site import DAY_MS, ONE, PAGE, Site
from tests.factories import TEN, event

LATER = TEN + 400 * DAY_MS


async def test_days_that_are_over_are_added_up(site: Site) -> None:
    await site.fill()
    await site.fold()
    done = await roll_up(site.engine, LATER)
    assert done.days == 3
    assert done.months == 3
    await assert_true(site.engine)
    assert len(await rolled_days(site.engine)) == 3


async def test_what_comes_late_is_due_again(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    await site.append(ONE, event(PAGE, TEN + HOUR_MS), event("late.org", TEN - DAY_MS))
    await site.fold()
    assert len(await rolled_days(site.engine)) == 2
    await assert_true(site.engine)
    done = await roll_up(site.engine, LATER)
    assert (done.days, done.months) == (2, 1)
    assert len(await rolled_days(site.engine)) == 4
    await assert_true(site.engine)


async def test_nothing_is_done_twice(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    assert not await roll_up(site.engine, LATER)


async def test_a_day_that_is_not_over_waits(site: Site) -> None:
    await site.fill()
    await site.fold()
    done = await roll_up(site.engine, TEN + 3 * HOUR_MS)
    assert not done.days
    await assert_true(site.engine)


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:30Z",
        "1969-12-31T23:30Z",
        "1970-01-01T00:30Z",
        "2024-02-29T23:59Z",
    ],
)
async def test_any_day_there_is(site: Site, moment: str) -> None:
    at_ms = parse_instant(moment)
    await site.append(ONE, event(PAGE, at_ms), event(PAGE, at_ms + 2 * HOUR_MS, count=2))
    await site.fold()
    assert (await roll_up(site.engine, LATER)).days
    assert await rolled_days(site.engine)
    await assert_true(site.engine)
