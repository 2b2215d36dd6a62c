"""Since when there are views is found without looking at all of them, and is right all the same."""

import pytest
from hypothesis import example, given, settings

from domain.events import Hour
from domain.retention import NOTHING_PAST
from tests.contract.stats.examples import HORIZONS, LAST, ROWS
from tests.contract.stats.rolled import EVERYTHING_ROLLED, NOTHING, ROLLINGS, Rolling
from tests.contract.stats.site import POSTGRES, Counts, Site
from tests.contract.stats.test_plans import JULY, plans
from tests.contract.stats.test_plans import ROWS as MANY

ALL_DUE = Rolling(0.0, listed=True)


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_the_first_hour_of_some_sites_is_read_from_sums_where_there_are_any(site: Site) -> None:
    """However long before there were views of others."""
    late = {("b/1", JULY, 0): 1} | {("a/1", Hour(JULY - 24 * day), 0): 1 for day in range(90)}
    site.holds(late, EVERYTHING_ROLLED)
    statements = plans(site, site.stats.first(frozenset("b")), "hourly_views|site_days")
    assert "hourly_views" not in statements
    assert statements.count("site_days") < 10
    assert site.run(site.stats.first(frozenset("b"))).hour == JULY


@settings(max_examples=60)
@given(ROWS, ROLLINGS, HORIZONS)
@example({("a", LAST, 0): 1}, ALL_DUE, NOTHING_PAST)
@example({("a", LAST, 0): 1}, NOTHING, NOTHING_PAST)
@example({("a", 482_111, 0): 1, ("b", 482_120, 0): 1}, EVERYTHING_ROLLED, 482_112)
def test_the_first_hour_is_that_of_all_rows_that_are_kept(
    opened: Site, rows: Counts, rolling: Rolling, horizon: int
) -> None:
    opened.holds(rows, rolling, horizon=horizon)
    found = opened.run(opened.stats.first())
    assert found.hour == min((hour for _, hour, _ in opened.rows), default=None)
    assert found.standing.horizon == horizon


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
@pytest.mark.parametrize(
    ("rolling", "months"),
    [(NOTHING, {"2025_03"}), (ALL_DUE, {"2025_03"}), (EVERYTHING_ROLLED, set())],
)
def test_only_the_month_that_it_is_in_is_read(
    site: Site, rolling: Rolling, months: set[str]
) -> None:
    site.holds(MANY, rolling)
    plan = plans(site, site.stats.first(), "hourly_views|site_days")
    assert {f"2025_{m:02}" for m in range(1, 13) if f"g1_2025_{m:02}" in plan} == months, plan
