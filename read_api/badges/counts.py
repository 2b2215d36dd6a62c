"""How often pages were viewed, for whoever asks again and again: kept for five minutes."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from math import ceil
from typing import NamedTuple

from domain.errors import StoreUnavailable
from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from domain.stats.periods import Period, range_of
from domain.stats.selection import Kind, Selection, site_of
from domain.stats.zones import zone_of

KEPT_SECONDS = 300
MOST_KEPT = 2_000
MOST_AT_ONCE = 4
"""Questions before the database: badges leave room for people who look."""
MOST_WAITING = 100
"""Pages asked for at once: who asks and leaves again would have others wait for minutes."""
AWAY_SECONDS = 10
"""A database that did not answer is not asked again for so long."""
_SECOND_MS = 1_000
_MANY = "more badges are asked for than the database is asked for at once"
_UTC = zone_of("UTC")


class Since(Enum):
    """Of which time; the value is its name in addresses."""

    ALL = "all"
    DAYS = "30d"


class Count(NamedTuple):
    """`views` up to `complete_ms` (0: nobody knows), and for how many seconds it is the answer."""

    views: int
    complete_ms: int
    seconds: int


class _Kept(NamedTuple):
    views: int
    complete_ms: int
    until: float


_Asked = tuple[str, Since]


class Counts:
    """Of pages that `reader` knows; `monotonic` are seconds that only go on.

    Whoever asks for what somebody is asking for already waits for the same answer.
    """

    def __init__(self, reader: StatsReader, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._reader = reader
        self._clock = clock
        self._monotonic = monotonic
        self._kept: OrderedDict[_Asked, _Kept] = OrderedDict()
        self._under_way: dict[_Asked, asyncio.Event] = {}
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._away_until, self._why = 0.0, ("", "")

    async def of(self, page: str, since: Since) -> Count:
        """Raises `StoreUnavailable` where nothing is known and the database is away, or is asked
        for too much."""
        asked = (page, since)
        while True:
            kept = self._kept.get(asked)
            if kept is not None and kept.until > self._monotonic():
                self._kept.move_to_end(asked)
                return self._told(kept)
            under_way = self._under_way.get(asked)
            if under_way is None and len(self._under_way) < MOST_WAITING:
                break
            if under_way is None:
                return self._told(self._known(asked, kept, StoreUnavailable(_MANY)))
            await under_way.wait()
        self._under_way[asked] = answered = asyncio.Event()
        try:
            return self._told(await self._found(asked, kept))
        finally:
            del self._under_way[asked]
            answered.set()

    async def _found(self, asked: _Asked, known: _Kept | None) -> _Kept:
        try:
            async with self._turns:
                if self._away_until > self._monotonic():
                    why, told = self._why
                    raise StoreUnavailable(why, told=told)
                return self._keep(asked, *await self._read(*asked), KEPT_SECONDS)
        except StoreUnavailable as error:
            if self._away_until <= self._monotonic():
                self._away_until = self._monotonic() + AWAY_SECONDS
                self._why = str(error), error.told
            return self._known(asked, known, error)

    def _known(self, asked: _Asked, known: _Kept | None, error: StoreUnavailable) -> _Kept:
        """The last number, for a while; raises `error` where there is none."""
        if known is None:
            raise error
        return self._keep(asked, known.views, known.complete_ms, AWAY_SECONDS)

    async def _read(self, page: str, since: Since) -> tuple[int, int]:
        now = self._clock() // _SECOND_MS
        if since is Since.DAYS:
            hours = range_of(Period.DAYS, None, now, _UTC, None)
        else:
            first = (await self._reader.first(frozenset({site_of(page)}))).hour
            hours = range_of(Period.ALL, None, now, _UTC, first)
        selection = Selection(Kind.PAGE, page)
        series = await self._reader.series(selection, [[hours.start, hours.end]])
        return sum(series.views[0]), series.standing.complete_ms

    def _keep(self, asked: _Asked, views: int, complete_ms: int, seconds: int) -> _Kept:
        kept = _Kept(views, complete_ms, self._monotonic() + seconds)
        self._kept[asked] = kept
        self._kept.move_to_end(asked)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    def _told(self, kept: _Kept) -> Count:
        left = max(1, ceil(kept.until - self._monotonic()))
        return Count(kept.views, kept.complete_ms, left)
