"""Statistics: any selection of pages in any range, from one snapshot of the live generation."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, Protocol

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.answers import Bounds, First, Hours, Movers, Ranking, Series, Standing
from domain.stats.ranking import Listing
from domain.stats.selection import Selection
from domain.stats.units import Range


class HourlyRow(NamedTuple):
    """Views of one page in one hour."""

    hour: Hour
    page: str
    views: int


class StatsReader(Protocol):
    """Each answer is of one snapshot; pages are named as the generation's rules name them.

    Numbers are exact; hours before the horizon are left out. A page or a site that is selected is
    named by the rules first, and so are the sites that a selection is within; a prefix is taken as
    it is written. All raise `StoreUnavailable`, and `NotJoined` where pages are asked for by their
    sources.
    """

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        """Views between the edges of each of `ranges`, which ascend and may repeat."""

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        """Views by hour."""

    async def ranking(self, listing: Listing) -> Ranking:
        """A part of a list."""

    async def movers(self, listing: Listing) -> Movers:
        """The `limit` largest rises and falls against `before`, which must be there."""

    async def first(self, sites: frozenset[str] | None = None) -> First:
        """Since when there are views of `sites`, None: of any."""

    async def bounds(
        self,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
        *,
        counted: bool = True,
    ) -> Bounds:
        """How much there is of `sites` that `agent` made, None: of any, anybody.

        Pages and rows are `counted`, which takes a look at every one of them, or left out.
        """

    def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncIterator[HourlyRow]:
        """All rows by page and hour, in bounded memory.

        Before the first comes, or the end where there are none, `tell` is told of what they are.
        Close it, or take rows all the time: one that is left alone for a minute, or is read for an
        hour, ends with `StoreUnavailable`.
        """

    async def standing(self) -> Standing:
        """What an answer would be of now."""
