"""Where rows of two generations differ, in SQLite: row by row, in the order they lie in."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Generation
from rows.rebuild.sides import Compared, Sides, Totals
from rows.tables import HOUR

_TOTALS = """
    SELECT count(*), coalesce(sum({sum}), 0) FROM {table}
    WHERE generation = :ours AND {time} >= :first
"""
_AHEAD = """
    SELECT coalesce(sum(old_views), 0), coalesce(sum(new_views), 0) FROM {ahead}
    WHERE {time} >= :first
"""
_SUSPECTS = "CREATE TEMPORARY TABLE {differing}_parts (part TEXT PRIMARY KEY) WITHOUT ROWID"
# One by one each row is looked up where the one before was found beside.
_UNLIKE = """
    INSERT OR IGNORE INTO {differing}_parts
    SELECT ours.{part} FROM {table} AS ours
    LEFT JOIN {table} AS theirs ON theirs.generation = :theirs AND {same}
    WHERE ours.generation = :ours AND ours.{time} >= :first AND theirs.{sum} IS NOT ours.{sum}
"""
_ALL_AHEAD = """
    INSERT OR IGNORE INTO {differing}_parts SELECT {part} FROM {ahead} WHERE {time} >= :first
"""


async def read_totals(connection: AsyncConnection, compared: Compared, sides: Sides) -> Totals:
    """A pass over each side."""
    old_rows, old_views = await _row(connection, compared, sides, _TOTALS, ours=sides.old)
    new_rows, new_views = await _row(connection, compared, sides, _TOTALS, ours=sides.new)
    old_ahead, new_ahead = await _row(connection, compared, sides, _AHEAD)
    return Totals(old_rows, new_rows, old_views + old_ahead, new_views + new_ahead)


async def find_unlike(
    connection: AsyncConnection, compared: Compared, sides: Sides, totals: Totals
) -> str:
    """The condition of rows that may differ, in SQL.

    A rebuild gives the same rows as the fold did, shard by shard. Where all of one side are among
    the other's and these are no more, that is all; otherwise pages are added up where any differs.
    """
    await connection.execute(text(compared.sql(_SUSPECTS, sides)))
    await _execute(connection, compared, sides, _UNLIKE, ours=sides.new, theirs=sides.old)
    found = await connection.execute(
        text(compared.sql("SELECT EXISTS (SELECT 1 FROM {differing}_parts)", sides))
    )
    if found.scalar_one() or totals.old_rows != totals.new_rows:
        await _execute(connection, compared, sides, _UNLIKE, ours=sides.old, theirs=sides.new)
    await _execute(connection, compared, sides, _ALL_AHEAD)
    return compared.sql("{part} IN (SELECT part FROM {differing}_parts)", sides)


async def _row(
    connection: AsyncConnection,
    compared: Compared,
    sides: Sides,
    template: str,
    **which: Generation,
) -> tuple[int, int]:
    found = await _execute(connection, compared, sides, template, **which)
    first, second = found.one()
    return int(first), int(second)


async def _execute(
    connection: AsyncConnection,
    compared: Compared,
    sides: Sides,
    template: str,
    **which: Generation,
) -> Any:
    same = " AND ".join(f"theirs.{key} = ours.{key}" for key in compared.rollup.keys)
    statement = text(compared.sql(template, sides, same=same))
    values: Mapping[str, Any] = {"first": sides.first, **which}
    return await connection.execute(statement.bindparams(bindparam("first", type_=HOUR)), values)
