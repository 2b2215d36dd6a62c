"""A request's events in runs that fit into a batch, and runs together in one."""

from collections.abc import Sequence
from typing import NamedTuple

from domain import guard, sources
from domain.agents import viewers
from domain.columns import PLACE_BYTES, text_bytes
from domain.events import PageViewed
from domain.wire import MAX_BYTES, MAX_EVENTS

# What an event costs beside its page: brackets, quotes, commas, moment, count.
_EVENT_OVERHEAD_BYTES = 36
HEADER_BYTES = 160
"""What a batch takes beside its events and tables."""

Column = Sequence[str | None] | None
"""A text for each event, None where nothing is known; None: of no event is."""


class Run(NamedTuple):
    """As much of a request as goes into one batch, and how many bytes at most it takes there,
    beside its header and what tables take whatever is in them.

    `texts` are of its viewers, `sources` are where they came from. New pages are bounded by
    `new_pages`, 0: they are not.
    """

    events: Sequence[PageViewed]
    size: int
    texts: Column = None
    sources: Column = None
    new_pages: int = 0


def cut(
    events: Sequence[PageViewed], texts: Column = None, came_from: Column = None, new_pages: int = 0
) -> list[Run]:
    """`events` in runs that fit into a batch."""
    if came_from is not None:
        came_from = [s if s is not None and sources.usable(s) else None for s in came_from]
    most = MAX_BYTES - HEADER_BYTES
    most -= _tables_bytes(texts is not None, came_from is not None, new_pages > 0)
    if texts is not None or came_from is not None:
        return _cut_with(events, (texts, came_from), most, new_pages)
    if len(events) == 1:
        return [Run(events, _cost(events[0]), new_pages=new_pages)]
    size = _size(events)
    if len(events) <= MAX_EVENTS and size <= most:
        return [Run(events, size, new_pages=new_pages)]
    runs: list[Run] = []
    start, size = 0, 0
    for index, event in enumerate(events):
        cost = _cost(event)
        if index > start and (index - start == MAX_EVENTS or size + cost > most):
            runs.append(Run(events[start:index], size, new_pages=new_pages))
            start, size = index, 0
        size += cost
    runs.append(Run(events[start:], size, new_pages=new_pages))
    return runs


def size_of_one(event: PageViewed, text: str | None) -> int:
    """What a run of one event takes that came with no more than the text of its viewer."""
    size = _cost(event)
    return size if text is None else size + PLACE_BYTES + text_bytes(text)


def fit(events: int, size: int, *, tabled: bool) -> bool:
    """Do so many fit into a batch, whatever tables they need?"""
    if tabled:
        size += _ALL_TABLES_BYTES + events * _PLACES_BYTES
    return events <= MAX_EVENTS and size <= MAX_BYTES - HEADER_BYTES


def _cut_with(
    events: Sequence[PageViewed], columns: tuple[Column, Column], most: int, new_pages: int
) -> list[Run]:
    """The same with texts: a batch holds each of its own once."""
    used = [column for column in columns if column is not None]
    runs: list[Run] = []

    def run(start: int, end: int | None, size: int) -> None:
        texts, came_from = (None if c is None else c[start:end] for c in columns)
        runs.append(Run(events[start:end], size, texts, came_from, new_pages))

    start, size = 0, 0
    known = _nothing_known(used)
    for index, event in enumerate(events):
        cost = _cost(event) + len(used) * PLACE_BYTES
        texts = [column[index] for column in used]
        more = _texts_bytes(texts, known)
        full = index - start == MAX_EVENTS or size + cost + more > most
        if index > start and full:
            run(start, index, size)
            start, size, known = index, 0, _nothing_known(used)
            more = _texts_bytes(texts, known)
        size += cost + more
        for text, its in zip(texts, known, strict=True):
            its.add(text)
    run(start, None, size)
    return runs


def _nothing_known(used: Sequence[object]) -> list[set[str | None]]:
    return [{None} for _ in used]


def _texts_bytes(texts: Sequence[str | None], known: Sequence[set[str | None]]) -> int:
    return sum(
        text_bytes(text or "") for text, its in zip(texts, known, strict=True) if text not in its
    )


class Room:
    """What a batch holds that is put together of runs."""

    def __init__(self) -> None:
        self._events = self._size = 0
        # Of each table: does the batch have it, and how many events it says nothing of.
        self._texts = self._sources = self._guarded = False
        self._textless = self._sourceless = 0

    def takes(self, run: Run) -> bool:
        """Put it in, unless that is too much for one batch; the first always is put in."""
        events, size = self._events + len(run.events), self._size + run.size
        texts = self._texts or run.texts is not None
        came_from = self._sources or run.sources is not None
        guarded = self._guarded or run.new_pages > 0
        textless = self._textless + (len(run.events) if run.texts is None else 0)
        sourceless = self._sourceless + (len(run.events) if run.sources is None else 0)
        more = 0
        if texts or came_from or guarded:
            # What a table says nothing of has a place in its column too.
            more = _tables_bytes(texts, came_from, guarded)
            more += (texts * textless + came_from * sourceless) * PLACE_BYTES
            more += guarded * events * guard.FLAG_BYTES
        too_much = events > MAX_EVENTS or HEADER_BYTES + size + more > MAX_BYTES
        if self._events and too_much:
            return False
        self._events, self._size = events, size
        self._texts, self._sources, self._guarded = texts, came_from, guarded
        self._textless, self._sourceless = textless, sourceless
        return True


def _tables_bytes(texts: bool, came_from: bool, guarded: bool) -> int:
    """What the tables take, whatever is in them."""
    return (
        texts * viewers.TABLE_BYTES + came_from * sources.TABLE_BYTES + guarded * guard.TABLE_BYTES
    )


_ALL_TABLES_BYTES = _tables_bytes(True, True, True)
# Of each event in each of them.
_PLACES_BYTES = 2 * PLACE_BYTES + guard.FLAG_BYTES


def _size(events: Sequence[PageViewed]) -> int:
    return sum(map(_cost, events))


def _cost(event: PageViewed) -> int:
    page = event.page
    # Quotes and backslashes, the only characters JSON escapes here, take two bytes.
    escapes = page.count('"') + page.count("\\")
    length = len(page) if page.isascii() else len(page.encode())
    return length + escapes + _EVENT_OVERHEAD_BYTES
