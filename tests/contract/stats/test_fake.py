"""The rows in memory answer as the databases do, so what is shown on them holds on these."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Hour
from domain.ports.stats import StatsReader
from domain.stats.ranking import After, Listing
from domain.stats.selection import Selection
from domain.stats.units import Range
from tests.contract.stats.examples import (
    EDGE_LISTS,
    HORIZONS,
    LISTINGS,
    PAGES,
    RANGES,
    ROWS,
    SELECTIONS,
)
from tests.contract.stats.site import Counts, Site
from tests.fakes_stats import FakeStats

AFTERS = st.none() | st.builds(After, st.integers(1, 9), st.integers(-9, 9), PAGES)


def both(opened: Site, rows: Counts, horizon: int) -> FakeStats:
    """The same in the database and in memory."""
    opened.holds(rows, horizon=horizon)
    summed: Counter[tuple[Hour, str]] = Counter()
    for (page, hour, _), views in rows.items():
        summed[hour, page] += views
    return FakeStats(summed, Hour(horizon), complete_ms=0)


def plain(answer: Any) -> Any:
    """What is told of the rows; each has a clock of its own."""
    found = msgspec.json.decode(msgspec.json.encode(answer))
    found["standing"] |= {"now_ms": None, "folded": None}
    return found


@settings(max_examples=40)
@given(ROWS, HORIZONS, SELECTIONS, RANGES, st.lists(EDGE_LISTS, max_size=3))
def test_views_are_the_same(
    opened: Site,
    rows: Counts,
    horizon: int,
    selection: Selection,
    asked: Range,
    ranges: list[list[Hour]],
) -> None:
    fake = both(opened, rows, horizon)
    readers: list[StatsReader] = [opened.stats, fake]
    series, same = (plain(opened.run(one.series(selection, ranges))) for one in readers)
    assert series == same
    hours, same = (plain(opened.run(one.hours(selection, asked))) for one in readers)
    assert hours == same

    async def taken() -> list[tuple[str, int, int]]:
        return [(row.page, row.hour, row.views) async for row in fake.rows(selection, asked)]

    assert opened.exported(selection, asked) == opened.run(taken())


@settings(max_examples=60)
@given(ROWS, HORIZONS, LISTINGS, AFTERS)
def test_lists_are_the_same(
    opened: Site, rows: Counts, horizon: int, listing: Listing, after: After | None
) -> None:
    fake = both(opened, rows, horizon)
    listing = msgspec.structs.replace(listing, after=after)
    found = opened.run(opened.stats.ranking(listing))
    assert plain(found) == plain(opened.run(fake.ranking(listing)))
    if listing.before:
        movers = opened.run(opened.stats.movers(listing))
        assert plain(movers) == plain(opened.run(fake.movers(listing)))
