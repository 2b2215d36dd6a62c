"""Expired rows in PostgreSQL: a month's table goes whole, once its last hour is past."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Epoch, Generation, Hour
from domain.hours import HOUR_MS, from_datetime, hour_of, to_datetime
from domain.retention import ExpiredRows
from rows.database import database_errors, transaction
from rows.jobs import RETENTION, fence
from rows.postgresql import months
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import Month
from rows.postgresql.places import detach, structure_held
from rows.postgresql.schema import exists, schema_of
from rows.rollups import HOURLY
from rows.tables import generations

# Readers that hold a table longer, such as a dump, are left in peace until the next run: audits
# and others that change tables wait meanwhile.
_PATIENCE_SECONDS = 10
_AHEAD_MS = 31 * 24 * HOUR_MS
_MEASURE = """
    SELECT count(*) AS rows, coalesce(sum({sum}), 0) AS views,
           min({time}) AS first, max({time}) AS last FROM {target}
"""
_WAITING = "SELECT count(*) FROM {target} WHERE {time} < $1"


class ExpiryByMonth:
    """Detached first, in nobody's way, then dropped; each step can be repeated."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._months = MonthPartitions(engine)

    async def prepare(self, generation: Generation, now_ms: int) -> None:
        """This month's table and the next one's are there before anybody needs them."""
        self._months.forget()
        await self._months.ensure(generation, [hour_of(now_ms), hour_of(now_ms + _AHEAD_MS)])

    def gone_before(self, horizon: Hour) -> Hour:
        """The months that were past; the one that holds the horizon is whole."""
        first = to_datetime(horizon).replace(day=1, hour=0)
        return from_datetime(first)

    async def expired(self, generation: Generation, horizon: Hour) -> Sequence[ExpiredRows]:
        """The months that are past, with what is in them."""
        async with database_errors(), self._engine.connect() as connection:
            return [
                await _measure(connection, generation, month)
                for month in await months.months(connection, generation)
                if _is_past(month, horizon)
            ]

    async def waiting(self, generation: Generation, horizon: Hour) -> int:
        """Rows that are past while their month is not."""
        month = months.month_of(to_datetime(horizon))
        name = months.month_name(generation, month)
        async with database_errors(), self._engine.connect() as connection:
            if not await exists(connection, name):
                return 0
            table = f"{await schema_of(connection)}.{name}"
            statement = HOURLY.sql(_WAITING, target=table)
            found = await connection.exec_driver_sql(statement, (to_datetime(horizon),))
            return int(found.scalar_one())

    async def expire(
        self, epoch: Epoch, generation: Generation, horizon: Hour
    ) -> AsyncIterator[ExpiredRows]:
        """Month by month, oldest first."""
        async with database_errors(), self._engine.connect() as connection:
            found = await months.months(connection, generation)
        for month in found:
            if _is_past(month, horizon):
                yield await self._drop(epoch, generation, month)

    async def _drop(self, epoch: Epoch, generation: Generation, month: Month) -> ExpiredRows:
        name = months.month_name(generation, month)
        # From before the rows leave the parent until their views stand in the ledger, or an
        # audit would miss them.
        async with structure_held(self._engine):
            await detach(self._engine, months.parent_name(generation), name, _PATIENCE_SECONDS)
            async with database_errors(), self._engine.connect() as connection:
                gone = await _measure(connection, generation, month)
            async with transaction(self._engine) as connection:
                # A dump may hold the table for hours: nobody must wait for this meanwhile.
                await connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'"))
                await fence(connection, RETENTION, epoch)
                schema = await schema_of(connection)
                await connection.exec_driver_sql(f"DROP TABLE {schema}.{name}")
                await connection.execute(
                    update(generations)
                    .where(generations.c.generation == generation)
                    .values(expired_views=generations.c.expired_views + gone.views)
                )
            return gone


def _is_past(month: Month, horizon: Hour) -> bool:
    return months.month_end(month) <= to_datetime(horizon)


async def _measure(
    connection: AsyncConnection, generation: Generation, month: Month
) -> ExpiredRows:
    name = months.month_name(generation, month)
    table = f"{await schema_of(connection)}.{name}"
    found = await connection.exec_driver_sql(HOURLY.sql(_MEASURE, target=table))
    row = found.one()
    empty = months.month_end(month)
    return ExpiredRows(
        generation,
        name,
        row.rows,
        int(row.views),
        from_datetime(row.first or empty),
        from_datetime(row.last or empty),
    )
