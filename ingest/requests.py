"""What clients send, checked whole, turned into events or into a list of what to send instead."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from domain.agents.labels import label_of
from domain.errors import Problem, RequestRefused
from domain.events import MAX_COUNT, MIN_AT_MS, Hour, PageViewed, Partition
from domain.hours import HOUR_MS, MAX_AHEAD_MS, parse_instant
from domain.pages import page_fault
from domain.partitioning import partition_for
from domain.retention import NOTHING_PAST, horizon
from ingest.decoding import NotJson, decode
from ingest.faults import (
    AGENT,
    EXAMPLE_MULTI,
    EXAMPLE_SINGLE,
    MEMBERS,
    Limits,
    faults_of_view,
    faults_of_views,
    timestamp_fault,
)
from ingest.viewers import Gathered, TextOf, Texts
from web.problems import MAX_ERRORS

MAX_BODY_BYTES = 10_000_000

Events = dict[Partition, list[PageViewed]]


class Views(NamedTuple):
    """The events of a request, the sum of their counts, and what is kept of their viewers."""

    events: Events
    total: int
    texts: Texts


# Many requests come within a millisecond.
@lru_cache(maxsize=8)
def limits(now_ms: int, days: int, kept: Hour = NOTHING_PAST) -> Limits:
    """What is accepted at `now_ms`, where `kept` is the oldest hour that the rows keep."""
    oldest = horizon(now_ms, days)
    oldest_ms = MIN_AT_MS if oldest is None else oldest * HOUR_MS
    kept_ms = kept * HOUR_MS
    latest_ms = now_ms + MAX_AHEAD_MS
    return Limits(max(oldest_ms, kept_ms), latest_ms, days, moved=kept_ms > oldest_ms)


def single_to_events(
    body: bytes, accepted: Limits, partitions: int, text_of: TextOf = label_of
) -> Views:
    """The one event of a single request. Raises `RequestRefused`."""
    page, timestamp, agent = _members(_decoded(body, EXAMPLE_SINGLE))
    page_is = page_fault(page)
    problems = [Problem("/page", page_is)] if page_is else []
    if fault := timestamp_fault("/timestamp", timestamp, accepted):
        problems.append(fault)
    if problems:
        raise RequestRefused(problems)
    partition = partition_for(page, partitions)
    text = text_of(agent) if agent else ""
    event = PageViewed(page, parse_instant(timestamp), 1)
    return Views({partition: [event]}, 1, {partition: [text]} if text else {})


def multi_to_events(
    body: bytes, accepted: Limits, partitions: int, text_of: TextOf = label_of
) -> Views:
    """All events of a multi request. Raises `RequestRefused`.

    All or nothing: one bad entry refuses the request, the first 100 bad entries are listed. A page,
    a moment or a user agent that is given twice is counted both times.
    """
    pages = _decoded(body, EXAMPLE_MULTI)
    oldest_ms, latest_ms = accepted.oldest_ms, accepted.latest_ms
    events: Events = {}
    viewers = Gathered(text_of)
    total = 0
    if not isinstance(pages, tuple):
        _refuse(pages, accepted)
    for page, counts in pages:
        if type(counts) is not tuple or page_fault(page):
            _refuse(pages, accepted)
        partition = partition_for(page, partitions)
        lane = events.setdefault(partition, [])
        for timestamp, count in counts:
            try:
                at_ms = parse_instant(timestamp)
            except ValueError:
                at_ms = latest_ms + 1
            if not oldest_ms <= at_ms <= latest_ms:
                _refuse(pages, accepted)
            if type(count) is int and 1 <= count <= MAX_COUNT:
                lane.append(PageViewed(page, at_ms, count))
            elif (count := viewers.add(partition, lane, page, at_ms, count)) is None:
                _refuse(pages, accepted)
            total += count
    events = {partition: lane for partition, lane in events.items() if lane}
    return Views(events, total, viewers.texts(events))


def _decoded(body: bytes, example: str) -> Any:
    try:
        return decode(body)
    except NotJson as error:
        problem = Problem("", f"the body is not JSON ({error}): send {example}")
        raise RequestRefused([problem]) from error


def _members(view: Any) -> tuple[str, str, str]:
    """Page, timestamp and user agent, which is empty where it was not sent."""
    if isinstance(view, tuple):
        given = dict(view)
        page, timestamp = given.get("page"), given.get("timestamp")
        if isinstance(page, str) and isinstance(timestamp, str):
            if len(view) == len(MEMBERS):
                return page, timestamp, ""
            agent = given.get(AGENT)
            if len(view) == len(MEMBERS) + 1 and isinstance(agent, str):
                return page, timestamp, agent
    raise RequestRefused(_first(faults_of_view(view)))


def _refuse(pages: Any, accepted: Limits) -> NoReturn:
    raise RequestRefused(_first(faults_of_views(pages, accepted)))


def _first(problems: Iterator[Problem]) -> list[Problem]:
    return list(islice(problems, MAX_ERRORS))
