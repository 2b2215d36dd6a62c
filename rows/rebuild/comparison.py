"""Two generations side by side: by page, hour and class at the same offsets, and by totals."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.agents.classing import UNCLASSED, Classes
from domain.agents.lists import single
from domain.events import Generation, Hour
from domain.generations import Audit, Diff
from domain.ports.log import LogReader
from domain.ports.rebuild import Comparison
from rows.database import snapshot
from rows.layout import layout_of
from rows.live import read_horizon
from rows.rebuild.ahead import fill_ahead
from rows.rebuild.difference import difference
from rows.rebuild.dimensions import dimensions_differing
from rows.rebuild.generations import read_generations
from rows.rebuild.sides import Sides
from rows.tables import checkpoints, dimension_views, generations


class SqlComparison(Comparison):
    """Reads in one snapshot. `engine` is read-only and must not time long statements out."""

    def __init__(self, engine: AsyncEngine, classes: Classes = UNCLASSED) -> None:
        self._engine = engine
        self._classes = classes
        self._layout = layout_of(engine)

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        async with self._layout.standing(), snapshot(self._engine) as connection:
            infos = {info.generation: info for info in await read_generations(connection)}
            live = next(info for info in infos.values() if info.state == "live")
            # Retention drops one generation's hours before the other's, after moving this.
            first = Hour(max(first, await read_horizon(connection)))
            new = infos[generation]
            await fill_ahead(connection, self._layout, log, new, live, self._classes)
            # What lies ahead is classed here, and the sides only compare where that is one list.
            lists = {single(new.agent_lists), single(live.agent_lists)}
            by_class = lists == {self._classes.version}
            sides = Sides(generation, live.generation, first, by_class, alike=len(lists) == 1)
            found = await difference(connection, sides)
            beside, largest = await dimensions_differing(connection, sides)
            return replace(
                found,
                old_lists=live.agent_lists,
                new_lists=new.agent_lists,
                differing_beside=beside,
                largest_beside=largest,
            )

    async def audit(self, generation: Generation) -> Audit:
        async with self._layout.standing(), snapshot(self._engine) as connection:
            found = await connection.execute(
                select(generations).where(generations.c.generation == generation)
            )
            info = found.one()
            found = await connection.execute(
                select(
                    func.coalesce(func.sum(checkpoints.c.views), 0),
                    func.coalesce(func.sum(checkpoints.c.dimension_views), 0),
                ).where(checkpoints.c.generation == generation)
            )
            folded, beside = found.one()
            return Audit(
                generation=generation,
                rows_views=await self._rows_views(connection, generation),
                expired_views=info.expired_views,
                folded_views=int(folded),
                carried_views=info.carried_views,
                beside=await self._beside(connection, info, int(beside)),
            )

    async def _beside(self, connection: AsyncConnection, info: Any, folded: int) -> Audit | None:
        total = select(func.coalesce(func.sum(dimension_views.c.views), 0)).where(
            dimension_views.c.generation == info.generation
        )
        found = Audit(
            generation=info.generation,
            rows_views=int((await connection.execute(total)).scalar_one()),
            expired_views=info.expired_dimension_views,
            folded_views=folded,
            carried_views=info.carried_dimension_views,
        )
        return found if found.rows_views or folded or found.carried_views else None

    async def _rows_views(self, connection: AsyncConnection, generation: Generation) -> int:
        return await self._layout.views(connection, generation)
