"""A request's events in runs that fit into a batch."""

from collections.abc import Sequence

from domain.events import PageViewed
from domain.wire import MAX_BYTES, MAX_EVENTS

# What an event costs beside its page: brackets, quotes, commas, moment, count.
_EVENT_OVERHEAD_BYTES = 36
_HEADER_BYTES = 160


def cut(events: Sequence[PageViewed]) -> list[tuple[Sequence[PageViewed], int]]:
    """`events` in runs that fit into a batch, each with its size in bytes."""
    if len(events) == 1:
        return [(events, _HEADER_BYTES + _cost(events[0]))]
    size = _size(events)
    if len(events) <= MAX_EVENTS and size <= MAX_BYTES:
        return [(events, size)]
    slices: list[tuple[Sequence[PageViewed], int]] = []
    start = size = 0
    for index, event in enumerate(events):
        cost = _cost(event)
        if index > start and (index - start == MAX_EVENTS or size + cost > MAX_BYTES):
            slices.append((events[start:index], size))
            start, size = index, 0
        size += cost
    slices.append((events[start:], size))
    return slices


def _size(events: Sequence[PageViewed]) -> int:
    return _HEADER_BYTES + sum(map(_cost, events))


def _cost(event: PageViewed) -> int:
    page = event.page
    # Quotes and backslashes, the only characters JSON escapes here, take two bytes.
    escapes = page.count('"') + page.count("\\")
    length = len(page) if page.isascii() else len(page.encode())
    return length + escapes + _EVENT_OVERHEAD_BYTES
