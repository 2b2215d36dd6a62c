"""Statistics from PostgreSQL or SQLite."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.agents.classes import Agent
from domain.events import Hour
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import Bounds, First, Hours, Movers, Ranking, Series, Standing
from domain.stats.joined import refuse_joined
from domain.stats.ranking import By, Listing
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.bounds import read_bounds, read_ends
from rows.stats.export import read_rows
from rows.stats.first import read_first
from rows.stats.lists import read_movers, read_ranking
from rows.stats.series import read_hours, read_series
from rows.stats.snapshot import Snapshots
from rows.turns import Turns

QUESTIONS = 3
EXPORTS = 2
CONNECTIONS = QUESTIONS + EXPORTS + 1
"""The last for looks at what is live, which take none of the others' turns."""
# A board asks for all that it shows at once; each of it may take seconds.
_WAIT_SECONDS = 15.0


class SqlStatsReader(StatsReader):
    """Reads in snapshots of `engine`, which is read-only; questions never wait for exports."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._questions = Snapshots(engine, Turns(QUESTIONS, seconds=_WAIT_SECONDS))
        self._exports = Snapshots(engine, Turns(EXPORTS))
        self._looks = Snapshots(engine, Turns(1))

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        refuse_joined(selection)
        return await self._questions.answer(
            partial(read_series, selection=selection, ranges=ranges)
        )

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        refuse_joined(selection)
        return await self._questions.answer(partial(read_hours, selection=selection, asked=asked))

    async def ranking(self, listing: Listing) -> Ranking:
        refuse_joined(listing.selection, listing.by)
        return await self._questions.answer(partial(read_ranking, listing=listing))

    async def movers(self, listing: Listing) -> Movers:
        refuse_joined(listing.selection, listing.by)
        return await self._questions.answer(partial(read_movers, listing=listing))

    async def first(self, sites: frozenset[str] | None = None) -> First:
        return await self._questions.answer(partial(read_first, sites=sites))

    async def bounds(
        self,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
        *,
        counted: bool = True,
    ) -> Bounds:
        read = read_bounds if counted else read_ends
        return await self._questions.answer(partial(read, agent=agent, sites=sites))

    def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncIterator[HourlyRow]:
        refuse_joined(selection, By.PAGE)
        return read_rows(self._exports, selection, asked, tell)

    async def standing(self) -> Standing:
        return await self._looks.look()
