"""The rows in memory answer as the databases do, so what is shown on them holds on these."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agents.classes import Agent, agent_of
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
    SITES,
    SOURCE_LISTINGS,
    SOURCES,
)
from tests.contract.stats.rolled import NO_COUNTS
from tests.contract.stats.site import Counts, Site, with_pages
from tests.fakes_stats import FakeStats

AFTERS = st.none() | st.builds(After, st.integers(1, 9), st.integers(-9, 9), PAGES)


def both(opened: Site, rows: Counts, horizon: int, sources: Counts = NO_COUNTS) -> FakeStats:
    """The same in the database and in memory."""
    opened.holds(rows, horizon=horizon, sources=sources)
    known: Counter[tuple[Hour, str, Agent]] = Counter()
    for (page, hour, slot), views in with_pages(rows, sources).items():
        known[hour, page, agent_of(slot)] += views
    from_: Counter[tuple[Hour, str, str, Agent]] = Counter()
    for (site, hour, source, _, agent), views in sources.items():
        from_[hour, site, source, agent] += views
    return FakeStats(known=known, horizon=Hour(horizon), complete_ms=0, sources=from_)


def plain(answer: Any) -> Any:
    """What is told of the rows; each has a clock of its own."""
    found = msgspec.json.decode(msgspec.json.encode(answer))
    found["standing"] |= {"now_ms": None, "folded": None}
    return found


@settings(max_examples=40)
@given(ROWS, HORIZONS, SELECTIONS, RANGES, st.lists(EDGE_LISTS, max_size=3), st.none() | SITES)
def test_views_are_the_same(
    opened: Site,
    rows: Counts,
    horizon: int,
    selection: Selection,
    asked: Range,
    ranges: list[list[Hour]],
    known: frozenset[str] | None,
) -> None:
    fake = both(opened, rows, horizon)
    selection = selection.within(known)
    readers: list[StatsReader] = [opened.stats, fake]
    first, same = (plain(opened.run(one.first(known))) for one in readers)
    assert first == same
    bounds, same = (plain(opened.run(one.bounds(selection.agent, known))) for one in readers)
    # In memory one row is all that lie in the database for a page and an hour.
    assert bounds | {"rows": 0} == same | {"rows": 0}
    ends, same = (
        plain(opened.run(one.bounds(selection.agent, known, counted=False))) for one in readers
    )
    assert ends == same
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


@settings(max_examples=40)
@given(SOURCES, HORIZONS, SOURCE_LISTINGS, AFTERS)
def test_sources_are_the_same(
    opened: Site, sources: Counts, horizon: int, listing: Listing, after: After | None
) -> None:
    fake = both(opened, {}, horizon, sources)
    selection = listing.selection
    listing = msgspec.structs.replace(listing, after=after)
    found = opened.run(opened.stats.ranking(listing))
    assert plain(found) == plain(opened.run(fake.ranking(listing)))
    if selection.source is not None:
        series, same = (
            plain(opened.run(one.series(selection, [listing.asked])))
            for one in (opened.stats, fake)
        )
        assert series == same
