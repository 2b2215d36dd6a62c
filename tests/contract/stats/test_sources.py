"""Sources: whatever the rows and the question, the answer is what adding up by hand gives."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agents.classes import Agent
from domain.errors import NotJoined
from domain.events import MAX_VIEWS, Hour
from domain.retention import NOTHING_PAST
from domain.stats.answers import Coverage
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.units import Range
from tests.contract.stats.examples import (
    EDGE_LISTS,
    HORIZONS,
    OF_SOURCES,
    RANGES,
    ROWS,
    SOURCE_LISTINGS,
    SOURCES,
)
from tests.contract.stats.rolled import EVERYTHING_ROLLED, NOTHING, ROLLINGS, Rolling
from tests.contract.stats.site import DAY, Counts, Site, cells, counts, in_buckets, listed
from tests.contract.stats.test_anything import behind

EXAMPLES = settings(max_examples=40)
UNKNOWN, PERSON = Agent.UNKNOWN, Agent.PERSON
# Whole months of these are added up too, but not by source.
YEARS = Range(Hour(-9_000), Hour(9_000))
MANY: Counts = {
    ("a", Hour(0), "x", 0, UNKNOWN): MAX_VIEWS,
    ("a", Hour(0), "x", 1, UNKNOWN): MAX_VIEWS,
    ("a", Hour(0), "x", 1, PERSON): 3,
    ("a", Hour(-1), "", 0, UNKNOWN): MAX_VIEWS,
    ("b", Hour(-1), "x", 0, UNKNOWN): 1,
}


@EXAMPLES
@given(SOURCES, ROLLINGS, HORIZONS, OF_SOURCES, st.lists(EDGE_LISTS, max_size=3), RANGES)
@example(MANY, NOTHING, -20, Selection(Kind.SITE, "a", source="x"), [[-1, 0, 0, 1]], DAY)
@example(MANY, EVERYTHING_ROLLED, NOTHING_PAST, Selection(source=""), [[-24, 0, 24], YEARS], DAY)
def test_views_of_a_source_are_the_sums_of_its_rows(
    opened: Site,
    sources: Counts,
    rolling: Rolling,
    horizon: int,
    selection: Selection,
    ranges: list[list[Hour]],
    asked: Range,
) -> None:
    opened.holds({}, rolling, horizon=horizon, sources=sources)
    found = opened.run(opened.stats.series(selection, ranges))
    known = cells(opened, selection)
    assert found.views == [in_buckets(known, EVERYTHING, edges) for edges in ranges]
    hours: Counter[int] = Counter()
    for (_, hour, _), views in known.items():
        if asked.start <= hour < asked.end:
            hours[hour] += views
    assert opened.run(opened.stats.hours(selection, asked)).views == hours


@EXAMPLES
@given(SOURCES, ROWS, ROLLINGS, HORIZONS, SOURCE_LISTINGS)
@example(
    MANY,
    {},
    EVERYTHING_ROLLED,
    NOTHING_PAST,
    Listing(By.SOURCE, DAY, before=Range(Hour(-24), Hour(0)), trend=[Hour(-24), Hour(0), Hour(24)]),
)
@example(MANY, {}, EVERYTHING_ROLLED, NOTHING_PAST, Listing(By.SOURCE, YEARS, trend=YEARS))
def test_a_list_of_sources_is_the_sorted_whole_part_by_part(
    opened: Site, sources: Counts, rows: Counts, rolling: Rolling, horizon: int, listing: Listing
) -> None:
    opened.holds(rows, rolling, horizon=horizon, sources=sources)
    known = cells(opened, listing.selection, listing.by)
    plain = replace(listing, by=By.PAGE, selection=EVERYTHING)
    wanted = listed(known, plain)
    place = 0
    while True:
        found = opened.run(opened.stats.ranking(listing))
        part = wanted[place : place + listing.limit]
        assert [(row.name, row.views, row.before) for row in found.rows] == part
        assert (found.rank, found.names) == (place + 1, len(wanted))
        assert found.total == sum(views for _, views, _ in wanted)
        everything = listed(known, replace(plain, order=Order.CHANGE))
        assert found.total_before == sum(before for *_, before in everything)
        for row in found.rows:
            named = Selection(Kind.PAGE, row.name)
            edges = listing.trend
            assert list(row.trend) == in_buckets(known, named, edges)
        assert found.coverage == (coverage(opened, listing) if listing.by is By.SOURCE else None)
        place += len(part)
        assert found.more is (place < len(wanted))
        if not found.more:
            return
        listing = replace(listing, after=behind(listing, place, part[-1]))


@EXAMPLES
@given(SOURCES, ROLLINGS, HORIZONS, SOURCE_LISTINGS, RANGES)
def test_sources_that_moved_are_the_ends_of_the_list_by_change(
    opened: Site,
    sources: Counts,
    rolling: Rolling,
    horizon: int,
    listing: Listing,
    before: Range,
) -> None:
    listing = replace(listing, before=before, order=Order.CHANGE)
    opened.holds({}, rolling, horizon=horizon, sources=sources)
    found = opened.run(opened.stats.movers(listing))
    known = cells(opened, listing.selection, listing.by)
    whole = listed(known, replace(listing, by=By.PAGE, selection=EVERYTHING))
    moved = sorted(whole, key=lambda row: (-abs(row[1] - row[2]), row[0]))
    for side, wanted in (
        (found.risers, [row for row in moved if row[1] > row[2]]),
        (found.fallers, [row for row in moved if row[1] < row[2]]),
    ):
        assert [(row.name, row.views, row.before) for row in side] == wanted[: listing.limit]
    assert found.total == sum(now for _, now, _ in whole)
    assert found.total_before == sum(then for *_, then in whole)


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.PREFIX])
def test_pages_by_their_sources_are_refused(site: Site, kind: Kind) -> None:
    stats, pages = site.stats, Selection(kind, "a/b")
    whole, one = Selection(Kind.SITE, "a", source="x"), pages._replace(source="x")
    for asked, member in (
        (stats.series(one, [DAY]), "source"),
        (stats.hours(one, DAY), "source"),
        (stats.ranking(Listing(By.SOURCE, DAY, pages)), kind.value),
        (stats.movers(Listing(By.SOURCE, DAY, pages, DAY)), kind.value),
        (stats.ranking(Listing(By.SITE, DAY, one)), "source"),
        (stats.ranking(Listing(By.PAGE, DAY, whole)), "source"),
        (stats.movers(Listing(By.PAGE, DAY, whole, DAY)), "source"),
    ):
        with pytest.raises(NotJoined) as refused:
            site.run(asked)
        assert refused.value.member == member
        assert [problem.pointer for problem in refused.value.problems] == [member]
    with pytest.raises(NotJoined):
        site.exported(whole, DAY)


def coverage(site: Site, listing: Listing) -> Coverage:
    """Of views of pages how many have a source."""
    whole, asked = listing.selection._replace(source=None), listing.asked
    pages = {key: views for key, views in site.rows.items() if counts(whole, key[0], key[2])}
    known = cells(site, whole)
    return Coverage(*(sum(in_buckets(rows, EVERYTHING, asked)) for rows in (known, pages)))


def test_brute_force_is_what_it_says(site: Site) -> None:
    site.holds({}, sources=MANY)
    assert dict(cells(site, Selection(Kind.SITE, "a", UNKNOWN))) == {
        ("x", 0, 0): 2 * MAX_VIEWS,
        ("", -1, 0): MAX_VIEWS,
    }
    assert [*pairwise(DAY)] == [(0, 24)]
