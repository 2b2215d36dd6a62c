"""Statistics by brute force, over rows in a dictionary: small enough to be right at a glance."""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import pairwise

from domain.agents.classes import Agent
from domain.events import Hour
from domain.hours import parse_instant
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import (
    Bounds,
    Coverage,
    First,
    Hours,
    Movers,
    Ranked,
    Ranking,
    Series,
    Standing,
)
from domain.stats.joined import of_sources, refuse_joined
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import EVERYTHING, Selection, site_of
from domain.stats.units import Range

NEVER = Hour(-20_000_000)
"""A horizon before everything."""

COMPLETE_MS = parse_instant("2025-07-16T12:34:55Z")

_Views = Mapping[tuple[Hour, str], int]
_Known = Mapping[tuple[Hour, str, Agent], int]
_Sources = Mapping[tuple[Hour, str, str, Agent], int]
_Cell = tuple[Hour, str, int]
"""Views of an hour by what is listed."""


class FakeStats(StatsReader):
    """`rows` are views by hour and page of nobody known, `known` those of somebody by class too.

    `sources` are views by hour, site, source and class. `reads` counts what was asked.

    It is complete until a second ago, where that is not said otherwise.
    """

    def __init__(
        self,
        rows: _Views | None = None,
        horizon: Hour = NEVER,
        generation: int = 1,
        complete_ms: int = COMPLETE_MS,
        known: _Known | None = None,
        sources: _Sources | None = None,
    ) -> None:
        self.rows_: dict[tuple[Hour, str], int] = dict(rows or {})
        self.known_: dict[tuple[Hour, str, Agent], int] = dict(known or {})
        self.sources_ = dict(sources or {})
        self.horizon = horizon
        self.generation = generation
        self.complete_ms = complete_ms
        self.now_ms = COMPLETE_MS + 1_000
        self.reads = 0

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        cells = self._cells(selection)
        return Series(self._standing(), [_between(cells, edges) for edges in ranges])

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        found: dict[Hour, int] = defaultdict(int)
        for hour, _, views in self._cells(selection):
            if asked.start <= hour < asked.end:
                found[hour] += views
        return Hours(self._standing(), found)

    async def ranking(self, listing: Listing) -> Ranking:
        rows = sorted(self._listed(listing), key=_key(listing.order))
        after = listing.after
        if after is not None:
            place = (-after.value, after.name.encode())
            rest = [row for row in rows if _key(listing.order)(row) > place]
        else:
            rest = rows
        return Ranking(
            self._standing(),
            [self._with_trend(listing, row) for row in rest[: listing.limit]],
            after.rank + 1 if after else 1,
            len(rest) > listing.limit,
            len(rows),
            sum(row.views for row in self._counted(listing)),
            sum(row.before for row in self._counted(listing)),
            self._coverage(listing) if listing.by is By.SOURCE else None,
        )

    async def movers(self, listing: Listing) -> Movers:
        rows = [self._with_trend(listing, row) for row in self._counted(listing)]
        rises = sorted((row for row in rows if row.views > row.before), key=_key(Order.CHANGE))
        falls = sorted((row for row in rows if row.views < row.before), key=_fall)
        return Movers(
            self._standing(),
            rises[: listing.limit],
            falls[: listing.limit],
            sum(row.views for row in rows),
            sum(row.before for row in rows),
        )

    async def first(self, sites: frozenset[str] | None = None) -> First:
        hours = [hour for hour, _ in self._kept(sites=sites)]
        return First(self._standing(), min(hours, default=None))

    async def bounds(
        self,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
        *,
        counted: bool = True,
    ) -> Bounds:
        rows = self._kept(agent, sites)
        hours = sorted(hour for hour, _ in rows)
        pages = {page for _, page in rows}
        return Bounds(
            self._standing(),
            hours[0] if hours else None,
            hours[-1] if hours else None,
            len(pages) if counted else None,
            len(set(map(site_of, pages))),
            len(hours) if counted else None,
            sum(rows.values()),
        )

    async def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncGenerator[HourlyRow, None]:
        refuse_joined(selection, By.PAGE)
        if tell:
            tell(self._standing())
        found = sorted(
            self._kept(selection.agent).items(), key=lambda row: (row[0][1].encode(), row[0][0])
        )
        for (hour, page), views in found:
            if selection.holds(page) and asked.start <= hour < asked.end:
                yield HourlyRow(hour, page, views)

    async def standing(self) -> Standing:
        return self._standing()

    def _standing(self) -> Standing:
        self.reads += 1
        rows = self._kept(None)
        folded = (len(rows), sum(rows.values()))
        return Standing(self.generation, self.horizon, "", self.complete_ms, self.now_ms, folded)

    def _kept(self, agent: Agent | None = None, sites: frozenset[str] | None = None) -> _Views:
        found: Counter[tuple[Hour, str]] = Counter()
        if agent in (None, Agent.UNKNOWN):
            found.update(self.rows_)
        for (hour, page, by), views in self.known_.items():
            if agent in (None, by):
                found[hour, page] += views
        holds = EVERYTHING.within(sites).holds
        return {
            key: views for key, views in found.items() if key[0] >= self.horizon and holds(key[1])
        }

    def _cells(self, selection: Selection, by: By | None = None) -> list[_Cell]:
        """All that the selection holds and is kept."""
        refuse_joined(selection, by)
        if of_sources(selection, by):
            return [
                (hour, site if by is By.SITE else source, views)
                for (hour, site, source, who), views in self.sources_.items()
                if hour >= self.horizon
                and selection.holds(site)
                and selection.agent in (None, who)
                and selection.source in (None, source)
            ]
        return [
            (hour, site_of(page) if by is By.SITE else page, views)
            for (hour, page), views in self._kept(selection.agent).items()
            if selection.holds(page)
        ]

    def _coverage(self, listing: Listing) -> Coverage:
        whole = listing.selection._replace(source=None)
        known, pages = self._cells(whole, By.SOURCE), self._cells(whole)
        return Coverage(*(sum(_between(cells, listing.asked)) for cells in (known, pages)))

    def _counted(self, listing: Listing) -> list[Ranked]:
        """Every name with views in either range."""
        before = listing.before or Range(Hour(0), Hour(0))
        cells = self._cells(listing.selection, listing.by)
        wanted = _lower(listing.search)
        found = [
            Ranked(
                name,
                sum(_between(cells, listing.asked, name)),
                sum(_between(cells, before, name)),
            )
            for name in sorted({name for _, name, _ in cells})
            if wanted in _lower(name)
        ]
        return [row for row in found if row.views or row.before]

    def _listed(self, listing: Listing) -> list[Ranked]:
        return [row for row in self._counted(listing) if row.views or listing.order is Order.CHANGE]

    def _with_trend(self, listing: Listing, row: Ranked) -> Ranked:
        cells = self._cells(listing.selection, listing.by)
        return Ranked(row.name, row.views, row.before, _between(cells, listing.trend, row.name))


def _between(cells: Sequence[_Cell], edges: Sequence[Hour], name: str | None = None) -> list[int]:
    """Views between the edges, of all or of one name."""
    return [
        sum(views for hour, each, views in cells if start <= hour < end and name in (None, each))
        for start, end in pairwise(edges)
    ]


def _key(order: Order) -> Callable[[Ranked], tuple[int, bytes]]:
    def key(row: Ranked) -> tuple[int, bytes]:
        match order:
            case Order.VIEWS:
                return -row.views, row.name.encode()
            case Order.CHANGE:
                return row.before - row.views, row.name.encode()
            case Order.NAME:
                return 0, row.name.encode()

    return key


def _fall(row: Ranked) -> tuple[int, bytes]:
    return row.views - row.before, row.name.encode()


def _lower(text: str) -> str:
    """The letters A to Z only."""
    return "".join(c.lower() if c.isascii() else c for c in text)
