"""From a query string to an answer, endpoint by endpoint."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from domain.ports.stats import StatsReader
from domain.stats.comparing import Compare
from domain.stats.periods import Period
from domain.stats.ranking import MAX_LIMIT, After, By, Order
from read_api.stats.asked import RANGE, Asked, read_span
from read_api.stats.bounds import read_bounds
from read_api.stats.cursors import OfAnother, Unreadable, place_of
from read_api.stats.given import SOURCE, Given
from read_api.stats.lists import List, read_list, read_movers
from read_api.stats.snapshots import Told, told_by
from read_api.stats.trends import MAX_PARTS
from read_api.stats.views import read_views
from read_api.stats.week import read_week

DEFAULT_PERIOD = Period.WEEK
DEFAULT_LIMIT = 10
_HOUR = 3_600


class Count(Enum):
    """What is counted for the bounds beside what is known anyway."""

    ALL = "all"
    NONE = "none"


_COUNTS = {one.value: one for one in Count}
_COMPARE = {one.value: one for one in Compare}
_ORDERS = {
    By.PAGE: {"views": Order.VIEWS, "change": Order.CHANGE, "page": Order.NAME},
    By.SITE: {"views": Order.VIEWS, "change": Order.CHANGE, "site": Order.NAME},
    By.SOURCE: {"views": Order.VIEWS, "change": Order.CHANGE, "source": Order.NAME},
}
OF_PAGES = {
    SOURCE: "sources are counted by site and not by page: leave source out, or ask views, sites or "
    "hours-of-week with it, or sources themselves"
}
"""Of what is about pages alone."""
_OF_NO_SOURCE = {
    name: f"sources are counted by site and not by page: send site in place of {name}"
    for name in ("page", "prefix")
} | {SOURCE: "sources are what is listed: send search, or ask views with source"}


class Endpoint(NamedTuple):
    """What is asked under a name; `read` takes the present in seconds since 1970.

    `names` are its parameters, beside `format`. Of what others have `elsewhere` says what to ask
    instead.
    """

    name: str
    names: Sequence[str]
    read: Callable[[StatsReader, Given, int], Coroutine[Any, Any, Told]]
    elsewhere: Mapping[str, str] = {}


async def _views(reader: StatsReader, given: Given, now: int) -> Told:
    asked = await _asked(reader, given, now)
    return told_by(asked.by, await read_views(reader, asked))


async def _pages(reader: StatsReader, given: Given, now: int) -> Told:
    wanted = await _list(reader, given, now, By.PAGE)
    return told_by(wanted.asked.by, await read_list(reader, wanted))


async def _sites(reader: StatsReader, given: Given, now: int) -> Told:
    wanted = await _list(reader, given, now, By.SITE)
    return told_by(wanted.asked.by, await read_list(reader, wanted))


async def _sources(reader: StatsReader, given: Given, now: int) -> Told:
    wanted = await _list(reader, given, now, By.SOURCE)
    return told_by(wanted.asked.by, await read_list(reader, wanted))


async def _movers(reader: StatsReader, given: Given, now: int) -> Told:
    limit = given.number("limit", DEFAULT_LIMIT, MAX_LIMIT)
    asked = await _asked(reader, given, now, Compare.PREVIOUS)
    return told_by(asked.by, await read_movers(reader, asked, limit))


async def _week(reader: StatsReader, given: Given, now: int) -> Told:
    asked = await _asked(reader, given, now)
    return told_by(asked.by, await read_week(reader, asked))


async def _bounds(reader: StatsReader, given: Given, _: int) -> Told:
    agent, count = given.agent(), given.choice("count", _COUNTS)
    given.refuse_faults()
    return await read_bounds(reader, agent, counted=count is not Count.NONE)


_LIST = (*RANGE, "compare", "order", "search", "limit", "cursor", "trend")
_OF_SOURCES = [name for name in _LIST if name not in _OF_NO_SOURCE]
ENDPOINTS = (
    Endpoint("views", (*RANGE, SOURCE, "compare"), _views),
    Endpoint("pages", _LIST, _pages, OF_PAGES),
    Endpoint("sites", (*_LIST, SOURCE), _sites),
    Endpoint("sources", _OF_SOURCES, _sources, _OF_NO_SOURCE),
    Endpoint("movers", (*RANGE, "compare", "limit"), _movers, OF_PAGES),
    Endpoint("hours-of-week", (*RANGE, SOURCE), _week),
    Endpoint("bounds", ("agent", "count"), _bounds),
)


async def _list(reader: StatsReader, given: Given, now: int, by: By) -> List:
    order = given.choice("order", _ORDERS[by]) or Order.VIEWS
    search = given.search()
    limit = given.number("limit", DEFAULT_LIMIT, MAX_LIMIT)
    trend = given.number("trend", 1, MAX_PARTS) if "trend" in given else 0
    question = [("", by.value), *given.all_but("cursor", "limit", "trend", "format")]
    if given.caller.sites is not None:
        # Of others it would be another list, with other ranks.
        question += [("sites", site) for site in ("", *sorted(given.caller.sites))]
    after, now = _place(given, question, now)
    compare = Compare.PREVIOUS if order is Order.CHANGE else None
    asked = await _asked(reader, given, now, compare)
    return List(asked, by, order, search, limit, trend, after, question)


def _place(given: Given, question: Sequence[tuple[str, str]], now: int) -> tuple[After | None, int]:
    """Where the list goes on, and the present it began at: its hours do not move on."""
    cursor = given.text("cursor")
    if cursor is None:
        return None, now
    try:
        after, hour = place_of(cursor, question)
    except OfAnother:
        detail = (
            "cursor is of another question: send it with the parameters that its answer was "
            "asked with, or leave it out"
        )
    except Unreadable:
        detail = "cursor cannot be read: send `next` of an answer as it is, or leave it out"
    else:
        return after, min(now, hour * _HOUR)
    given.fault("cursor", detail)
    return None, now


async def _asked(
    reader: StatsReader, given: Given, now: int, compare: Compare | None = None
) -> Asked:
    """The shared part of a question. Raises `RequestRefused` with every fault of the query."""
    selection = given.selection()
    compare = given.choice("compare", _COMPARE) or compare
    span = read_span(given, now, DEFAULT_PERIOD)
    given.refuse_faults()
    first = await reader.first() if span.begins_with_views else None
    hours = span.range(now, first.hour if first else None)
    unit = span.unit_of(hours)
    by = first.standing if first else None
    return Asked(selection, hours, unit, span.zone, now, compare, span.moved, by)
