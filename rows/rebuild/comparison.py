"""Two generations side by side: by page and hour at one vector of offsets, and by their totals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation, Hour
from domain.generations import Audit, Diff
from domain.ports.log import LogReader
from domain.ports.rebuild import Comparison
from rows.database import STRUCTURE_LOCK, database_errors, snapshot
from rows.live import read_horizon
from rows.postgresql import months
from rows.rebuild.ahead import fill_ahead
from rows.rebuild.difference import difference
from rows.rebuild.generations import read_generations
from rows.tables import checkpoints, generations, hourly_views


class SqlComparison(Comparison):
    """Reads in one snapshot. `engine` is read-only and must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        async with self._structure_stands(), snapshot(self._engine) as connection:
            infos = {info.generation: info for info in await read_generations(connection)}
            live = next(info for info in infos.values() if info.state == "live")
            # Retention drops one generation's hours before the other's, after moving this.
            first = Hour(max(first, await read_horizon(connection)))
            await fill_ahead(connection, log, infos[generation], live)
            return await difference(connection, generation, live.generation, first)

    async def audit(self, generation: Generation) -> Audit:
        async with self._structure_stands(), snapshot(self._engine) as connection:
            found = await connection.execute(
                select(generations).where(generations.c.generation == generation)
            )
            info = found.one()
            folded = await connection.execute(
                select(func.coalesce(func.sum(checkpoints.c.views), 0)).where(
                    checkpoints.c.generation == generation
                )
            )
            return Audit(
                generation=generation,
                rows_views=await self._rows_views(connection, generation),
                expired_views=info.expired_views,
                folded_views=int(folded.scalar_one()),
                carried_views=info.carried_views,
            )

    @asynccontextmanager
    async def _structure_stands(self) -> AsyncIterator[None]:
        """No table with rows comes or goes meanwhile. Before the snapshot, which sees no later."""
        if not self._postgresql:
            yield
            return
        async with database_errors(), self._engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({STRUCTURE_LOCK})"))
            yield
            await connection.rollback()

    async def _rows_views(self, connection: AsyncConnection, generation: Generation) -> int:
        if not self._postgresql:
            total = await connection.execute(
                select(func.coalesce(func.sum(hourly_views.c.views), 0)).where(
                    hourly_views.c.generation == generation
                )
            )
            return int(total.scalar_one())
        # Table by table: one that retention has detached and not dropped yet counts too.
        views = 0
        for month in await months.months(connection, generation):
            name = months.month_name(generation, month)
            total = await connection.execute(text(f"SELECT coalesce(sum(views), 0) FROM {name}"))
            views += int(total.scalar_one())
        return views
