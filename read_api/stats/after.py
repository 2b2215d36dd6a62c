"""Statistics that are read once something else is true, and not before."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from domain.agents.classes import Agent
from domain.events import Hour
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import Bounds, First, Hours, Movers, Ranking, Series, Standing
from domain.stats.ranking import Listing
from domain.stats.selection import Selection
from domain.stats.units import Range


class After:
    """Asks `reader` after `wait`, which is called with the first question only.

    By then a question's faults are all found: nobody waits to be refused.
    """

    def __init__(self, reader: StatsReader, wait: Callable[[], Awaitable[None]]) -> None:
        self._asked = reader
        self._wait = wait
        self._waited = False

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        return await (await self._reader()).series(selection, ranges)

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        return await (await self._reader()).hours(selection, asked)

    async def ranking(self, listing: Listing) -> Ranking:
        return await (await self._reader()).ranking(listing)

    async def movers(self, listing: Listing) -> Movers:
        return await (await self._reader()).movers(listing)

    async def first(self, sites: frozenset[str] | None = None) -> First:
        return await (await self._reader()).first(sites)

    async def bounds(
        self,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
        *,
        counted: bool = True,
    ) -> Bounds:
        return await (await self._reader()).bounds(agent, sites, counted=counted)

    async def standing(self) -> Standing:
        return await (await self._reader()).standing()

    async def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncGenerator[HourlyRow, None]:
        rows = (await self._reader()).rows(selection, asked, tell)
        try:
            async for row in rows:
                yield row
        finally:
            if isinstance(rows, AsyncGenerator):
                await rows.aclose()

    async def _reader(self) -> StatsReader:
        if not self._waited:
            await self._wait()
            self._waited = True
        return self._asked
