"""Which sums are not what the hourly rows add up to, in SQL."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Dialect, TextClause

from domain.aggregates import Month
from domain.calendar import days_in, first_day, year_of
from domain.dimensions import Dimension
from domain.events import Generation
from rows.aggregates.sums import HOURS, bounds, seen, with_bounds
from rows.aggregates.values import KEY, seen_values


def unlike(
    dialect: Dialect, generation: Generation, month: Month
) -> Iterator[tuple[TextClause, dict[str, Any]]]:
    """Statements that count the sums of a month's rolled days which the rows do not add up to."""
    values = bounds(generation, month.month, month.rolled)
    rows = seen(dialect, month.month, month.rolled)
    start = first_day(month.month)
    days = {f"d{day:02}": f"day = {day - 1}" for day in days_in(month.rolled)}
    yield _unlike("page, agent", days, rows, f"page_months WHERE month = {month.month}"), values
    hours = {name: f"hour = {hour}" for hour, name in enumerate(HOURS)}
    rolled = ", ".join(str(start + day - 1) for day in days_in(month.rolled))
    kept = f"(SELECT generation, day - {start} AS day, site, agent, {', '.join(HOURS)} "
    kept += f"FROM site_days WHERE day IN ({rolled})) AS kept WHERE true"
    yield _unlike("day, site, agent", hours, rows, kept), values
    for dimension in Dimension:
        seen_of = seen_values(dialect, month.month, month.rolled, dimension)
        kept = f"dimension_months WHERE month = {month.month} AND dimension = {dimension:d}"
        yield _unlike(KEY, days, seen_of, kept), values
    if month.whole:
        year, number = year_of(month.month)
        kept = f"page_years WHERE year = {year}"
        yield _unlike("page, agent", {f"m{number:02}": "true"}, rows, kept), values


def _unlike(key: str, columns: dict[str, str], rows: str, kept: str) -> TextClause:
    made = ", ".join(f"sum(views) FILTER (WHERE {which}) AS {n}" for n, which in columns.items())
    taken = ", ".join(f"-{name}" for name in columns)
    differ = " OR ".join(f"coalesce(sum({name}), 0) <> 0" for name in columns)
    return with_bounds(f"""
        SELECT count(*) FROM (
            SELECT {key} FROM (
                SELECT {key}, {made} FROM {rows} GROUP BY {key}
                UNION ALL
                SELECT {key}, {taken} FROM {kept} AND generation = :generation
            ) AS compared GROUP BY {key} HAVING {differ}
        ) AS unlike
    """)
