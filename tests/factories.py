"""Short ways to make what tests are about."""

from collections.abc import Sequence

from domain.agents.classes import Agent
from domain.agents.classing import Classes
from domain.agents.viewers import LABEL, Viewers
from domain.events import Batch, Entry, Offset, PageViewed, TabledBatch
from domain.guard import Guard
from domain.hours import parse_instant
from domain.sources import Sources
from domain.wire import FORMAT, WITH_TABLES, encode

TEN = parse_instant("2025-07-16T10:00:00Z")
HOUR_MS = 3_600_000


def listed(*robots: str, version: str = "list 1") -> Classes:
    """A list by which these texts are robots, those with a `?` unknown, all others persons."""

    def class_of(text: str, kept: str) -> Agent:
        if text in robots:
            return Agent.ROBOT
        return Agent.UNKNOWN if text.startswith("?") else Agent.PERSON

    return Classes(class_of, version)


def event(page: str = "example.com/page", at_ms: int = TEN, count: int = 1) -> PageViewed:
    return PageViewed(page, at_ms, count)


def batch(
    *events: PageViewed,
    producer: str = "p1",
    sequence: int = 1,
    shard: int = 0,
    at_ms: int | None = None,
    agents: Sequence[str | None] = (),
    sources: Sequence[str | None] = (),
    new_pages: int | Sequence[int] = 0,
) -> Batch:
    """Recorded at `at_ms`; by itself at `TEN`, or as soon after as ingest takes the last event.

    `agents` are what is kept of the viewers of its events, in their order, `sources` where they
    came from. New pages are bounded by `new_pages`, one number or one for each event; 0: they are
    not.
    """
    if at_ms is None:
        at_ms = max([TEN, *(found.at_ms - HOUR_MS for found in events)])
    viewed = list(events) or [event()]
    viewers = Viewers.gathered(LABEL, "data 1", agents)
    came_from = Sources.gathered(sources)
    guard = Guard.gathered([new_pages] * len(viewed) if isinstance(new_pages, int) else new_pages)
    if viewers is None and came_from is None and guard is None:
        return Batch(FORMAT, producer, sequence, at_ms, shard, viewed)
    head = (producer, sequence, at_ms, shard, viewed)
    return TabledBatch(WITH_TABLES, *head, viewers, came_from, guard)


def entry(offset: int, *events: PageViewed, **header: object) -> Entry:
    header.setdefault("sequence", offset + 1)
    return Entry(Offset(offset), encode(batch(*events, **header)))  # type: ignore[arg-type]
