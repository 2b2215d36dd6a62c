"""Statistics by brute force, over rows in a dictionary: small enough to be right at a glance."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import pairwise

from domain.events import Hour
from domain.hours import parse_instant
from domain.ports.stats import HourlyRow, StatsReader
from domain.stats.answers import (
    Bounds,
    Hours,
    Movers,
    Ranked,
    Ranking,
    Series,
    Standing,
)
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import Selection, site_of
from domain.stats.units import Range

NEVER = Hour(-20_000_000)
"""A horizon before everything."""

COMPLETE_MS = parse_instant("2025-07-16T12:34:55Z")

_Views = Mapping[tuple[Hour, str], int]


class FakeStats(StatsReader):
    """`rows` are views by hour and page; `reads` counts what was asked.

    It is complete until a second ago, where that is not said otherwise.
    """

    def __init__(
        self,
        rows: _Views | None = None,
        horizon: Hour = NEVER,
        generation: int = 1,
        complete_ms: int = COMPLETE_MS,
    ) -> None:
        self.rows_: dict[tuple[Hour, str], int] = dict(rows or {})
        self.horizon = horizon
        self.generation = generation
        self.complete_ms = complete_ms
        self.now_ms = COMPLETE_MS + 1_000
        self.reads = 0

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        return Series(self._standing(), [self._between(selection.holds, edges) for edges in ranges])

    async def hours(self, selection: Selection, asked: Range) -> Hours:
        found: dict[Hour, int] = defaultdict(int)
        for (hour, page), views in self._kept().items():
            if selection.holds(page) and asked.start <= hour < asked.end:
                found[hour] += views
        return Hours(self._standing(), found)

    async def ranking(self, listing: Listing) -> Ranking:
        rows = sorted(self._listed(listing), key=_key(listing.order))
        after = listing.after
        if after is not None:
            place = (-after.value if listing.order is not Order.NAME else 0, after.name.encode())
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
        )

    async def movers(self, listing: Listing) -> Movers:
        rows = [self._with_trend(listing, row) for row in self._counted(listing)]
        rises = sorted((row for row in rows if row.views > row.before), key=_key(Order.CHANGE))
        falls = sorted((row for row in rows if row.views < row.before), key=_fall)
        limit = listing.limit
        return Movers(self._standing(), rises[:limit], falls[:limit])

    async def bounds(self) -> Bounds:
        hours = sorted(hour for hour, _ in self._kept())
        pages = {page for _, page in self._kept()}
        return Bounds(
            self._standing(),
            hours[0] if hours else None,
            hours[-1] if hours else None,
            len(pages),
            len(set(map(site_of, pages))),
            len(hours),
        )

    async def rows(
        self, selection: Selection, asked: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncGenerator[HourlyRow, None]:
        if tell:
            tell(self._standing())
        found = sorted(self._kept().items(), key=lambda row: (row[0][1].encode(), row[0][0]))
        for (hour, page), views in found:
            if selection.holds(page) and asked.start <= hour < asked.end:
                yield HourlyRow(hour, page, views)

    async def standing(self) -> Standing:
        return self._standing()

    def _standing(self) -> Standing:
        self.reads += 1
        folded = (len(self.rows_), sum(self.rows_.values()))
        return Standing(self.generation, self.horizon, "", self.complete_ms, self.now_ms, folded)

    def _kept(self) -> _Views:
        return {key: views for key, views in self.rows_.items() if key[0] >= self.horizon}

    def _between(self, holds: Callable[[str], bool], edges: Sequence[Hour]) -> list[int]:
        return [
            sum(
                views
                for (hour, page), views in self._kept().items()
                if start <= hour < end and holds(page)
            )
            for start, end in pairwise(edges)
        ]

    def _counted(self, listing: Listing) -> list[Ranked]:
        """Every name with views in either range."""
        before = listing.before or Range(Hour(0), Hour(0))
        found = [
            Ranked(
                name, sum(self._between(holds, listing.asked)), sum(self._between(holds, before))
            )
            for name, holds in self._names(listing)
        ]
        return [row for row in found if row.views or row.before]

    def _listed(self, listing: Listing) -> list[Ranked]:
        return [row for row in self._counted(listing) if row.views or listing.order is Order.CHANGE]

    def _names(self, listing: Listing) -> list[tuple[str, Callable[[str], bool]]]:
        pages = {page for _, page in self._kept() if listing.selection.holds(page)}
        names = pages if listing.by is By.PAGE else set(map(site_of, pages))
        wanted = _lower(listing.search)
        return [(name, _of(name, listing)) for name in sorted(names) if wanted in _lower(name)]

    def _with_trend(self, listing: Listing, row: Ranked) -> Ranked:
        trend = self._between(_of(row.name, listing), listing.trend)
        return Ranked(row.name, row.views, row.before, trend)


def _of(name: str, listing: Listing) -> Callable[[str], bool]:
    """Which pages a row of the list is of."""
    return lambda page: (
        listing.selection.holds(page) and (page if listing.by is By.PAGE else site_of(page)) == name
    )


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
