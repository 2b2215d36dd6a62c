"""Statistics as one caller may know them."""

from collections.abc import AsyncIterator, Callable, Sequence

from msgspec.structs import replace

from domain.agents.classes import Agent
from domain.events import Hour
from domain.keys import Caller
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import Bounds, First, Hours, Movers, Ranking, Series, Standing
from domain.stats.ranking import Listing
from domain.stats.selection import Selection
from domain.stats.units import Range

Sites = frozenset[str]


def within(reader: StatsReader, caller: Caller) -> StatsReader:
    """What `reader` knows of the sites that `caller` may know of.

    Whatever is asked of it, the answers are those that `reader` would give if there were no rows of
    any other site. Whoever answers a request asks this one, and no other.
    """
    return reader if caller.sites is None else Within(reader, caller.sites)


class Within(StatsReader):
    """`reader` of `sites` alone."""

    def __init__(self, reader: StatsReader, sites: Sites) -> None:
        self._reader = reader
        self._sites = sites

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        return await self._reader.series(selection.within(self._sites), ranges)

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        return await self._reader.hours(selection.within(self._sites), asked)

    async def ranking(self, listing: Listing) -> Ranking:
        return await self._reader.ranking(self._listing(listing))

    async def movers(self, listing: Listing) -> Movers:
        return await self._reader.movers(self._listing(listing))

    async def first(self, sites: Sites | None = None) -> First:
        return await self._reader.first(self._narrowed(sites))

    async def bounds(
        self, agent: Agent | None = None, sites: Sites | None = None, *, counted: bool = True
    ) -> Bounds:
        return await self._reader.bounds(agent, self._narrowed(sites), counted=counted)

    def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncIterator[HourlyRow]:
        return self._reader.rows(selection.within(self._sites), asked, tell)

    async def standing(self) -> Standing:
        """Of all rows: it is no number of views."""
        return await self._reader.standing()

    def _listing(self, listing: Listing) -> Listing:
        return replace(listing, selection=listing.selection.within(self._sites))

    def _narrowed(self, sites: Sites | None) -> Sites:
        return self._sites if sites is None else self._sites & sites
