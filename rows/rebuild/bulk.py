"""A generation that nobody reads yet is loaded in bulk: rows first, their order after."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation, Hour
from domain.hours import to_datetime
from domain.ports.common import Clock
from rows.fold.store import Rows, SqlProjectionStore, upsert_into
from rows.postgresql.months import Month, MonthPartitions, attached, month_name, month_of

_COLUMNS = ("generation", "page", "view_hour", "shard", "views")


class BulkLoadStore(SqlProjectionStore):
    """COPY into months without an index, beside the checkpoint in one transaction.

    A row may then stand there in several parts; `months.finish` adds them up. SQLite
    has no such way and takes the ordinary one.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        super().__init__(engine, clock)
        self._months = MonthPartitions(engine, loading=True)

    async def _add(self, connection: AsyncConnection, generation: Generation, rows: Rows) -> None:
        if not self._postgresql:
            await super()._add(connection, generation, rows)
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for month, records in _by_month(generation, rows).items():
            name = month_name(generation, month)
            if await attached(connection, name):
                # A finish that was interrupted had got as far as this month: it has its key.
                columns = [list(column) for column in zip(*sorted(records), strict=True)]
                await connection.exec_driver_sql(upsert_into(name), (generation, *columns[1:]))
            else:
                await driver.copy_records_to_table(name, records=records, columns=_COLUMNS)


def _by_month(generation: Generation, rows: Rows) -> dict[Month, list[tuple[Any, ...]]]:
    hours: dict[Hour, tuple[Any, list[tuple[Any, ...]]]] = {}
    months: dict[Month, list[tuple[Any, ...]]] = {}
    for (page, hour, shard), views in rows.items():
        known = hours.get(hour)
        if known is None:
            moment = to_datetime(hour)
            known = hours[hour] = (moment, months.setdefault(month_of(moment), []))
        known[1].append((generation, page, known[0], shard, views))
    return months
