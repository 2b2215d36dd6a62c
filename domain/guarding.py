"""How many pages strangers may name: who is new in an hour of a site, and who is one too many.

A page of theirs is known for a day after it was counted by its own name, by the hours in which
batches were recorded. One that is not known is new, and of the new ones of an hour and site so many
are known from then on as the batch says. What is more counts for one page of the site.

All of it is decided in the order of the log and of one partition: the same wherever the log is
cut. A flood cannot displace a page that somebody looks at every day.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from domain.counting import RowKey
from domain.dimensions import OTHER_PAGE
from domain.events import MAX_PAGE_BYTES, Hour
from domain.stats.selection import site_of

KNOWN_HOURS = 24
"""How long a page is known after the hour of recording in which it was counted last."""


class GuardedRun(Struct):
    """Guarded views of batches one after the other, all recorded in `hour`, of which each took
    `new_pages`. In the order of the log; of what was carried over 0 views.
    """

    hour: Hour
    new_pages: int
    rows: dict[RowKey, int] = field(default_factory=dict)


class Known(NamedTuple):
    """A page is counted by its own name since the hour `first`, and was in `last`."""

    first: Hour
    last: Hour


class SiteHour(NamedTuple):
    """Where new pages are counted; the hour is one of recording."""

    site: str
    hour: Hour


class Pages:
    """The pages of strangers that are known in a partition.

    Of a page the last time that it was known matters, and of each hour and site how many were new.
    """

    def __init__(self) -> None:
        self._known: dict[str, Known | None] = {}
        self._new: dict[SiteHour, int] = {}
        self.changed: dict[tuple[str, Hour], Hour] = {}
        """`Known.last` by page and `Known.first`, where they were not so."""

    def unknown(self, runs: Iterable[GuardedRun]) -> set[str]:
        """Pages of which nothing was learnt."""
        return {page for run in runs for page, _, _ in run.rows} - self._known.keys()

    def uncounted(self, runs: Iterable[GuardedRun]) -> set[SiteHour]:
        """Where it was not learnt how many were new, and may be asked."""
        return {
            SiteHour(site_of(page), run.hour)
            for run in runs
            for page, _, _ in run.rows
            if not self._knows(page, run.hour)
        } - self._new.keys()

    def learn(self, pages: Iterable[str], known: Mapping[str, Known]) -> None:
        """Of these pages those that are or were known."""
        for page in pages:
            self._known.setdefault(page, known.get(page))

    def learn_new(self, places: Iterable[SiteHour], new: Mapping[SiteHour, int]) -> None:
        """How many were new there."""
        for place in places:
            self._new.setdefault(place, new.get(place, 0))

    def named(self, runs: Iterable[GuardedRun]) -> tuple[dict[RowKey, int], int]:
        """The rows of the runs by the names that they are counted by, and how many views have lost
        their own. All that was unknown or uncounted is learnt.
        """
        rows: dict[RowKey, int] = {}
        lost = 0
        for run in runs:
            for (page, hour, slot), views in run.rows.items():
                own = self._takes(page, run)
                key = (page if own else other_page(page), hour, slot)
                if views:
                    rows[key] = rows.get(key, 0) + views
                    lost += 0 if own else views
        return rows, lost

    def _takes(self, page: str, run: GuardedRun) -> bool:
        """Is it counted by its own name?"""
        known = self._known[page]
        if known is not None and self._knows(page, run.hour):
            if run.hour > known.last:
                self._set(page, Known(known.first, run.hour))
            return True
        place = SiteHour(site_of(page), run.hour)
        if self._new[place] >= run.new_pages:
            return False
        self._new[place] += 1
        self._set(page, Known(run.hour, run.hour))
        return True

    def _knows(self, page: str, hour: Hour) -> bool:
        known = self._known.get(page)
        return known is not None and known.last >= hour - KNOWN_HOURS

    def _set(self, page: str, known: Known) -> None:
        self._known[page] = known
        self.changed[page, known.first] = known.last


def other_page(page: str) -> str:
    """The page of its site that stands for those that are too many."""
    # As long as a page may be, whatever stands before its first slash.
    room = MAX_PAGE_BYTES - len(OTHER_PAGE) - 1
    site = site_of(page).encode()[:room].decode("utf-8", "ignore")
    return f"{site}/{OTHER_PAGE}"
