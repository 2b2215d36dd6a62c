"""The views of the last half hour, by minute. Pure, and bounded in memory.

Pages and sources are kept apart, as they are in the rows: of no view it is known which page a
source brought its viewer to.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.agents.classes import Agent
from domain.stats.selection import Kind, Selection, site_of
from read_api.live.kept import Kept, Key
from read_api.live.wanted import Wanted, wanted_pages, wanted_sites, wanted_sources

MINUTES = 30
LATEST = 10
MINUTE_MS = 60_000
_SECOND_MS = 1_000
_MOST_BYTES = 24_000_000
_MOST_BYTES_BESIDE = 8_000_000


class Viewed(NamedTuple):
    """`views` of a page at a moment; `source` None: nobody knows."""

    page: str
    at_ms: int
    views: int
    agent: Agent = Agent.UNKNOWN
    source: str | None = None


class ByMinute(NamedTuple):
    """Views of each of `MINUTES`, oldest first; None before the minute `since`: not known."""

    since: int
    minutes: Sequence[int | None]

    @property
    def views(self) -> int:
        """All of them that are known."""
        return sum(filter(None, self.minutes))


class Seen(NamedTuple):
    """Views of a page in a second."""

    second: int
    page: str
    views: int


class Counts:
    """What is known from the moment `now_ms` less half an hour on.

    Where more is seen than may be kept, the oldest goes: of pages first, of whole sites last.
    """

    def __init__(
        self, now_ms: int, most_bytes: int = _MOST_BYTES, most_beside: int = _MOST_BYTES_BESIDE
    ) -> None:
        first = first_minute(now_ms)
        self._pages: Kept[tuple[str, Agent]] = Kept(most_bytes, first)
        self._sites: Kept[tuple[str, Agent]] = Kept(most_beside, first)
        self._sources: Kept[tuple[str, str, Agent]] = Kept(most_beside, first)
        self._seen: Kept[tuple[str, Agent]] = Kept(most_beside, first * MINUTE_MS // _SECOND_MS)

    @property
    def bytes(self) -> int:
        """What all this takes, about."""
        return sum(each.bytes for each in (self._pages, self._sites, self._sources, self._seen))

    def add(self, viewed: Iterable[Viewed]) -> None:
        """Views that are confirmed."""
        for page, at_ms, views, agent, source in viewed:
            minute, site = at_ms // MINUTE_MS, site_of(page)
            self._pages.add(minute, (page, agent), views)
            self._sites.add(minute, (site, agent), views)
            self._seen.add(at_ms // _SECOND_MS, (page, agent), views)
            if source is not None:
                self._sources.add(minute, (site, source, agent), views)

    def move_on(self, now_ms: int) -> None:
        """It is now then: what is older than half an hour goes."""
        first = first_minute(now_ms)
        for kept in (self._pages, self._sites, self._sources):
            kept.forget_before(first)
        self._seen.forget_before(first * MINUTE_MS // _SECOND_MS)

    def by_minute(self, asked: Selection, now_ms: int) -> ByMinute:
        """The views of a selection, whose names are those that pages are counted by."""
        if asked.source is not None:
            return _told(self._sources, wanted_sources(asked), now_ms)
        if asked.kind in (Kind.ALL, Kind.SITE):
            return _told(self._sites, wanted_sites(asked), now_ms)
        return _told(self._pages, wanted_pages(asked), now_ms)

    def latest(self, asked: Selection, now_ms: int, most: int = LATEST) -> Sequence[Seen]:
        """The newest of them, newest first; none where they are asked for by their source."""
        if asked.source is not None:
            return []
        wanted, found = wanted_pages(asked), list[Seen]()
        for second, cells in self._seen.newest_first():
            if len(found) >= most:
                break
            pages: dict[str, int] = {}
            for (page, _), views in reversed([*wanted.of(cells)]):
                pages[page] = pages.get(page, 0) + views
            found += [Seen(second, page, views) for page, views in pages.items()]
        return found[:most]


def first_minute(now_ms: int) -> int:
    """The first of the `MINUTES` that are shown; the last is the one under way."""
    return now_ms // MINUTE_MS - MINUTES + 1


def _told(kept: Kept[Key], wanted: Wanted[Key], now_ms: int) -> ByMinute:
    first = first_minute(now_ms)
    minutes = [
        sum(views for _, views in wanted.of(kept.of(minute))) if minute >= kept.since else None
        for minute in range(first, first + MINUTES)
    ]
    return ByMinute(max(first, kept.since), minutes)
