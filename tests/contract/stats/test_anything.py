"""Whatever the rows and the question: the answer is what adding up by hand gives."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agents.classes import Agent, agent_of
from domain.events import MAX_VIEWS, Hour
from domain.retention import NOTHING_PAST
from domain.stats.ranking import After, By, Listing, Order
from domain.stats.selection import EVERYTHING, Kind, Selection, site_of
from domain.stats.units import Range
from rows.stats import export
from tests.contract.stats.examples import (
    AGENTS,
    EDGE_LISTS,
    HORIZONS,
    LAST,
    LISTINGS,
    RANGES,
    ROWS,
    SELECTIONS,
)
from tests.contract.stats.rolled import EVERYTHING_ROLLED, NOTHING, ROLLINGS, Rolling
from tests.contract.stats.site import Counts, Site, counts, in_buckets, listed, summed

EXAMPLES = settings(max_examples=40)
MANY: Counts = {
    ("a", Hour(0), 0): MAX_VIEWS,
    ("a", Hour(0), 1): MAX_VIEWS,
    ("a/b", Hour(-1), 0): MAX_VIEWS,
}


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, SELECTIONS, st.lists(EDGE_LISTS, max_size=3))
@example(MANY, NOTHING, -20, Selection(Kind.SITE, "a"), [[-1, 0, 0, 1], [-30, 30]])
@example(
    {("a", -2, 0): 1, ("a", 0, 0): 2}, EVERYTHING_ROLLED, -1, Selection(Kind.PAGE, "a"), [[-9, 9]]
)
@example(
    {("a", LAST, 0): 1},
    EVERYTHING_ROLLED,
    NOTHING_PAST,
    EVERYTHING,
    [[LAST - 1, LAST + 1, LAST + 1]],
)
def test_buckets_are_the_sums_of_their_rows(
    opened: Site,
    rows: Counts,
    rolling: Rolling,
    horizon: int,
    selection: Selection,
    ranges: list[list[Hour]],
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    found = opened.run(opened.stats.series(selection, ranges))
    assert found.views == [in_buckets(opened.rows, selection, edges) for edges in ranges]
    assert found.standing.horizon == horizon


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, SELECTIONS, RANGES)
def test_hours_are_the_sums_of_their_rows(
    opened: Site, rows: Counts, rolling: Rolling, horizon: int, selection: Selection, asked: Range
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    wanted: Counter[int] = Counter()
    for (page, hour, slot), views in opened.rows.items():
        if counts(selection, page, slot) and asked.start <= hour < asked.end:
            wanted[hour] += views
    assert opened.run(opened.stats.hours(selection, asked)).views == wanted


@EXAMPLES
@given(ROWS, ROLLINGS, RANGES)
def test_a_site_is_the_union_of_its_pages(
    opened: Site, rows: Counts, rolling: Rolling, asked: Range
) -> None:
    opened.holds(rows, rolling)
    edges = [asked]
    pages: Counter[str] = Counter()
    for page in {page for page, _, _ in rows}:
        found = opened.run(opened.stats.series(Selection(Kind.PAGE, page), edges))
        pages[site_of(page)] += found.views[0][0]
    sites = {
        site: opened.run(opened.stats.series(Selection(Kind.SITE, site), edges)).views[0][0]
        for site in pages
    }
    assert sites == pages
    assert opened.run(opened.stats.series(EVERYTHING, edges)).views == [[pages.total()]]


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, LISTINGS)
@example(
    {("a", -2, 0): 1, ("a", 0, 0): 2},
    NOTHING,
    -1,
    Listing(By.PAGE, Range(Hour(-9), Hour(9)), trend=[Hour(-9), Hour(9)]),
)
def test_a_list_is_the_sorted_whole_part_by_part(
    opened: Site, rows: Counts, rolling: Rolling, horizon: int, listing: Listing
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    wanted = listed(opened.rows, listing)
    total_before = sum(
        before for *_, before in listed(opened.rows, replace(listing, order=Order.CHANGE))
    )
    place = 0
    while True:
        found = opened.run(opened.stats.ranking(listing))
        part = wanted[place : place + listing.limit]
        assert [(row.name, row.views, row.before) for row in found.rows] == part
        assert (found.rank, found.names) == (place + 1, len(wanted))
        assert found.total == sum(views for _, views, _ in wanted)
        assert found.total_before == total_before
        assert [row.trend for row in found.rows] == trends(opened.rows, listing, part)
        place += len(part)
        assert found.more is (place < len(wanted))
        if not found.more:
            return
        listing = replace(listing, after=behind(listing, place, part[-1]))


@EXAMPLES
@given(ROWS, ROLLINGS, ROWS, LISTINGS)
def test_a_list_goes_on_behind_its_last_row_whatever_comes_in(
    opened: Site, rows: Counts, rolling: Rolling, more: Counts, listing: Listing
) -> None:
    opened.holds(rows, rolling)
    first = opened.run(opened.stats.ranking(listing))
    opened.holds({**more, **rows}, rolling)
    if not first.rows:
        return
    last = first.rows[-1]
    after = behind(listing, len(first.rows), (last.name, last.views, last.before))
    found = opened.run(opened.stats.ranking(replace(listing, after=after)))
    wanted = [
        (name, views, before)
        for name, views, before in listed(opened.rows, listing)
        if (-value(listing, views, before), name) > (-after.value, after.name)
    ]
    part = wanted[: listing.limit]
    assert [(row.name, row.views, row.before) for row in found.rows] == part


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, LISTINGS, RANGES)
def test_movers_are_the_ends_of_the_list_by_change(
    opened: Site, rows: Counts, rolling: Rolling, horizon: int, listing: Listing, before: Range
) -> None:
    listing = replace(listing, before=before, order=Order.CHANGE)
    opened.holds(rows, rolling, horizon=horizon)
    found = opened.run(opened.stats.movers(listing))
    moved = [(name, now, then) for name, now, then in listed(opened.rows, listing) if now != then]
    moved.sort(key=lambda row: (-abs(row[1] - row[2]), row[0]))
    for side, wanted in (
        (found.risers, [row for row in moved if row[1] > row[2]]),
        (found.fallers, [row for row in moved if row[1] < row[2]]),
    ):
        part = wanted[: listing.limit]
        assert [(row.name, row.views, row.before) for row in side] == part
        assert [row.trend for row in side] == trends(opened.rows, listing, part)
    whole = listed(opened.rows, listing)
    assert found.total == sum(now for _, now, _ in whole)
    assert found.total_before == sum(then for _, _, then in whole)


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, SELECTIONS, RANGES, st.integers(1, 9))
def test_an_export_is_all_rows_in_their_order(
    opened: Site,
    rows: Counts,
    rolling: Rolling,
    horizon: int,
    selection: Selection,
    asked: Range,
    chunk: int,
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "CHUNK_ROWS", chunk)
        found = opened.exported(selection, asked)
    wanted: Counter[tuple[str, int]] = Counter()
    for (page, hour, slot), views in opened.rows.items():
        if counts(selection, page, slot) and asked.start <= hour < asked.end:
            wanted[page, hour] += views
    assert found == [(*key, views) for key, views in sorted(wanted.items())]


@EXAMPLES
@given(ROWS, ROLLINGS, HORIZONS, AGENTS)
@example(MANY, Rolling(), 0, None)
def test_bounds_are_those_of_all_that_is_kept(
    opened: Site, rows: Counts, rolling: Rolling, horizon: int, agent: Agent | None
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    found = opened.run(opened.stats.bounds(agent))
    kept = {key: views for key, views in opened.rows.items() if agent in (None, agent_of(key[2]))}
    hours = [hour for _, hour, _ in kept]
    pages = {page for page, _, _ in kept}
    assert (found.first, found.last) == (min(hours, default=None), max(hours, default=None))
    assert (found.pages, found.rows) == (len(pages), len(kept))
    assert found.sites == len({site_of(page) for page in pages})
    assert found.total == sum(kept.values())
    # What is not counted is left out, and the rest is the same.
    ends = opened.run(opened.stats.bounds(agent, counted=False))
    same = replace(found, pages=None, rows=None, standing=ends.standing)
    assert ends == same


def test_a_cursor_of_nobody_s_making_ends_in_no_error(site: Site) -> None:
    site.holds(MANY)
    everything = Listing(By.PAGE, Range(Hour(-9), Hour(LAST + 1)))
    for after in (After(9, 2**70, "a\x00\ud800"), After(9, -(2**70), "\udfff")):
        found = site.run(site.stats.ranking(replace(everything, after=after)))
        assert found.rank == 10
        assert len(found.rows) == (2 if after.value > 0 else 0)


def behind(listing: Listing, rank: int, row: tuple[str, int, int]) -> After:
    return After(rank, value(listing, *row[1:]), row[0])


def value(listing: Listing, views: int, before: int) -> int:
    return {Order.VIEWS: views, Order.CHANGE: views - before, Order.NAME: 0}[listing.order]


def trends(
    rows: Counts, listing: Listing, part: Sequence[tuple[str, int, int]]
) -> list[Sequence[int]]:
    if not listing.trend:
        return [()] * len(part)
    kept = {key: views for key, views in rows.items() if listing.selection.holds(key[0])}
    kind = Kind.PAGE if listing.by is By.PAGE else Kind.SITE
    named = [Selection(kind, name, listing.selection.agent) for name, *_ in part]
    return [in_buckets(kept, selection, listing.trend) for selection in named]


def test_brute_force_is_what_it_says() -> None:
    assert summed(MANY, Selection(Kind.SITE, "a"), Range(Hour(-1), Hour(1))) == 3 * MAX_VIEWS
