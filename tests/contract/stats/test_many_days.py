"""Days that are more than a statement may have values."""

from sqlalchemy import insert

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING
from domain.stats.units import Range
from rows.tables import rolled_months
from tests.contract.stats.rolled import EVERYTHING_ROLLED
from tests.contract.stats.site import ONE, Counts, Site, in_buckets, listed

ROWS: Counts = {("a/", Hour(0), 0): 1, ("b/", Hour(24), 0): 2}
SOURCES: Counts = {("a", Hour(0), "x", 0, Agent.PERSON): 4}
# From the year 1800 on.
EARLY = range(-170 * 12, 0)
ALL = Range(Hour(-170 * 366 * 24), Hour(480))


def test_days_of_more_than_a_century_that_are_rolled_up_are_read(site: Site) -> None:
    site.holds(ROWS, EVERYTHING_ROLLED, sources=SOURCES)

    async def early() -> None:
        async with site.engine.begin() as connection:
            months = [
                {"generation": ONE, "month": month, "rolled": 2**28 - 1, "whole": False}
                | {"due": 0, "building": 0}
                for month in EARLY
            ]
            await connection.execute(insert(rolled_months), months)

    site.run(early())
    edges = [ALL.start, Hour(0), ALL.end]
    found = site.run(site.stats.series(EVERYTHING, [edges]))
    assert found.views == [in_buckets(site.rows, EVERYTHING, edges)]
    for by in (By.PAGE, By.SITE):
        listing = Listing(by, ALL, before=Range(Hour(ALL.start - 48), ALL.start))
        ranking = site.run(site.stats.ranking(listing))
        rows = [(row.name, row.views, row.before) for row in ranking.rows]
        assert rows == listed(site.rows, listing)
    of_sources = site.run(site.stats.ranking(Listing(By.SOURCE, ALL)))
    assert [(row.name, row.views) for row in of_sources.rows] == [("x", 4)]
    assert site.run(site.stats.bounds(None)).total == 7
