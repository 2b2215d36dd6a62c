"""What clients send, checked whole, turned into events or into a list of what to send instead."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from domain.errors import Problem, RequestRefused
from domain.events import MAX_COUNT, MIN_AT_MS, Hour, PageViewed, Partition
from domain.hours import HOUR_MS, MAX_AHEAD_MS, as_iso, hour_of, parse_instant
from domain.pages import page_fault
from domain.partitioning import partition_for
from domain.retention import NOTHING_PAST, horizon
from ingest.decoding import NotJson, decode
from web.problems import MAX_ERRORS

MAX_BODY_BYTES = 10_000_000

Events = dict[Partition, list[PageViewed]]

_MEMBERS = ("page", "timestamp")
_EXAMPLE_SINGLE = '{"page":"example.com/page","timestamp":"2025-07-16T10:00:00Z"}'
_EXAMPLE_MULTI = '{"example.com/page":{"2025-07-16T10:00:00Z":5}}'
_TIMESTAMP = "send an ISO 8601 timestamp such as 2025-07-16T10:00:00Z"


class Limits(NamedTuple):
    """The moments that are accepted, the last one too; `days` is RETENTION_DAYS, 0 for ever.

    `moved`: the oldest is where the rows' horizon stands, later than RETENTION_DAYS means.
    """

    oldest_ms: int
    latest_ms: int
    days: int = 0
    moved: bool = False


def limits(now_ms: int, days: int, kept: Hour = NOTHING_PAST) -> Limits:
    """What is accepted at `now_ms`, where `kept` is the oldest hour that the rows keep."""
    oldest = horizon(now_ms, days)
    oldest_ms = MIN_AT_MS if oldest is None else oldest * HOUR_MS
    kept_ms = kept * HOUR_MS
    latest_ms = now_ms + MAX_AHEAD_MS
    return Limits(max(oldest_ms, kept_ms), latest_ms, days, moved=kept_ms > oldest_ms)


def single_to_events(body: bytes, accepted: Limits, partitions: int) -> Events:
    """The one event of a single request. Raises `RequestRefused`."""
    page, timestamp = _page_and_timestamp(_decoded(body, _EXAMPLE_SINGLE))
    page_is = page_fault(page)
    problems = [Problem("/page", page_is)] if page_is else []
    if fault := _timestamp_fault("/timestamp", timestamp, accepted):
        problems.append(fault)
    if problems:
        raise RequestRefused(problems)
    event = PageViewed(page, parse_instant(timestamp), 1)
    return {partition_for(page, partitions): [event]}


def multi_to_events(body: bytes, accepted: Limits, partitions: int) -> tuple[Events, int]:
    """All events of a multi request and the sum of their counts. Raises `RequestRefused`.

    All or nothing: one bad entry refuses the request, the first 100 bad entries are listed. A page
    or moment that is given twice is counted both times.
    """
    pages = _decoded(body, _EXAMPLE_MULTI)
    oldest_ms, latest_ms = accepted.oldest_ms, accepted.latest_ms
    events: Events = {}
    total = 0
    if not isinstance(pages, tuple):
        _refuse(pages, accepted)
    for page, counts in pages:
        if type(counts) is not tuple or page_fault(page):
            _refuse(pages, accepted)
        lane = events.setdefault(partition_for(page, partitions), [])
        for timestamp, count in counts:
            try:
                at_ms = parse_instant(timestamp)
            except ValueError:
                at_ms = latest_ms + 1
            if type(count) is not int or not 1 <= count <= MAX_COUNT:
                _refuse(pages, accepted)
            if not oldest_ms <= at_ms <= latest_ms:
                _refuse(pages, accepted)
            lane.append(PageViewed(page, at_ms, count))
            total += count
    return {partition: lane for partition, lane in events.items() if lane}, total


def _decoded(body: bytes, example: str) -> Any:
    try:
        return decode(body)
    except NotJson as error:
        problem = Problem("", f"the body is not JSON ({error}): send {example}")
        raise RequestRefused([problem]) from error


def _page_and_timestamp(view: Any) -> tuple[str, str]:
    if isinstance(view, tuple) and len(view) == len(_MEMBERS):
        given = dict(view)
        page, timestamp = given.get("page"), given.get("timestamp")
        if isinstance(page, str) and isinstance(timestamp, str):
            return page, timestamp
    raise RequestRefused(_first(_faults_of_view(view)))


def _faults_of_view(view: Any) -> Iterator[Problem]:
    send = f"send {_EXAMPLE_SINGLE}"
    if not isinstance(view, tuple):
        yield Problem("", f"the body is not an object: {send}")
        return
    names = Counter(name for name, _ in view)
    for name, times in names.items():
        if name not in _MEMBERS:
            yield Problem("", f"{_shown(name)} is no member of a view: {send}")
        elif times > 1:
            yield Problem(_pointer(name), f"{name} is given {times:,} times: send it once")
    for name in _MEMBERS:
        if name not in names:
            yield Problem("", f"{name} is missing: {send}")
    for name, value in view:
        if name in _MEMBERS and not isinstance(value, str):
            yield Problem("", f"{name} is not a string: {send}")


def _timestamp_fault(pointer: str, timestamp: str, accepted: Limits) -> Problem | None:
    try:
        at_ms = parse_instant(timestamp)
    except ValueError:
        return Problem(pointer, f"timestamp {_shown(timestamp)} cannot be read: {_TIMESTAMP}")
    if at_ms > accepted.latest_ms:
        detail = (
            f"timestamp {_shown(timestamp)} is more than 1 h in the future: send the moment of "
            "the view, and check the client's clock and offset"
        )
        return Problem(pointer, detail)
    if at_ms < accepted.oldest_ms:
        keeps = "what is kept" if accepted.moved else f"RETENTION_DAYS={accepted.days} keeps"
        detail = (
            f"timestamp {_shown(timestamp)} is older than {keeps}: "
            f"the oldest accepted moment is {as_iso(hour_of(accepted.oldest_ms))}"
        )
        return Problem(pointer, detail, accepted.oldest_ms)
    return None


def _refuse(pages: Any, accepted: Limits) -> NoReturn:
    raise RequestRefused(_first(_faults(pages, accepted)))


def _first(problems: Iterator[Problem]) -> list[Problem]:
    return list(islice(problems, MAX_ERRORS))


def _faults(found: Any, accepted: Limits) -> Iterator[Problem]:
    if not isinstance(found, tuple):
        yield Problem("", f"the body is not an object: send {_EXAMPLE_MULTI}")
        return
    for page, counts in found:
        if fault := page_fault(page):
            yield Problem(_pointer(page), fault)
        if not isinstance(counts, tuple):
            detail = f"the page's value is not an object of counts: send {_EXAMPLE_MULTI}"
            yield Problem(_pointer(page), detail)
            continue
        for timestamp, count in counts:
            if late := _timestamp_fault(_pointer(page, timestamp), timestamp, accepted):
                yield late
            if type(count) is not int or not 1 <= count <= MAX_COUNT:
                detail = f"the count is not a whole number from 1 to {MAX_COUNT:,}"
                yield Problem(_pointer(page, timestamp), detail)


def _pointer(*names: str) -> str:
    """A JSON pointer (RFC 6901), long names cut."""
    escaped = (_cut(name).replace("~", "~0").replace("/", "~1") for name in names)
    return "".join(f"/{name}" for name in escaped)


def _shown(text: str) -> str:
    return repr(_cut(text))


def _cut(text: str, length: int = 100) -> str:
    # A lone surrogate cannot be sent back.
    safe = text[: length + 1].encode("utf-8", "replace").decode()
    return safe if len(safe) <= length else f"{safe[:length]}…"
