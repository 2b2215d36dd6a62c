"""What differs between two generations, found and set down, whichever the database."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from rows.database import is_postgresql
from rows.rebuild.fingerprints import read_fingerprints
from rows.rebuild.sides import Compared, Sides, Totals
from rows.rebuild.unlike import find_unlike, read_totals
from rows.tables import HOUR

# Rows of both sides that are added up at once: of more there is much on disk at a time, and for
# each piece a month is read again.
_PIECE_ROWS = 4_000_000
# Of each process that works on a statement; hash tables may take twice that, the rest goes to disk.
_WORK_MEM = "64MB"

# Rows of both sides and what one of them is ahead, added up.
_DIFFERING = """
    SELECT {kept}, agent, sum(old_views) AS old_views, sum(new_views) AS new_views
    FROM (
        SELECT {kept}, {agent} AS agent, {sum} AS new_views, 0 AS old_views FROM {table}
        WHERE generation = :new AND {time} >= :first AND {which}
        UNION ALL
        SELECT {kept}, {agent}, 0, {sum} FROM {table}
        WHERE generation = :old AND {time} >= :first AND {which}
        UNION ALL
        SELECT {kept}, {agent}, new_views, old_views FROM {ahead}
        WHERE {time} >= :first AND {which}
    ) AS sides
    GROUP BY {kept}, agent
    HAVING sum(old_views) <> sum(new_views)
"""
_CREATE = "CREATE TEMPORARY TABLE {differing} AS " + _DIFFERING
_FILL = "INSERT INTO {differing} " + _DIFFERING
_HOURS = "{time} >= :first_of AND {time} <= :last_of AND {time} = ANY(:hours)"


async def find_differing(connection: AsyncConnection, compared: Compared, sides: Sides) -> Totals:
    """Makes the temporary table `compared.differing`."""
    await _run(connection, compared, sides, _CREATE, "1 = 0")
    if is_postgresql(connection.dialect):
        return await _by_hour(connection, compared, sides)
    totals = await read_totals(connection, compared, sides)
    which = "1 = 1"
    if sides.alike:
        which = await find_unlike(connection, compared, sides, totals)
    await _run(connection, compared, sides, _FILL, which)
    return totals


async def _by_hour(connection: AsyncConnection, compared: Compared, sides: Sides) -> Totals:
    await connection.execute(text(f"SET LOCAL work_mem = '{_WORK_MEM}'"))
    found = await read_fingerprints(connection, compared, sides)
    which = compared.sql(_HOURS, sides)
    for hours in _pieces(found.suspects()):
        values = {"hours": hours, "first_of": hours[0], "last_of": hours[-1]}
        await _run(connection, compared, sides, _FILL, which, values)
    return found.totals()


def _pieces(suspects: Mapping[datetime, int]) -> Iterator[list[datetime]]:
    piece: list[datetime] = []
    rows = 0
    for hour, more in suspects.items():
        if piece and rows + more > _PIECE_ROWS:
            yield piece
            piece, rows = [], 0
        piece.append(hour)
        rows += more
    if piece:
        yield piece


async def _run(
    connection: AsyncConnection,
    compared: Compared,
    sides: Sides,
    template: str,
    which: str,
    values: Mapping[str, Any] | None = None,
) -> None:
    moment = DateTime(timezone=True)
    types: Mapping[str, Any] = {
        "first": HOUR,
        "first_of": moment,
        "last_of": moment,
        "hours": ARRAY(moment),
    }
    given = {"new": sides.new, "old": sides.old, "first": sides.first, **(values or {})}
    bound = [bindparam(name, type_=types[name]) for name in given if name in types]
    statement = text(compared.sql(template, sides, which=which)).bindparams(*bound)
    await connection.execute(statement, given)
