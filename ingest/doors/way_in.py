"""The way in that all doors share: which site, under which name, from where, and when."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from domain.events import PageViewed, Partition
from domain.hours import parse_instant
from domain.pages import page_fault
from domain.partitioning import partition_for
from domain.problems import INVALID, PAST_HORIZON, UNDECLARED_SITE
from domain.sites import Sites
from ingest.doors.addresses import Address, host_of, spellings
from ingest.doors.sources import source_of
from ingest.doors.spelling import ended, spelled, spelled_in_query
from ingest.doors.words import (
    MOMENT,
    ONLY,
    PAGE,
    SITE,
    Counted,
    Heard,
    NoView,
    Outcome,
    Refused,
    Told,
)
from ingest.faults import Limits, timestamp_fault
from ingest.viewers import TextOf, Texts

_SHOWN = 100


class Gathered(NamedTuple):
    """What of a request goes into the log: events by partition, and what is known beside them."""

    events: dict[Partition, list[PageViewed]]
    texts: Texts
    sources: Texts


class WayIn:
    """Makes views of what clients tell.

    Of a query the parameters `page_query`, commas between, stay in a page's name, in that order.
    """

    def __init__(self, sites: Sites, page_query: str, partitions: int, text_of: TextOf) -> None:
        self._sites = sites
        self._kept = [name for name in page_query.split(",") if name]
        self._partitions = partitions
        self._text_of = text_of
        alone = sites.text and "," not in sites.text and not sites.text.startswith("*")
        self._only = sites.text if alone else ""

    def outcome(self, heard: Heard, now_ms: int, accepted: Limits) -> Outcome:
        """What is made of it."""
        match heard:
            case Told():
                return self._view(heard, now_ms, accepted)
            case NoView():
                found = self._view(heard.told, now_ms, accepted)
                return found if isinstance(found, Refused) else None
            case _:
                return heard

    def _view(self, told: Told, now_ms: int, accepted: Limits) -> Counted | Refused:
        site = self._site(told)
        if isinstance(site, Refused):
            return site
        page = self._page(site, told)
        if fault := page_fault(page):
            return Refused(PAGE, fault)
        at_ms = now_ms
        if told.moment:
            if late := timestamp_fault("", told.moment, accepted):
                past = late.oldest_ms is not None
                return Refused(MOMENT, late.detail, PAST_HORIZON if past else INVALID)
            at_ms = parse_instant(told.moment)
        agent = self._text_of(told.agent) if told.agent else ""
        return Counted(page, at_ms, agent, source_of(told.address, told.referrer, site))

    def _site(self, told: Told) -> str | Refused:
        names = [self._only if name == ONLY else _host(name) for name in told.sites]
        hosts = [name for name in names or [told.address.host] if name]
        for host in hosts:
            for spelling in spellings(host):
                if site := self._sites.site_of(spelling):
                    return site
        if hosts:
            detail = f"{hosts[0][:_SHOWN]} is no site of SITES: views of declared sites are taken"
            return Refused(SITE, detail, UNDECLARED_SITE)
        return Refused(SITE, "no site is named: send the name of one, such as example.com")

    def _page(self, site: str, told: Told) -> str:
        address = told.address
        page = site + spelled(address.path) + self._query(address.query)
        # Behind the fragment of an application that routes by it stands its own query.
        if told.with_fragment and (fragment := address.fragment.partition("?")[0]):
            page += f"#{spelled(fragment)}"
        return ended(page)

    def _query(self, query: str) -> str:
        if not self._kept or not query:
            return ""
        given = [part.partition("=") for part in query.split("&")]
        named = [(spelled_in_query(name), spelled_in_query(value)) for name, _, value in given]
        kept = [f"{name}={value}" for each in self._kept for name, value in named if name == each]
        return f"?{'&'.join(kept)}" if kept else ""

    def gathered(self, views: Iterable[Counted]) -> Gathered:
        """By partition, in order."""
        events: dict[Partition, list[PageViewed]] = {}
        texts: dict[Partition, list[str | None]] = {}
        sources: dict[Partition, list[str | None]] = {}
        for view in views:
            partition = partition_for(view.page, self._partitions)
            events.setdefault(partition, []).append(PageViewed(view.page, view.at_ms, 1))
            texts.setdefault(partition, []).append(view.text or None)
            sources.setdefault(partition, []).append(view.source)
        known = {partition: column for partition, column in texts.items() if any(column)}
        return Gathered(events, known, sources)


def _host(name: str) -> str:
    """The host in the name of a site as people write it: with a scheme, with a path."""
    bare = name.partition("://")[2] or name
    return host_of(bare.partition("/")[0])


def once_a_page(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Of one view: a site that goes by several names gets it once."""
    found: dict[str | int, Outcome] = {}
    for at, each in enumerate(outcomes):
        found.setdefault(each.page if isinstance(each, Counted) else at, each)
    return [*found.values()]


def addressed(text: str, read: Callable[[str], Address | None], send: str) -> Address | Refused:
    """What `text` leads to, or that it leads to no page."""
    if len(text) > _MOST_CHARACTERS:
        return Refused(PAGE, f"the address has {len(text):,} characters: send a shorter one")
    found = read(text)
    return found or Refused(PAGE, f"{_shown(text)} is the address of no page: send {send}")


_MOST_CHARACTERS = 16_000


def _shown(text: str) -> str:
    cut = text[:_SHOWN].encode("utf-8", "replace").decode()
    return repr(cut if len(text) <= _SHOWN else f"{cut}…")


def all_named(text: str) -> Sequence[str]:
    """The sites in a list with commas between, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
