"""Views gathered for one request."""

from collections import Counter
from collections.abc import Iterable
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
_ENTRY_BYTES = len(_encode({"0001-01-01T00:00:00Z": MAX_COUNT}))


class Line(NamedTuple):
    """Line `number`, from 1, of a file."""

    file: str
    number: int


class Batch:
    """Sums of pairs of page and hour: at most `MAX_ENTRIES`, and `MAX_BODY_BYTES` as they are sent.

    Whoever gathers says in `first` where its first view stood; whoever sends gives it a `number`.
    """

    def __init__(self) -> None:
        self._pages: dict[str, dict[int, int]] = {}
        self._entries = 0
        self._bytes = 2
        self._lines: Counter[int] = Counter()
        self.views = 0
        self.first: Line | None = None
        self.number: int | None = None

    def add(self, view: View) -> bool:
        """False when there is no room: the view belongs into the next batch."""
        held = self._pages.get(view.page, {}).get(view.hour, 0)
        if held + view.count > MAX_COUNT or (not held and not self._has_room(view.page)):
            return False
        self._put(view.page, view.hour, view.count)
        self._lines[view.hour] += 1
        return True

    @property
    def lines(self) -> int:
        """How many views were added, whatever their counts."""
        return self._lines.total()

    @property
    def entries(self) -> int:
        """How many pairs of page and hour."""
        return self._entries

    def since(self, oldest: int) -> "Batch":
        """What is in it of the hours from `oldest` on."""
        kept = _of(entry for entry in self._each() if entry[1] >= oldest)
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
        """JSON: page to timestamp to count."""
        return _encode(
            {
                page: {timestamp(hour): count for hour, count in hours.items()}
                for page, hours in self._pages.items()
            }
        )

    def _has_room(self, page: str) -> bool:
        page_bytes = 0 if page in self._pages else _page_bytes(page)
        full = self._bytes + page_bytes + _ENTRY_BYTES > MAX_BODY_BYTES
        return self._entries < MAX_ENTRIES and not (full and self._entries)

    def _put(self, page: str, hour: int, count: int) -> None:
        hours = self._pages.get(page)
        if hours is None:
            hours = self._pages[page] = {}
            self._bytes += _page_bytes(page)
        if hour not in hours:
            hours[hour] = 0
            self._entries += 1
            self._bytes += _ENTRY_BYTES
        hours[hour] += count
        self.views += count

    def _each(self) -> Iterable[tuple[str, int, int]]:
        for page, hours in self._pages.items():
            for hour, count in hours.items():
                yield page, hour, count


def _of(entries: Iterable[tuple[str, int, int]]) -> Batch:
    batch = Batch()
    for page, hour, count in entries:
        batch._put(page, hour, count)
    return batch


def _page_bytes(page: str) -> int:
    """As it is sent, with the braces, the colon and the comma around it."""
    return len(_encode(page)) + 4


@lru_cache(maxsize=8_192)
def timestamp(hour: int) -> str:
    """`2025-07-16T10:00:00Z` for whole hours since 1970 UTC."""
    return as_iso(Hour(hour))
