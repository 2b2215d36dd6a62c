"""SELECTs over the live generation, nothing else."""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import Hour
from domain.hours import from_datetime, to_datetime
from domain.ports import ReportReader
from migrations.database import translated
from migrations.tables import generations, hourly_views

_LIVE = select(generations.c.generation).where(generations.c.state == "live")
_HOURLY = (
    select(hourly_views.c.view_hour, func.sum(hourly_views.c.views))
    .where(
        hourly_views.c.generation == _LIVE.scalar_subquery(),
        hourly_views.c.page == bindparam("page"),
        hourly_views.c.view_hour >= bindparam("first"),
        hourly_views.c.view_hour < bindparam("end"),
    )
    .group_by(hourly_views.c.view_hour)
)


class SqlReportReader(ReportReader):
    """Reports from PostgreSQL or SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._hours_are_numbers = engine.dialect.name == "sqlite"

    async def hourly(self, page: str, first: Hour, end: Hour) -> Mapping[Hour, int]:
        numbers = self._hours_are_numbers
        values = {
            "page": page,
            "first": first if numbers else to_datetime(first),
            "end": end if numbers else to_datetime(end),
        }
        async with translated(), self._engine.connect() as connection:
            found = await connection.execute(_HOURLY, values)
            return {
                Hour(hour) if numbers else from_datetime(hour): int(views) for hour, views in found
            }

    async def ping(self) -> None:
        async with translated(), self._engine.connect() as connection:
            await connection.execute(text("SELECT count(*) FROM generations"))

    async def close(self) -> None:
        await self._engine.dispose()
