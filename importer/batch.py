"""Views gathered for one request."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from domain.events import MAX_COUNT, Hour
from domain.hours import as_iso
from importer.views import View

MAX_ENTRIES = 1_000
MAX_BODY_BYTES = 500_000
"""Of a request. Proxies refuse large ones: nginx, as it comes, more than 1 MB."""

_encode = msgspec.json.Encoder().encode
# A moment and the largest count, with quotes, colon and comma.
_COUNT_BYTES = len(_encode(MAX_COUNT)) + len(_encode({"": 0}))
_ENTRY_BYTES = len(_encode({"0001-01-01T00:00:00Z": MAX_COUNT}))


class Line(NamedTuple):
    """Line `number`, from 1, of a file."""

    file: str
    number: int


class Batch:
    """Sums by page, hour and user agent: at most `MAX_ENTRIES`, `MAX_BODY_BYTES` as they are sent.

    Whoever gathers says in `first` where its first view stood; whoever sends gives it a `number`.
    """

    def __init__(self) -> None:
        self._pages: dict[str, dict[_Key, int]] = {}
        self._entries = 0
        self._bytes = 2
        self._lines: Counter[int] = Counter()
        self.views = 0
        self.first: Line | None = None
        self.number: int | None = None

    def add(self, view: View) -> bool:
        """False when there is no room: the view belongs into the next batch."""
        key = (view.hour, view.agent)
        held = self._pages.get(view.page, _NONE).get(key, 0)
        if held + view.count > MAX_COUNT or (not held and not self._has_room(view.page, key)):
            return False
        self._put(view.page, key, view.count)
        self._lines[view.hour] += 1
        return True

    @property
    def lines(self) -> int:
        """How many views were added, whatever their counts."""
        return self._lines.total()

    @property
    def entries(self) -> int:
        """How many pairs of page and hour, each counted once an agent."""
        return self._entries

    def since(self, oldest: int) -> "Batch":
        """What is in it of the hours from `oldest` on."""
        kept = _of(entry for entry in self._each() if entry[1][0] >= oldest)
        kept._lines = Counter({h: lines for h, lines in self._lines.items() if h >= oldest})
        return kept

    def halves(self) -> tuple["Batch", "Batch"]:
        """Its entries in two batches; where it has one entry, the second is empty.

        How many lines an hour has is kept in the first alone.
        """
        entries = list(self._each())
        middle = (len(entries) + 1) // 2
        first, second = _of(entries[:middle]), _of(entries[middle:])
        first._lines = self._lines
        return first, second

    def body(self) -> bytes:
        """JSON: page to timestamp to count, or to user agent to count where one is known."""
        return _encode({page: _counts(sums) for page, sums in self._pages.items()})

    def _has_room(self, page: str, key: "_Key") -> bool:
        page_bytes = 0 if page in self._pages else _page_bytes(page)
        full = self._bytes + page_bytes + _entry_bytes(key) > MAX_BODY_BYTES
        return self._entries < MAX_ENTRIES and not (full and self._entries)

    def _put(self, page: str, key: "_Key", count: int) -> None:
        sums = self._pages.get(page)
        if sums is None:
            sums = self._pages[page] = {}
            self._bytes += _page_bytes(page)
        if key not in sums:
            sums[key] = 0
            self._entries += 1
            self._bytes += _entry_bytes(key)
        sums[key] += count
        self.views += count

    def _each(self) -> Iterable[tuple[str, "_Key", int]]:
        for page, sums in self._pages.items():
            for key, count in sums.items():
                yield page, key, count


_Key = tuple[int, str]
"""Hour and agent, empty where none is known."""
_NONE: dict[_Key, int] = {}


def _of(entries: Iterable[tuple[str, _Key, int]]) -> Batch:
    batch = Batch()
    for page, key, count in entries:
        batch._put(page, key, count)
    return batch


def _counts(sums: Mapping[_Key, int]) -> dict[str, int | dict[str, int]]:
    """Timestamp to count, or to counts by agent."""
    by_hour: dict[str, int | dict[str, int]] = {}
    for (hour, agent), count in sums.items():
        moment = timestamp(hour)
        held = by_hour.get(moment)
        if held is None:
            by_hour[moment] = {agent: count} if agent else count
        elif isinstance(held, int):
            by_hour[moment] = {"": held, agent: count}
        else:
            held[agent] = count
    return by_hour


def _entry_bytes(key: _Key) -> int:
    """The most that it takes; its timestamp and its count as if it were alone."""
    return _ENTRY_BYTES + (_page_bytes(key[1]) + _COUNT_BYTES if key[1] else 0)


@lru_cache(maxsize=8_192)
def _page_bytes(page: str) -> int:
    """As it is sent, with the braces, the colon and the comma around it."""
    return len(_encode(page)) + 4


@lru_cache(maxsize=8_192)
def timestamp(hour: int) -> str:
    """`2025-07-16T10:00:00Z` for whole hours since 1970 UTC."""
    return as_iso(Hour(hour))
