"""What is asked reads its pages and its months, and nothing beside."""

import re
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import event

from domain.events import Hour
from domain.hours import hour_of, parse_instant
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.units import Range
from rows.stats import export
from tests.contract.stats.site import POSTGRES, Site

JULY = hour_of(parse_instant("2025-07-01T00:00Z"))
ASKED = Range(Hour(JULY + 24), Hour(JULY + 96))
BEFORE = Range(Hour(JULY - 40), Hour(JULY - 30))
EDGES = [Hour(hour) for hour in range(*ASKED, 24)]
# The months that lie there, and some pages of many sites.
ROWS = {
    (f"site-{number % 40:02}.example/{number}", Hour(JULY + month * 31 * 24 + 30), 0): 1
    for number in range(400)
    for month in range(-3, 3)
}


def plans(site: Site, asked: Coroutine[Any, Any, object]) -> str:
    """Of all statements that look at the rows."""
    statements: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if "hourly_views" in statement:
            statements.append((statement, parameters))

    event.listen(site.reading.sync_engine, "before_cursor_execute", note)
    try:
        site.run(asked)
    finally:
        event.remove(site.reading.sync_engine, "before_cursor_execute", note)
    assert statements
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


@pytest.fixture(scope="module")
def filled(opened: Site) -> Site:
    opened.holds(ROWS)
    return opened


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


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
def test_trends_of_pages_read_each_bucket_by_the_key(filled: Site) -> None:
    plan = plans(filled, filled.stats.ranking(Listing(By.PAGE, ASKED, trend=EDGES)))
    assert "(generation=? AND page=? AND view_hour>? AND view_hour<?)" in plan, plan


@pytest.mark.parametrize(
    "selection",
    [EVERYTHING, Selection(Kind.PREFIX, "site-"), Selection(Kind.SITE, "site-01.example")],
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
