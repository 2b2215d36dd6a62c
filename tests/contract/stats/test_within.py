"""Who may know of some sites has the answers of rows that hold no other, whatever is asked."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agents.classes import Agent
from domain.events import Hour
from domain.keys import Caller, Right
from domain.ports.stats import StatsReader
from domain.retention import NOTHING_PAST
from domain.stats.answers import Ranked
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import EVERYTHING, Kind, Selection, site_of
from domain.stats.units import Range
from read_api.stats.within import within
from rows.stats import named, spans
from rows.stats.reader import SqlStatsReader
from tests.contract.stats.examples import (
    AGENTS,
    EDGE_LISTS,
    HORIZONS,
    LISTINGS,
    OF_SOURCES,
    RANGES,
    ROWS,
    SELECTIONS,
    SITES,
    SOURCE_LISTINGS,
    SOURCES,
)
from tests.contract.stats.rolled import EVERYTHING_ROLLED, NOTHING, ROLLINGS, Rolling
from tests.contract.stats.site import Counts, Site
from tests.contract.stats.test_anything import behind

Ask = Any
"""From a reader to the answers it gives, of what no reader knows of itself."""
THREE: Counts = {
    (f"{site}/{page}", Hour(hour), 0): hour + page + 1
    for site in ("a", "a.b", "b")
    for page in range(3)
    for hour in range(60)
}
ALWAYS = Range(Hour(-100), Hour(100))
FROM: Counts = {("a", 7, "google.com", 0, 1): 3, ("b", 9, "", 1, 0): 4, ("c", 8, "x", 0, 2): 5}
LISTED = st.tuples(LISTINGS, SOURCE_LISTINGS)
ASKED = st.tuples(SELECTIONS, OF_SOURCES)


def bound_to(sites: frozenset[str] | None) -> Caller:
    return Caller("k", frozenset({Right.READ}), sites)


def alike(
    site: Site, rows: Counts, sources: Counts, known: frozenset[str], ask: Ask, **how: Any
) -> None:
    """A caller bound to the sites, of all rows; and whoever asks, of theirs alone."""
    site.holds(rows, sources=sources, **how)
    found = site.run(ask(within(site.stats, bound_to(known))))
    theirs, theirs_from = (
        {key: views for key, views in counts.items() if site_of(key[0]) in known}
        for counts in (rows, sources)
    )
    site.holds(theirs, sources=theirs_from, **how)
    assert found == site.run(ask(within(site.stats, bound_to(None))))


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.structs.asdict(answer)
    del found["standing"]
    return found


async def whole_list(reader: StatsReader, listing: Listing) -> list[dict[str, Any]]:
    """Part by part."""
    found = [await reader.ranking(listing)]
    while found[-1].more:
        last: Ranked = found[-1].rows[-1]
        place = found[-1].rank + len(found[-1].rows) - 1
        after = behind(listing, place, (last.name, last.views, last.before))
        found.append(await reader.ranking(replace(listing, after=after)))
    return list(map(told, found))


@settings(max_examples=15)
@given(
    ROWS,
    SOURCES,
    SITES,
    ROLLINGS,
    HORIZONS,
    ASKED,
    EDGE_LISTS,
    RANGES,
    LISTED,
    AGENTS,
    st.booleans(),
)
@example(
    THREE,
    FROM,
    frozenset({"a", "b"}),
    EVERYTHING_ROLLED,
    NOTHING_PAST,
    (EVERYTHING, Selection(source="google.com")),
    [Hour(-9), Hour(30), Hour(99)],
    ALWAYS,
    (
        Listing(By.SITE, ALWAYS, before=ALWAYS, trend=[Hour(0), Hour(24)]),
        Listing(By.SOURCE, ALWAYS, before=ALWAYS, trend=[Hour(0), Hour(24)]),
    ),
    None,
    False,
)
@example(
    THREE,
    FROM,
    frozenset(),
    NOTHING,
    NOTHING_PAST,
    (EVERYTHING, Selection(source="x")),
    [Hour(-9), Hour(99)],
    ALWAYS,
    (Listing(By.PAGE, ALWAYS), Listing(By.SOURCE, ALWAYS)),
    None,
    False,
)
def test_every_answer_is_that_of_rows_of_these_sites_alone(
    opened: Site,
    rows: Counts,
    sources: Counts,
    known: frozenset[str],
    rolling: Rolling,
    horizon: int,
    selections: tuple[Selection, Selection],
    edges: Sequence[Hour],
    asked: Range,
    listings: tuple[Listing, Listing],
    agent: Agent | None,
    many: bool,
) -> None:
    async def ask(reader: StatsReader) -> list[Any]:
        found: list[Any] = [told(await reader.first()), told(await reader.bounds(agent))]
        for selection in selections:
            found.append(told(await reader.series(selection, [edges, list(asked)])))
            found.append(told(await reader.hours(selection, asked)))
        for listing in listings:
            moved = replace(listing, before=listing.before or asked, order=Order.CHANGE)
            found.append(await whole_list(reader, listing))
            found.append(told(await reader.movers(moved)))
        return [*found, [tuple(row) async for row in reader.rows(selections[0], asked)]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "MOST_SITES", 0 if many else 100)
        alike(opened, rows, sources, known, ask, rolling=rolling, horizon=horizon)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("value", ["b", "b/1", "b/"])
def test_another_site_is_as_one_that_nobody_ever_viewed(site: Site, kind: Kind, value: str) -> None:
    site.holds(THREE, EVERYTHING_ROLLED)
    reader = within(site.stats, bound_to(frozenset({"a"})))
    for asked in (Selection(kind, value), Selection(kind, value, sites=frozenset({"b"}))):
        if kind is Kind.ALL and asked.sites is None:
            continue
        assert site.run(reader.series(asked, [[Hour(0), Hour(99)]])).views == [[0]]
        assert site.run(reader.ranking(Listing(By.PAGE, ALWAYS, asked))).names == 0
        assert not site.run(reader.hours(asked, ALWAYS)).views
    assert site.run(reader.first(frozenset({"b"}))).hour is None
    assert site.run(reader.bounds(None, frozenset({"b"}))).total == 0


def test_sites_are_named_by_the_rules_that_pages_are_counted_by(site: Site) -> None:
    rows = {("a.example/1", Hour(1), 0): 1, ("b.example/1", Hour(0), 0): 2}
    site.holds(rows, EVERYTHING_ROLLED, rules="lower-host")
    for known in ({"A.example"}, {"a.example", "A.EXAMPLE"}, {"a.example", "b.example/1"}):
        reader = within(site.stats, bound_to(frozenset(known)))
        assert site.run(reader.first()).hour == 1
        assert site.run(reader.bounds()).total == 1
        (row,) = site.run(reader.ranking(Listing(By.SITE, ALWAYS))).rows
        assert (row.name, row.views) == ("a.example", 1)
        (views,) = site.run(reader.series(Selection(Kind.SITE, "A.example"), [[*ALWAYS]])).views
        assert views == [1]


@pytest.mark.parametrize("number", [1, 40, 2_000])
def test_however_many_sites_a_caller_knows_it_is_one_statement(
    site: Site, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of months that are alike, by the spans that each has, are as many as there are."""
    rows = {
        (f"site-{n % number}/{n % 7}", Hour(n * 29), 0): 1 for n in range(40)
    } | {("other/1", Hour(5), 0): 9}  # fmt: skip
    known = frozenset(f"site-{n}" for n in range(number))
    site.holds(rows, Rolling(0.5, listed=True, seed=number))
    reader = within(site.stats, bound_to(known))
    listing = Listing(By.PAGE, Range(Hour(-24), Hour(1_200)), before=Range(Hour(-9), Hour(700)))
    for parts in (named._MOST_PARTS, 1):
        monkeypatch.setattr(named, "_MOST_PARTS", parts)
        assert site.run(reader.ranking(listing)).total == 40
        assert site.run(reader.bounds()).total == 40
        assert site.run(reader.first()).hour == 0


def test_who_is_bound_to_nothing_asks_the_rows_themselves(site: Site) -> None:
    assert within(site.stats, bound_to(None)) is site.stats
    assert isinstance(site.stats, SqlStatsReader)
