"""Statistics from PostgreSQL or SQLite."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import Hour
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import Bounds, Hours, Movers, Ranking, Series, Standing
from domain.stats.ranking import Listing
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.bounds import read_bounds
from rows.stats.export import read_rows
from rows.stats.lists import read_movers, read_ranking
from rows.stats.series import read_hours, read_series
from rows.stats.snapshot import Snapshot, Snapshots
from rows.turns import Turns

QUESTIONS = 3
EXPORTS = 2
CONNECTIONS = QUESTIONS + EXPORTS + 1
"""The last for a look at what is live, which takes none of the turns."""
# A board asks for all that it shows at once; each of it may take seconds.
_WAIT_SECONDS = 15.0


class SqlStatsReader(StatsReader):
    """Reads in snapshots of `engine`, which is read-only; questions never wait for exports."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._questions = Snapshots(engine, Turns(QUESTIONS, seconds=_WAIT_SECONDS))
        self._exports = Snapshots(engine, Turns(EXPORTS))

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        return await self._questions.answer(
            partial(read_series, selection=selection, ranges=ranges)
        )

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        return await self._questions.answer(partial(read_hours, selection=selection, asked=asked))

    async def ranking(self, listing: Listing) -> Ranking:
        return await self._questions.answer(partial(read_ranking, listing=listing))

    async def movers(self, listing: Listing) -> Movers:
        return await self._questions.answer(partial(read_movers, listing=listing))

    async def bounds(self) -> Bounds:
        return await self._questions.answer(read_bounds)

    def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncIterator[HourlyRow]:
        return read_rows(self._exports, selection, asked, tell)

    async def standing(self) -> Standing:
        return await self._questions.answer(_standing)


async def _standing(snapshot: Snapshot) -> Standing:
    return snapshot.standing
