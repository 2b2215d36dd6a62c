"""Where two generations differ, in SQL."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agents.classes import Agent
from domain.events import Generation, Hour
from domain.generations import Diff, HourDifference
from rows.database import is_postgresql
from rows.rollups import AGENT, HOURLY
from rows.tables import HOUR

LARGEST = 20

# What has classed both sides alike is told apart by class as well.
_ANY_CLASS = "0"

# An hour of a side in three numbers that add up over rows, shards and parts: its views, and two
# sums of views weighted by 64-bit hashes of their pages, others for each class. Two hours that hold
# different counts agree in all three by chance once in about 10^38 (PostgreSQL's hashtextextended).
_FINGERPRINTS = """
    SELECT {time}, sum({views}), sum({views} * hashtextextended(page, 2 * {agent})::numeric),
           sum({views} * hashtextextended(page, 2 * {agent} + 1)::numeric)
    FROM {rows} AND {time} >= :first GROUP BY {time}
"""
_OF_OLD = HOURLY.sql("{table} WHERE generation = :old")
_OF_NEW = HOURLY.sql("{table} WHERE generation = :new")
_OF_AHEAD = "ahead WHERE true"

# Rows of both sides and what one of them is ahead, added up by page, hour and class.
_SIDES = """
    SELECT page, {time}, {agent} AS agent, {sum} AS new_views, 0 AS old_views FROM {table}
    WHERE generation = :new AND {hours}
    UNION ALL
    SELECT page, {time}, {agent}, 0, {sum} FROM {table}
    WHERE generation = :old AND {hours}
    UNION ALL
    SELECT page, {time}, {agent}, new_views, old_views FROM ahead WHERE {hours}
"""
_TOTALS = HOURLY.sql("""
    SELECT count(*), coalesce(sum({sum}), 0) FROM {table}
    WHERE generation = :generation AND {time} >= :first
""")
_AHEAD_TOTALS = HOURLY.sql("""
    SELECT coalesce(sum(old_views), 0), coalesce(sum(new_views), 0) FROM ahead
    WHERE {time} >= :first
""")
_DIFFERING = """
    CREATE TEMPORARY TABLE differing AS
    SELECT page, {time}, agent, sum(old_views) AS old_views, sum(new_views) AS new_views
    FROM ({sides}) AS sides
    GROUP BY page, {time}, agent
    HAVING sum(old_views) <> sum(new_views)
"""
_LARGEST = """
    SELECT page, view_hour, agent, old_views, new_views FROM differing
    ORDER BY abs(new_views - old_views) DESC, page, view_hour, agent LIMIT :most
"""

_Fingerprints = Counter[tuple[datetime, int]]


async def difference(
    connection: AsyncConnection,
    new: Generation,
    old: Generation,
    first: Hour,
    *,
    by_class: bool,
) -> Diff:
    """New against old for hours from `first` on, `ahead` taken into account."""
    agent = AGENT if by_class else _ANY_CLASS
    from_first = {"first": first}
    old_rows, old_views = await _totals(connection, {"generation": old, **from_first})
    new_rows, new_views = await _totals(connection, {"generation": new, **from_first})
    ahead = await connection.execute(
        _from_first(_AHEAD_TOTALS),
        from_first,
    )
    old_ahead, new_ahead = ahead.one()
    await _find_differing(connection, {"new": new, "old": old, **from_first}, agent)
    differing = await connection.execute(text("SELECT count(*) FROM differing"))
    largest = await connection.execute(text(_LARGEST).columns(view_hour=HOUR), {"most": LARGEST})
    return Diff(
        old=old,
        new=new,
        first_hour=first,
        old_rows=old_rows,
        new_rows=new_rows,
        old_views=old_views + int(old_ahead),
        new_views=new_views + int(new_ahead),
        differing=differing.scalar_one(),
        largest=[
            HourDifference(
                row.page,
                Hour(row.view_hour),
                int(row.old_views),
                int(row.new_views),
                Agent(row.agent) if by_class else None,
            )
            for row in largest
        ],
        by_class=by_class,
    )


async def _totals(connection: AsyncConnection, values: Mapping[str, Any]) -> tuple[int, int]:
    rows, views = (await connection.execute(_from_first(_TOTALS), values)).one()
    return rows, int(views)


async def _find_differing(
    connection: AsyncConnection, values: Mapping[str, Any], agent: str
) -> None:
    """Fill `differing`: on PostgreSQL only from hours whose fingerprints differ."""
    hours = HOURLY.sql("{time} >= :first")
    if is_postgresql(connection.dialect):
        suspects = await _suspects(connection, values, agent)
        await connection.exec_driver_sql("CREATE TEMPORARY TABLE suspects (hour timestamptz)")
        if suspects:
            rows = [{"hour": hour} for hour in suspects]
            await connection.execute(text("INSERT INTO suspects VALUES (:hour)"), rows)
        hours += HOURLY.sql(" AND {time} IN (SELECT hour FROM suspects)")
        await connection.execute(text("SET LOCAL work_mem = '64MB'"))
    sides = HOURLY.sql(_SIDES, hours=hours, agent=agent)
    await connection.execute(_from_first(HOURLY.sql(_DIFFERING, sides=sides)), values)


async def _suspects(
    connection: AsyncConnection, values: Mapping[str, Any], agent: str
) -> list[datetime]:
    old: _Fingerprints = Counter()
    new: _Fingerprints = Counter()
    for side, rows, views in (
        (old, _OF_OLD, HOURLY.sum),
        (new, _OF_NEW, HOURLY.sum),
        (old, _OF_AHEAD, "old_views"),
        (new, _OF_AHEAD, "new_views"),
    ):
        statement = _from_first(HOURLY.sql(_FINGERPRINTS, rows=rows, views=views, agent=agent))
        wanted = {name: values[name] for name in statement.compile().params}
        for hour, *sums in await connection.execute(statement, wanted):
            for place, value in enumerate(sums):
                side[hour, place] += int(value)
    return sorted({hour for hour, place in {*old, *new} if old[hour, place] != new[hour, place]})


def _from_first(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("first", type_=HOUR))
