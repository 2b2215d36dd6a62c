"""What is asked of sources reads their rows and sums by the key, and nothing beside."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.units import Range
from rows.tables import dimension_views
from tests.contract.stats.rolled import EVERYTHING_ROLLED
from tests.contract.stats.site import POSTGRES, Counts, Site, cells, in_buckets
from tests.contract.stats.test_plans import AUGUST, EDGES, JULY, YEARS, become_due, plans

ASKED = Range(JULY, Hour(JULY + 240))
ONE = Selection(Kind.SITE, "site-07.example")
BOUND = EVERYTHING._replace(sites=frozenset(["site-07.example", "site-08.example"]))
SOURCES: Counts = {
    (f"site-{number % 40:02}.example", Hour(JULY + month * 31 * 24 + 30), value, 0, Agent.PERSON): 1
    for number in range(40)
    for month in range(-3, 3)
    for value in ("", "news.example", "search.example")
}


@pytest.fixture
def rolled(opened: Site) -> Iterator[Site]:
    """All but what has come in on a day of August."""
    opened.holds({}, EVERYTHING_ROLLED, sources=SOURCES)
    opened.run(become_due(opened))
    yield opened
    opened.holds({})


@pytest.fixture
def hourly(opened: Site) -> Iterator[Site]:
    """Nothing is rolled up."""
    opened.holds({}, sources=SOURCES)
    yield opened
    opened.holds({})


def questions(site: Site, selection: Selection) -> Iterator[str]:
    """How each that needs hourly rows is answered."""
    stats, source = site.stats, selection._replace(source="news.example")
    for asked in (
        stats.ranking(Listing(By.SOURCE, ASKED, selection, trend=EDGES)),
        stats.ranking(Listing(By.SITE, ASKED, source)),
        stats.series(source, [EDGES]),
        stats.hours(source, ASKED),
    ):
        yield plans(site, asked, "dimension_views")


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
@pytest.mark.parametrize("selection", [EVERYTHING, ONE, BOUND], ids=["all", "one", "bound"])
def test_hours_are_looked_for_in_each_site(hourly: Site, selection: Selection) -> None:
    for plan in questions(hourly, selection):
        by_hour = "(generation=? AND dimension=? AND site=? AND view_hour>? AND view_hour<?"
        assert by_hour in plan, plan
        assert "SCAN dimension_views" not in plan, plan


# Of several sites it depends on how much there is.
@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_hours_of_a_site_are_found_by_the_index(hourly: Site) -> None:
    found = r"Index Cond: .*dimension = .*site = .*view_hour >= .*view_hour <= "
    for plan in questions(hourly, ONE):
        assert re.search(found, plan), plan


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("selection", "key"),
    [
        (EVERYTHING, "(generation=? AND dimension=? AND month=?"),
        (ONE, "(generation=? AND dimension=? AND month=? AND site=?"),
        (BOUND, "(generation=? AND dimension=? AND month=? AND site=?"),
        (ONE._replace(source=""), "dimension=? AND month=? AND site=? AND value=?)"),
    ],
    ids=["all", "one", "bound", "source"],
)
def test_sums_of_sources_are_found_by_the_key(rolled: Site, selection: Selection, key: str) -> None:
    days = [Hour(hour) for hour in range(JULY - 2_400, JULY, 24)]
    for asked in (
        rolled.stats.ranking(Listing(By.SOURCE, Range(days[0], days[-1]), selection, trend=days)),
        rolled.stats.series(selection._replace(source=selection.source or ""), [days]),
    ):
        plan = plans(rolled, asked, "dimension_months|dimension_views")
        assert key in plan, plan
        assert "dimension_views" not in plan, plan


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_sums_of_a_site_are_found_by_the_index(rolled: Site) -> None:
    days = [Hour(hour) for hour in range(JULY - 2_400, JULY, 24)]
    asked = rolled.stats.ranking(Listing(By.SOURCE, Range(days[0], days[-1]), ONE))
    plan = plans(rolled, asked, "dimension_months|dimension_views")
    assert re.search(r"Index Cond: .*dimension = .*month = .*site = ", plan), plan
    assert "dimension_views" not in plan, plan


def test_only_days_that_are_not_rolled_up_are_read_by_the_hour(rolled: Site) -> None:
    listing = Listing(By.SOURCE, YEARS, trend=[Hour(YEARS.start), AUGUST, YEARS.end])
    found = rolled.run(rolled.stats.ranking(listing))
    known = cells(rolled, EVERYTHING)
    assert {row.name: list(row.trend) for row in found.rows} == {
        name: in_buckets(known, Selection(Kind.PAGE, name), listing.trend)
        for name in ("", "news.example", "search.example")
    }

    async def lose_what_is_added_up() -> None:
        async with rolled.engine.begin() as connection:
            await connection.execute(
                delete(dimension_views).where(dimension_views.c.view_hour != AUGUST)
            )

    rolled.run(lose_what_is_added_up())
    again = rolled.run(rolled.stats.ranking(listing))
    assert again.rows == found.rows
    assert again.coverage == found.coverage
