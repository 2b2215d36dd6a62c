"""What the sums are made of, in the words of each database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Integer, TextClause, bindparam, text

from domain.calendar import DAY_HOURS, days_in, first_day, month_hours, year_of
from domain.events import MAX_AT_MS, Generation, Hour
from domain.hours import hour_of
from rows.database import is_postgresql
from rows.rollups import AGENT
from rows.tables import HOUR, page_months

_LAST_HOUR = hour_of(MAX_AT_MS)
HOURS = [f"h{hour:02}" for hour in range(DAY_HOURS)]

# Days of the month from 0, hours of the day, the site, and whether two values differ.
# The driver stores the first hour of the year 1 as -infinity, which is no day.
_UTC = "(greatest(view_hour, '0001-01-01 00:00+00'::timestamptz) AT TIME ZONE 'UTC')"
_POSTGRESQL = {
    "day": f"({_UTC}::date - '{{first}}'::date)",
    "hour": f"extract(hour FROM {_UTC})::integer",
    "site": "split_part(page, '/', 1)",
    "differs": "IS DISTINCT FROM",
}
_SQLITE = {
    "day": "((view_hour - {start}) / 24)",
    "hour": "((view_hour - {start}) % 24)",
    "site": "substr(page, 1, instr(page || '/', '/') - 1)",
    "differs": "IS NOT",
}

_OF_PAGES = """
    INSERT INTO page_months AS sums (generation, month, page, agent, {columns})
    SELECT :generation, {month}, page, agent, {sums}
    FROM {seen}
    GROUP BY page, agent ORDER BY page, agent
    ON CONFLICT (generation, month, page, agent) DO UPDATE SET {changes} WHERE {differ}
"""
_OF_SITES = """
    INSERT INTO site_days AS sums (generation, day, site, agent, {columns})
    SELECT :generation, day + {first_day}, site, agent, {sums}
    FROM {seen}
    GROUP BY day, site, agent ORDER BY day, site, agent
    ON CONFLICT (generation, day, site, agent) DO UPDATE SET {changes} WHERE {differ}
"""
_SEEN = """
    (SELECT page, {agent} AS agent, {day} AS day, {hour} AS hour, {site} AS site, views
     FROM hourly_views
     WHERE generation = :generation AND view_hour >= :first AND view_hour <= :last {more}
    ) AS seen WHERE day IN ({days})
"""


def page_sums(dialect: Dialect, month: int, days: int, more: str = "") -> TextClause:
    """Sets the columns of these days; a row is touched only where one of them changes."""
    names = {f"d{day:02}": day - 1 for day in days_in(days)}
    return _statement(dialect, _OF_PAGES, month, days, more, names, "day")


def site_sums(dialect: Dialect, month: int, days: int, more: str = "") -> TextClause:
    """Sets all columns of these days; with `more` rows are only a part of a day: it adds."""
    names = {name: hour for hour, name in enumerate(HOURS)}
    return _statement(dialect, _OF_SITES, month, days, more, names, "hour", adds=bool(more))


def bounds(generation: Generation, month: int, days: int) -> dict[str, Any]:
    """The values that both take."""
    start = month_hours(month)[0]
    chosen = [*days_in(days)]
    first = start + (chosen[0] - 1) * DAY_HOURS
    last = min(start + chosen[-1] * DAY_HOURS - 1, _LAST_HOUR)
    return {
        "generation": generation,
        "first": Hour(first),
        "last": Hour(last),
    }


def with_bounds(statement: str) -> TextClause:
    """A statement that takes `bounds`."""
    return text(statement).bindparams(
        bindparam("generation", type_=Integer),
        bindparam("first", type_=HOUR),
        bindparam("last", type_=HOUR),
    )


def seen(dialect: Dialect, month: int, days: int, more: str = "") -> str:
    """The hourly rows of these days as a table with `day` (of the month, from 0), `hour`, `site`
    and `agent`, up to its last condition.
    """
    words = _words_of(dialect, month)
    numbers = ", ".join(str(day - 1) for day in days_in(days))
    return _SEEN.format(agent=AGENT, more=more, days=numbers, **words)


def day_of_month(dialect: Dialect, month: int) -> str:
    """The day of an hourly row of this month, from 0."""
    return _words_of(dialect, month)["day"]


def day_since_1970(dialect: Dialect) -> str:
    """The day of an hourly row."""
    if is_postgresql(dialect):
        return f"({_UTC}::date - '1970-01-01'::date)"
    # Whole numbers are cut towards 0: from the year 1 on, what is divided is above it.
    return "((view_hour + 24000000) / 24 - 1000000)"


def year_sums(dialect: Dialect, months: Sequence[int], more: str = "") -> TextClause:
    """Sets these months' columns in their year, from their days.

    At once: a row that is written again for each month leaves as many dead ones behind.
    """
    days = [column.name for column in page_months.c if column.name[1:].isdigit()]
    total = " + ".join(f"coalesce({name}, 0)" for name in days)
    names = {f"m{year_of(month)[1]:02}": month for month in months}
    sums = (
        f"nullif(CAST(sum({total}) FILTER (WHERE month = {month}) AS bigint), 0)"
        for month in names.values()
    )
    return text(
        f"""
        INSERT INTO page_years AS sums (generation, year, page, agent, {", ".join(names)})
        SELECT :generation, {year_of(months[0])[0]}, page, agent, {", ".join(sums)}
        FROM page_months
        WHERE generation = :generation AND month IN ({", ".join(map(str, months))}) {more}
        GROUP BY page, agent ORDER BY page, agent
        ON CONFLICT (generation, year, page, agent)
        DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
        WHERE {" OR ".join(differs(dialect, name) for name in names)}
        """
    ).bindparams(bindparam("generation", type_=Integer))


def _statement(
    dialect: Dialect,
    template: str,
    month: int,
    days: int,
    more: str,
    names: dict[str, int],
    part: str,
    *,
    adds: bool = False,
) -> TextClause:
    return with_bounds(
        template.format(
            month=month,
            first_day=first_day(month),
            columns=", ".join(names),
            sums=", ".join(
                f"CAST(sum(views) FILTER (WHERE {part} = {place}) AS bigint)"
                for place in names.values()
            ),
            seen=seen(dialect, month, days, more),
            changes=", ".join(change(name, adds=adds) for name in names),
            differ="true" if adds else " OR ".join(differs(dialect, name) for name in names),
        )
    )


def change(name: str, *, adds: bool = False) -> str:
    """What a column of `sums` becomes by `excluded`."""
    if not adds:
        return f"{name} = excluded.{name}"
    return (
        f"{name} = CASE WHEN excluded.{name} IS NULL THEN sums.{name} "
        f"ELSE coalesce(sums.{name}, 0) + excluded.{name} END"
    )


def differs(dialect: Dialect, name: str) -> str:
    """Does that change anything?"""
    return f"sums.{name} {_words(dialect)['differs']} excluded.{name}"


def _words_of(dialect: Dialect, month: int) -> dict[str, str]:
    places = {"first": _date(month), "start": month_hours(month)[0]}
    return {name: word.format(**places) for name, word in _words(dialect).items()}


def _words(dialect: Dialect) -> dict[str, str]:
    return _POSTGRESQL if is_postgresql(dialect) else _SQLITE


def _date(month: int) -> str:
    year, number = year_of(month)
    return f"{year:04}-{number:02}-01"
