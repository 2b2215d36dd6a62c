"""Rows are added to those that stand there: by an upsert, or by COPY where none of them stands yet.

An upsert looks for each row before it writes it, and writes it by itself: that takes twice as long
as COPY. Where somebody brings the past along, or a log is folded for the first time, all rows are
new.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

import asyncpg
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.counting import RowKey
from domain.events import Generation, Hour
from domain.hours import to_datetime
from rows.connecting import driver_errors
from rows.postgresql.copying import copies_of, copy_into
from rows.postgresql.months import LEAST
from rows.rollups import HOURLY

# Arrays are sent as columns: one statement, one plan, whatever the number of rows. Moments are sent
# as seconds: the driver takes as long for one moment as for four numbers.
_UPSERT = """
    INSERT INTO {target} AS existing ({columns})
    SELECT $1, {values}, {sum} FROM unnest({arrays}) AS delta ({keys}, {sum})
    ON CONFLICT (generation, {keys})
    DO UPDATE SET {sum} = existing.{sum} + excluded.{sum}
"""
# With less it takes longer to try than to look.
_MANY_ROWS = 1_000
_MOST_PASSED_OVER = 63
Rows = Mapping[RowKey, int]


class Adding:
    """Adds to the rows' table, trying COPY where the last rows were new.

    After each that were not so twice as many are passed over: what is taken back of a COPY leaves
    dead rows.
    """

    def __init__(self) -> None:
        self._passing = self._left = 0

    async def add(self, connection: AsyncConnection, generation: Generation, rows: Rows) -> None:
        """Views are added to those that stand there."""
        ordered = {key: rows[key] for key in sorted(rows)}
        if not (self._tries(ordered) and await self._copied(connection, generation, ordered)):
            await upsert(connection, HOURLY.table.name, generation, ordered)

    def _tries(self, rows: Rows) -> bool:
        if len(rows) < _MANY_ROWS:
            return False
        tries = not self._left
        self._left = max(0, self._left - 1)
        return tries

    async def _copied(
        self, connection: AsyncConnection, generation: Generation, rows: Rows
    ) -> bool:
        """False, and nothing is changed, where the database objects: most likely a row is there."""
        copies = copies_of(generation, rows)
        try:
            async with connection.begin_nested(), driver_errors():
                for copy in copies.values():
                    await copy_into(connection, HOURLY.table.name, copy)
        except asyncpg.PostgresError:
            # Whatever else it was, the upsert says it again.
            self._passing = min(2 * self._passing + 1, _MOST_PASSED_OVER)
            self._left = self._passing
            return False
        self._passing = 0
        return True


async def upsert(
    connection: AsyncConnection, table: str, generation: Generation, rows: Rows
) -> None:
    """In one statement.

    Rows are sorted, so that transactions that meet on some take their locks in one order.
    """
    await connection.exec_driver_sql(upsert_into(table), columns_of(generation, rows))


def columns_of(generation: Generation, rows: Rows) -> tuple[Any, ...]:
    """What `upsert_into` takes."""
    seconds = {hour: _seconds(hour) for hour in {key[1] for key in rows}}
    return (
        generation,
        [key[0] for key in rows],
        [seconds[key[1]] for key in rows],
        [key[2] for key in rows],
        [*rows.values()],
    )


def _seconds(hour: Hour) -> float:
    moment = to_datetime(hour)
    return -inf if moment == LEAST else moment.timestamp()


def upsert_into(table: str) -> str:
    """Takes a generation and lists of pages, seconds since 1970, shards and views."""
    values = ", ".join(f"to_timestamp({key})" if key == HOURLY.time else key for key in HOURLY.keys)
    return HOURLY.sql(_UPSERT, target=table, values=values, arrays=_ARRAYS)


def _array(place: int, column: Column[Any]) -> str:
    kind = column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
    if column.name == HOURLY.time:
        kind = "double precision"
    # A cast to an array takes no collation.
    return f"${place}::{kind.split(' COLLATE ')[0]}[]"


_ARRAYS = ", ".join(
    _array(place, HOURLY.table.c[name]) for place, name in enumerate(HOURLY.columns[1:], start=2)
)
