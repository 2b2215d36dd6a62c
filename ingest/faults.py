"""What is wrong with a body, place by place, and what to send instead.

Only asked where something is: it looks at everything once more, and need not be fast.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.errors import Problem
from domain.events import MAX_COUNT
from domain.hours import as_iso, hour_of, parse_instant
from domain.pages import page_fault

MAX_AGENTS = 1_000
"""Different user agents in one request."""

MEMBERS = ("page", "timestamp")
AGENT = "user_agent"
EXAMPLE_SINGLE = '{"page":"example.com/page","timestamp":"2025-07-16T10:00:00Z"}'
EXAMPLE_MULTI = '{"example.com/page":{"2025-07-16T10:00:00Z":5}}'
_TIMESTAMP = "send an ISO 8601 timestamp such as 2025-07-16T10:00:00Z"


class Limits(NamedTuple):
    """The moments that are accepted, the last one too; `days` is RETENTION_DAYS, 0 for ever.

    `moved`: the oldest is where the rows' horizon stands, later than RETENTION_DAYS means.
    """

    oldest_ms: int
    latest_ms: int
    days: int = 0
    moved: bool = False


def is_count(count: object) -> bool:
    """Whether so many views can be counted."""
    return type(count) is int and 1 <= count <= MAX_COUNT


def faults_of_view(view: Any) -> Iterator[Problem]:
    """Of a single body's form."""
    send = f"send {EXAMPLE_SINGLE}"
    if not isinstance(view, tuple):
        yield Problem("", f"the body is not an object: {send}")
        return
    names = Counter(name for name, _ in view)
    for name, times in names.items():
        if name not in (*MEMBERS, AGENT):
            yield Problem("", f"{_shown(name)} is no member of a view: {send}")
        elif times > 1:
            yield Problem(_pointer(name), f"{name} is given {times:,} times: send it once")
    for name in MEMBERS:
        if name not in names:
            yield Problem("", f"{name} is missing: {send}")
    for name, value in view:
        if name in MEMBERS and not isinstance(value, str):
            yield Problem("", f"{name} is not a string: {send}")
        elif name == AGENT and not isinstance(value, str):
            detail = f"{AGENT} is not a string: send the header User-Agent as it came, or leave out"
            yield Problem(_pointer(name), f"{detail} {AGENT}")


def timestamp_fault(pointer: str, timestamp: str, accepted: Limits) -> Problem | None:
    """What is wrong with a moment."""
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


def faults_of_views(found: Any, accepted: Limits) -> Iterator[Problem]:
    """Of a multi body."""
    if not isinstance(found, tuple):
        yield Problem("", f"the body is not an object: send {EXAMPLE_MULTI}")
        return
    agents: set[str] = set()
    for page, counts in found:
        if fault := page_fault(page):
            yield Problem(_pointer(page), fault)
        if not isinstance(counts, tuple):
            detail = f"the page's value is not an object of counts: send {EXAMPLE_MULTI}"
            yield Problem(_pointer(page), detail)
            continue
        for timestamp, count in counts:
            if late := timestamp_fault(_pointer(page, timestamp), timestamp, accepted):
                yield late
            by_agent = count if isinstance(count, tuple) else ()
            agents.update(agent for agent, _ in by_agent)
            yield from _faults_of_counts((page, timestamp), count)
    if len(agents) > MAX_AGENTS:
        detail = (
            f"the body has {len(agents):,} different user agents, of at most {MAX_AGENTS:,}: send "
            "it in several requests"
        )
        yield Problem("", detail)


def _faults_of_counts(at: tuple[str, str], count: Any) -> Iterator[Problem]:
    detail = f"the count is not a whole number from 1 to {MAX_COUNT:,}"
    if not isinstance(count, tuple):
        if not is_count(count):
            yield Problem(_pointer(*at), detail)
        return
    for agent, views in count:
        if not is_count(views):
            yield Problem(_pointer(*at, agent), detail)


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
