"""Short ways to make what tests are about."""

from domain.events import Batch, Entry, Offset, PageViewed
from domain.hours import parse_instant
from domain.wire import FORMAT, encode

TEN = parse_instant("2025-07-16T10:00:00Z")
HOUR_MS = 3_600_000


def event(page: str = "example.com/page", at_ms: int = TEN, count: int = 1) -> PageViewed:
    return PageViewed(page, at_ms, count)


def batch(
    *events: PageViewed,
    producer: str = "p1",
    sequence: int = 1,
    shard: int = 0,
    at_ms: int | None = None,
) -> Batch:
    """Recorded at `at_ms`; by itself at `TEN`, or as soon after as ingest takes the last event."""
    if at_ms is None:
        at_ms = max([TEN, *(found.at_ms - HOUR_MS for found in events)])
    return Batch(FORMAT, producer, sequence, at_ms, shard, list(events) or [event()])


def entry(offset: int, *events: PageViewed, **header: object) -> Entry:
    header.setdefault("sequence", offset + 1)
    return Entry(Offset(offset), encode(batch(*events, **header)))  # type: ignore[arg-type]
