"""PostgreSQL: the rows of a generation lie in a table a month, hung up as `months` draws it.

A generation that nobody reads yet is loaded in bulk: rows first, their order after.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.counting import RowKey
from domain.errors import Fenced, StoreUnavailable
from domain.events import Generation, Hour
from domain.hours import to_datetime
from rows.connecting import driver_errors
from rows.database import STRUCTURE_LOCK, alone, database_errors, lock_key, transaction
from rows.live import LIVE
from rows.postgresql import months
from rows.postgresql.adding import Adding, upsert
from rows.postgresql.copying import copies_of, copy_into
from rows.postgresql.expiry import ExpiryByMonth
from rows.postgresql.making import MonthPartitions
from rows.postgresql.merging import finish
from rows.postgresql.months import (
    Month,
    month_name,
    month_of,
    parent_name,
)
from rows.postgresql.places import detach_by_any
from rows.postgresql.schema import attached, schema_name, schema_of
from rows.rollups import HOURLY

_TOTAL = "SELECT coalesce(sum({sum}), 0) FROM {target}"


class LayoutByMonth:
    """Rows are added through the table of all generations and loaded into those of their months."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._months = MonthPartitions(engine)
        self._loose = MonthPartitions(engine, loading=True)
        self._adding = Adding()
        self.expiry = ExpiryByMonth(engine)

    async def create(self, connection: AsyncConnection, generation: Generation) -> None:
        """The generation's own table, with no months in it."""
        await months.create_parent(connection, generation)

    async def prepare(
        self, generation: Generation, hours: Iterable[Hour], *, loading: bool = False
    ) -> None:
        """The months of the rows."""
        try:
            await (self._loose if loading else self._months).ensure(generation, hours)
        except StoreUnavailable as error:
            if _has_no_table(error.__cause__):
                raise Fenced(f"generation {generation} is dropped") from error
            raise

    def misplaced(self, error: StoreUnavailable) -> bool:
        """Has retention dropped a month that was still remembered?"""
        if not _has_no_place(error.__cause__):
            return False
        self._months.forget()
        self._loose.forget()
        return True

    async def add(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """In one statement, in the order of their keys."""
        await self._adding.add(connection, generation, rows)

    async def load(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """COPY into months without an index, beside the checkpoint in one transaction."""
        for month, copy in copies_of(generation, rows).items():
            name = month_name(generation, month)
            table = f"{await schema_of(connection)}.{name}"
            if await attached(connection, name):
                # A finish that was interrupted had got as far as this month: it has its key.
                await upsert(connection, table, generation, _of_month(rows, month))
            else:
                async with driver_errors():
                    await copy_into(connection, name, copy, await schema_name(connection))

    async def finish(self, generation: Generation) -> None:
        """Every month gets its key and its place; those the live generation has are there too.

        Whoever folds into it later may not be allowed to make them.
        """
        async with database_errors(), self._engine.connect() as connection:
            live = (await connection.execute(select(LIVE))).scalar_one()
            wanted = await months.months(connection, live)
        await finish(self._engine, generation)
        await self._months.ensure_months(generation, wanted)

    async def targets(
        self, connection: AsyncConnection, generation: Generation, hours: Sequence[Hour]
    ) -> Sequence[tuple[str, Hour, Hour]]:
        """Month by month."""
        spans: dict[str, tuple[Hour, Hour]] = {}
        for hour in hours:
            name = month_name(generation, month_of(to_datetime(hour)))
            first = spans.get(name, (hour, hour))[0]
            spans[name] = (first, Hour(hour + 1))
        schema = await schema_of(connection)
        return [(f"{schema}.{name}", first, end) for name, (first, end) in spans.items()]

    async def views(self, connection: AsyncConnection, generation: Generation) -> int:
        """Table by table: one that retention has detached and not dropped yet counts too."""
        views = 0
        schema = await schema_of(connection)
        for month in await months.months(connection, generation):
            name = f"{schema}.{month_name(generation, month)}"
            total = await connection.exec_driver_sql(HOURLY.sql(_TOTAL, target=name))
            views += int(total.scalar_one())
        return views

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        """Beside everybody else who adds up."""
        async with database_errors(), self._engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            key = lock_key(STRUCTURE_LOCK)
            await connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({key})"))
            yield
            await connection.rollback()

    async def remove(self, generation: Generation) -> None:
        """Its table with all months in it."""
        name = parent_name(generation)
        await detach_by_any(self._engine, HOURLY.table.name, name)
        async with transaction(self._engine) as connection:
            await alone(connection, STRUCTURE_LOCK)
            schema = await schema_of(connection)
            for month in await months.months(connection, generation):
                table = f"{schema}.{month_name(generation, month)}"
                await connection.exec_driver_sql(f"DROP TABLE {table}")
            await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {schema}.{name}")

    async def fill_ahead(
        self, connection: AsyncConnection, rows: Sequence[tuple[str, Hour, int, int, int]]
    ) -> None:
        """By COPY."""
        hours = {row[1]: to_datetime(row[1]) for row in rows}
        driver: Any = (await connection.get_raw_connection()).driver_connection
        records = [(page, hours[hour], *others) for page, hour, *others in rows]
        async with driver_errors():
            await driver.copy_records_to_table("ahead", records=records)


def _of_month(rows: Mapping[RowKey, int], month: Month) -> dict[RowKey, int]:
    """In the order of their keys."""
    return {key: rows[key] for key in sorted(rows) if month_of(to_datetime(key[1])) == month}


def _has_no_place(error: BaseException | None) -> bool:
    """Did a row find no month it belongs into?"""
    found = getattr(error, "orig", None)
    return getattr(found, "sqlstate", "") == "23514" and "no partition" in str(found)


def _has_no_table(error: BaseException | None) -> bool:
    """Is a table gone, with its generation?"""
    return getattr(getattr(error, "orig", None), "sqlstate", "") == "42P01"
