"""Sums are taken where they are true, and nowhere else."""

import pytest
from sqlalchemy import delete

from domain.events import Hour
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.units import Range
from rows.tables import hourly_views
from tests.contract.stats.rolled import EVERYTHING_ROLLED, Rolling
from tests.contract.stats.site import Counts, Site, in_buckets, listed

ROWS: Counts = {(f"a/{n % 3}", Hour(n * 7), 0): n + 1 for n in range(40)}
ALL = Range(Hour(-24), Hour(480))
DAYS = [Hour(hour) for hour in range(*ALL, 24)]
SELECTIONS = [EVERYTHING, Selection(Kind.PAGE, "a/1"), Selection(Kind.PREFIX, "a/")]


def all_is_right(site: Site) -> None:
    for selection in SELECTIONS:
        found = site.run(site.stats.series(selection, [DAYS]))
        assert found.views == [in_buckets(site.rows, selection, DAYS)]
    for by in (By.PAGE, By.SITE):
        listing = Listing(by, ALL)
        ranking = site.run(site.stats.ranking(listing))
        rows = [(row.name, row.views, row.before) for row in ranking.rows]
        assert rows == listed(site.rows, listing)


@pytest.mark.parametrize("listed", [True, False])
def test_days_that_are_due_are_read_from_their_hours(site: Site, listed: bool) -> None:
    site.holds(ROWS, Rolling(0.0, listed))
    all_is_right(site)


def test_no_sum_is_read_where_somebody_folds_who_marks_nothing(site: Site) -> None:
    site.holds(ROWS, Rolling(1.0, listed=True, marked=False))
    all_is_right(site)


def test_a_day_that_begins_before_the_horizon_is_not_taken(site: Site) -> None:
    site.holds(ROWS, EVERYTHING_ROLLED, horizon=Hour(49))
    all_is_right(site)


def test_what_is_rolled_up_is_read_from_sums(site: Site) -> None:
    site.holds(ROWS, EVERYTHING_ROLLED)

    async def lose() -> None:
        async with site.engine.begin() as connection:
            await connection.execute(delete(hourly_views))

    site.run(lose())
    all_is_right(site)
