"""What is asked reads its pages and its months, and nothing beside."""

import re
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from sqlalchemy import event, update

from domain.calendar import day_of, month_of_day
from domain.events import Hour
from domain.hours import hour_of, parse_instant
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.units import Range
from rows.stats import export
from rows.tables import rolled_months
from tests.contract.stats.rolled import EVERYTHING_ROLLED
from tests.contract.stats.site import POSTGRES, Site

JULY = hour_of(parse_instant("2025-07-01T00:00Z"))
ASKED = Range(Hour(JULY + 24), Hour(JULY + 96))
BEFORE = Range(Hour(JULY - 40), Hour(JULY - 30))
EDGES = [Hour(hour) for hour in range(*ASKED, 24)]
AUGUST = Hour(JULY + 31 * 24 + 30)
YEARS = Range(Hour(JULY - 20 * 8_760), Hour(JULY + 8_760))
SUMS = "page_months|page_years|site_days|hourly_views"
SOME = frozenset({"site-07.example", "site-31.example"})
# The months that lie there, and some pages of many sites.
ROWS = {
    (f"site-{number % 40:02}.example/{number}", Hour(JULY + month * 31 * 24 + 30), 0): 1
    for number in range(400)
    for month in range(-3, 3)
}


def asked_of(
    site: Site, asked: Coroutine[Any, Any, object], tables: str = "hourly_views"
) -> list[tuple[str, Any]]:
    """All statements that look at the rows, or at others of `tables`, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if re.search(rf"FROM ({tables})", statement):
            statements.append((statement, parameters))

    event.listen(site.reading.sync_engine, "before_cursor_execute", note)
    try:
        site.run(asked)
    finally:
        event.remove(site.reading.sync_engine, "before_cursor_execute", note)
    assert statements
    return statements


def plans(site: Site, asked: Coroutine[Any, Any, object], tables: str = "hourly_views") -> str:
    """Of all statements that look at the rows, or at others of `tables`."""
    statements = asked_of(site, asked, tables)
    how = "EXPLAIN" if site.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    async def explained() -> str:
        lines: list[str] = []
        async with site.reading.connect() as connection:
            if site.engine.dialect.name == "postgresql":
                # Where there is much to read: here nothing is worth an index.
                await connection.execution_options(isolation_level="REPEATABLE READ")
                await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            for statement, parameters in statements:
                found = await connection.exec_driver_sql(f"{how} {statement}", parameters)
                lines += [str(row[-1]) for row in found]
        return "\n".join(lines)

    return site.run(explained())


@pytest.fixture
def filled(opened: Site) -> Site:
    if opened.rows != ROWS:
        opened.holds(ROWS)
    return opened


@pytest.fixture
def rolled(opened: Site) -> Iterator[Site]:
    """All but what has come in on a day of August."""
    opened.holds(ROWS, EVERYTHING_ROLLED)
    opened.run(become_due(opened))
    yield opened
    opened.holds({})


async def become_due(site: Site) -> None:
    async with site.engine.begin() as connection:
        await connection.execute(
            update(rolled_months)
            .where(rolled_months.c.month == month_of_day(day_of(AUGUST))[0])
            .values(due=rolled_months.c.rolled, rolled=0, whole=False)
        )


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_only_the_months_that_are_asked_for_are_read(filled: Site) -> None:
    stats = filled.stats
    listing = Listing(By.PAGE, ASKED, before=BEFORE, trend=EDGES)
    for asked, months in (
        (stats.series(EVERYTHING, [EDGES]), {"2025_07"}),
        (stats.hours(EVERYTHING, ASKED), {"2025_07"}),
        (stats.ranking(listing), {"2025_06", "2025_07"}),
        (stats.movers(listing), {"2025_06", "2025_07"}),
    ):
        plan = plans(filled, asked)
        read = {f"2025_{month:02}" for month in range(1, 13) if f"g1_2025_{month:02}" in plan}
        assert read == months, plan


@pytest.mark.parametrize(
    "selection",
    [
        Selection(Kind.PAGE, "site-07.example/7"),
        Selection(Kind.PREFIX, "site-07.example/"),
        Selection(Kind.SITE, "site-07.example"),
        EVERYTHING.within(frozenset({"site-07.example", "site-31.example", "unseen.example"})),
        Selection(Kind.PREFIX, "site-0").within(frozenset({"site-07.example", "site-31.example"})),
    ],
)
def test_pages_are_found_by_the_key(filled: Site, selection: Selection) -> None:
    stats = filled.stats
    found = [
        plans(filled, stats.series(selection, [EDGES])),
        plans(filled, stats.hours(selection, ASKED)),
        plans(filled, stats.ranking(Listing(By.PAGE, ASKED, selection))),
    ]
    for plan in found:
        assert "generation=?)" not in plan, plan
        assert "Seq Scan on hourly_views" not in plan, plan
        assert "(generation=? AND page" in plan or "((page" in plan, plan


@pytest.mark.parametrize(
    ("selection", "narrower"),
    [
        (Selection(Kind.PAGE, "site-07.example/7"), Selection(Kind.PAGE, "site-07.example/7")),
        (Selection(Kind.PREFIX, "site-07.example/"), Selection(Kind.PREFIX, "site-07.example/")),
        (Selection(Kind.SITE, "site-07.example"), Selection(Kind.SITE, "site-07.example")),
        (Selection(Kind.SITE, "site-07.example"), EVERYTHING),
    ],
)
def test_who_knows_of_one_site_asks_what_somebody_asks_of_it(
    filled: Site, selection: Selection, narrower: Selection
) -> None:
    stats, within = filled.stats, narrower.within(frozenset({"site-07.example"}))
    for ask in (
        lambda which: stats.series(which, [EDGES]),
        lambda which: stats.hours(which, ASKED),
        lambda which: stats.ranking(Listing(By.PAGE, ASKED, which, BEFORE, trend=EDGES)),
        lambda which: stats.ranking(Listing(By.SITE, ASKED, which)),
    ):
        assert asked_of(filled, ask(within)) == asked_of(filled, ask(selection))


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
def test_trends_of_pages_read_each_bucket_by_the_key(filled: Site) -> None:
    plan = plans(filled, filled.stats.ranking(Listing(By.PAGE, ASKED, trend=EDGES)))
    assert "(generation=? AND page=? AND view_hour>? AND view_hour<?)" in plan, plan


@pytest.mark.parametrize(
    "selection",
    [
        EVERYTHING,
        Selection(Kind.PREFIX, "site-"),
        Selection(Kind.SITE, "site-01.example"),
        EVERYTHING.within(frozenset({"site-01.example", "site-02.example"})),
    ],
)
def test_each_part_of_an_export_begins_where_the_last_ended(
    filled: Site, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK_ROWS", 4)

    async def taken() -> list[object]:
        return [row async for row in filled.stats.rows(selection, ASKED)]

    plan = plans(filled, taken())
    if filled.engine.dialect.name == "sqlite":
        assert "(generation=? AND (page,view_hour)>(?,?)" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    else:
        assert re.search(r"Index Cond: .*ROW\(page, view_hour\) > ROW\(", plan), plan
        assert "Sort" not in plan, plan


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_years_read_no_month_whose_days_are_rolled_up(rolled: Site) -> None:
    stats, days = rolled.stats, [Hour(hour) for hour in range(JULY - 9_600, JULY + 2_400, 24)]
    page, prefix = Selection(Kind.PAGE, "site-07.example/7"), Selection(Kind.PREFIX, "site-07.e")
    for asked in (
        stats.ranking(Listing(By.PAGE, YEARS, before=ASKED, trend=days)),
        stats.ranking(Listing(By.SITE, YEARS, before=ASKED, trend=days)),
        stats.movers(Listing(By.PAGE, YEARS, before=ASKED)),
        stats.series(EVERYTHING, [days]),
        stats.series(page, [days]),
        stats.series(prefix, [days]),
        stats.hours(EVERYTHING, YEARS),
    ):
        plan = plans(rolled, asked, SUMS)
        assert {*re.findall(r"hourly_views_g1_(\d+_\d+)", plan)} == {"2025_08"}, plan


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
def test_sums_are_found_by_the_key(rolled: Site) -> None:
    stats, days = rolled.stats, [Hour(hour) for hour in range(JULY - 2_400, JULY, 24)]
    whole = Range(Hour(JULY - 30 * 24), JULY)
    for asked, key in (
        (stats.ranking(Listing(By.PAGE, whole)), "page_years .*generation=? AND year=?"),
        (stats.ranking(Listing(By.PAGE, Range(days[1], days[9]))), "generation=? AND month=?"),
        (stats.ranking(Listing(By.SITE, whole)), "site_days .*generation=? AND day=?"),
        (
            stats.series(Selection(Kind.PAGE, "site-07.example/7"), [days]),
            "page_months .*generation=? AND month=? AND page=?",
        ),
        (
            stats.series(Selection(Kind.SITE, "site-07.example"), [days]),
            "site_days .*generation=? AND day=? AND site=?",
        ),
        (
            stats.series(EVERYTHING.within(SOME), [days]),
            "site_days .*generation=? AND day=? AND site=?",
        ),
        (
            stats.ranking(Listing(By.PAGE, whole, EVERYTHING.within(SOME))),
            "page_years .*generation=? AND year=? AND page>?",
        ),
    ):
        plan = plans(rolled, asked, SUMS)
        assert re.search(key.replace("?", r"\?"), plan), plan
        assert "hourly_views" not in plan


@pytest.mark.parametrize(
    "selection",
    [EVERYTHING, Selection(Kind.SITE, "site-07.example"), EVERYTHING.within(SOME)],
    ids=["all", "site", "some"],
)
def test_what_is_rolled_up_is_asked_of_no_hourly_row(opened: Site, selection: Selection) -> None:
    opened.holds(ROWS, EVERYTHING_ROLLED)
    try:
        asked = opened.stats.ranking(Listing(By.PAGE, YEARS, selection))
        assert "hourly_views" not in plans(opened, asked, SUMS)
    finally:
        opened.holds({})
