"""Two generations side by side: by page and hour at one vector of offsets, and by their totals."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation, Hour
from domain.generations import Audit, Diff
from domain.ports.log import LogReader
from domain.ports.rebuild import Comparison
from rows.database import snapshot
from rows.layout import layout_of
from rows.live import read_horizon
from rows.rebuild.ahead import fill_ahead
from rows.rebuild.difference import difference
from rows.rebuild.generations import read_generations
from rows.tables import checkpoints, generations


class SqlComparison(Comparison):
    """Reads in one snapshot. `engine` is read-only and must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._layout = layout_of(engine)

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        async with self._layout.standing(), snapshot(self._engine) as connection:
            infos = {info.generation: info for info in await read_generations(connection)}
            live = next(info for info in infos.values() if info.state == "live")
            # Retention drops one generation's hours before the other's, after moving this.
            first = Hour(max(first, await read_horizon(connection)))
            await fill_ahead(connection, self._layout, log, infos[generation], live)
            return await difference(connection, generation, live.generation, first)

    async def audit(self, generation: Generation) -> Audit:
        async with self._layout.standing(), snapshot(self._engine) as connection:
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

    async def _rows_views(self, connection: AsyncConnection, generation: Generation) -> int:
        return await self._layout.views(connection, generation)
