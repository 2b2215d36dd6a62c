"""The sums held against the hourly rows, in one snapshot."""

from collections import Counter
from collections.abc import Container, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.aggregates import Month, SumsAudit
from domain.calendar import days_in, days_within, first_day, month_at, month_hours
from domain.dimensions import Dimension
from domain.events import MAX_AT_MS, Generation, Hour
from domain.ports.aggregates import SumsAudits
from rows.aggregates.listing import all_mark, owners
from rows.aggregates.refresh import read_months
from rows.aggregates.sums import day_since_1970
from rows.aggregates.unlike import unlike
from rows.database import snapshot
from rows.layout import layout_of
from rows.live import read_horizon
from rows.rollups import AGENT
from rows.tables import (
    dimension_months,
    dimension_views,
    hourly_views,
    page_months,
    page_years,
    site_days,
)

Totals = Counter[tuple[int, int]]
"""Views by day or month, and class."""


class SqlSumsAudits(SumsAudits):
    """`engine` is read-only and must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._layout = layout_of(engine)

    async def audit(self, generation: Generation, *, by_page: bool = False) -> SumsAudit:
        async with self._layout.standing(), snapshot(self._engine) as connection:
            horizon = await read_horizon(connection)
            read = all_mark(await owners(connection, generation))
            known = await read_months(connection, generation) if read else []
            months = [_kept(month, horizon) for month in known]
            days = sum(month.rolled.bit_count() for month in months)
            differing = await _totals(connection, generation, months) if days else 0
            if by_page and days:
                differing += await _by_page(connection, generation, months)
        whole = sum(month.whole for month in months)
        return SumsAudit(generation, days, whole, differing)


def _kept(month: Month, horizon: Hour) -> Month:
    """What of it is read: days that begin at the horizon or later."""
    return month._replace(
        rolled=month.rolled & days_within(month.month, horizon, MAX_AT_MS + 1),
        whole=month.whole and month_hours(month.month)[0] >= horizon,
    )


async def _totals(connection: AsyncConnection, generation: Generation, months: list[Month]) -> int:
    """Whole days and months, by class: all rows are read once."""
    by_day = await _rows(connection, hourly_views, literal_column(AGENT), generation)
    pages = _days(await _sums(connection, page_months, generation))
    sites: Totals = Counter()
    for day, agent, _, views in await _sums(connection, site_days, generation):
        sites[day, agent] += views
    years: Totals = Counter()
    for year, agent, month, views in await _sums(connection, page_years, generation):
        years[month_at(year, month), agent] += views
    by_month: Totals = Counter()
    rolled = {first_day(m.month) + day - 1: m for m in months for day in days_in(m.rolled)}
    for (day, agent), views in by_day.items():
        if day in rolled:
            by_month[rolled[day].month, agent] += views
    whole = {month.month for month in months if month.whole}
    compared: list[tuple[Totals, Totals, Container[int]]] = [
        (by_day, pages, rolled),
        (by_day, sites, rolled),
        (by_month, years, whole),
    ]
    for dimension in Dimension:
        made, kept = await _of(connection, generation, dimension)
        compared.append((made, kept, rolled))
    return sum(_differing(*each) for each in compared)


def _differing(made: Totals, kept: Totals, chosen: Container[int]) -> int:
    keys = made.keys() | kept.keys()
    return sum(made[key] != kept[key] for key in keys if key[0] in chosen)


async def _of(
    connection: AsyncConnection, generation: Generation, dimension: Dimension
) -> tuple[Totals, Totals]:
    """Days of the hourly rows of a dimension, and of its sums."""
    rows, sums = dimension_views.c, dimension_months.c
    made = await _rows(
        connection, dimension_views, rows.agent, generation, rows.dimension == dimension.value
    )
    kept = await _sums(connection, dimension_months, generation, sums.dimension == dimension.value)
    return made, _days(kept)


async def _by_page(connection: AsyncConnection, generation: Generation, months: list[Month]) -> int:
    """Each page of a month, each site of a day, each page of a whole month."""
    differing = 0
    for month in months:
        if not month.rolled:
            continue
        for statement, values in unlike(connection.dialect, generation, month):
            found = await connection.execute(statement, values)
            differing += int(found.scalar_one())
    return differing


async def _rows(
    connection: AsyncConnection,
    table: Table,
    agent: ColumnElement[int],
    generation: Generation,
    *which: ColumnElement[bool],
) -> Totals:
    day: Any = literal_column(day_since_1970(connection.dialect)).label("day")
    found = await connection.execute(
        select(day, agent.label("class"), func.sum(table.c.views))
        .where(table.c.generation == generation, *which)
        .group_by("day", "class")
    )
    return Counter({(day, agent): int(views) for day, agent, views in found})


async def _sums(
    connection: AsyncConnection, table: Table, generation: Generation, *which: ColumnElement[bool]
) -> list[tuple[int, int, int, int]]:
    """Time, class, number of the column, views."""
    _, time, *_ = (column for column in table.primary_key if column.name != "dimension")
    columns = [column for column in table.c if not column.primary_key]
    found = await connection.execute(
        select(time, table.c.agent, *(func.sum(column) for column in columns))
        .where(table.c.generation == generation, *which)
        .group_by(time, table.c.agent)
    )
    return [
        (row[0], row[1], int(column.name[1:]), int(views))
        for row in found
        for column, views in zip(columns, row[2:], strict=True)
        if views
    ]


def _days(found: list[tuple[int, int, int, int]]) -> Totals:
    def each() -> Iterator[tuple[tuple[int, int], int]]:
        for month, agent, day, views in found:
            yield (first_day(month) + day - 1, agent), views

    return Counter(dict(each()))
