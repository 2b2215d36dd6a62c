"""Views gathered for one request."""

from collections import Counter
from functools import lru_cache

import msgspec

from domain.events import MAX_COUNT, Hour
from domain.hours import as_iso
from importer.views import View

MAX_ENTRIES = 1_000

_encode = msgspec.json.Encoder().encode


class Batch:
    """Sums of at most `MAX_ENTRIES` pairs of page and hour."""

    def __init__(self) -> None:
        self._pages: dict[str, dict[int, int]] = {}
        self._entries = 0
        self._lines: Counter[int] = Counter()
        self.views = 0

    def add(self, view: View) -> bool:
        """False when there is no room: the view belongs into the next batch."""
        hours = self._pages.get(view.page)
        held = hours.get(view.hour, 0) if hours else 0
        if held + view.count > MAX_COUNT or (not held and self._entries == MAX_ENTRIES):
            return False
        if hours is None:
            hours = self._pages[view.page] = {}
        hours[view.hour] = held + view.count
        self._entries += not held
        self._lines[view.hour] += 1
        self.views += view.count
        return True

    @property
    def lines(self) -> int:
        """How many views were added, whatever their counts."""
        return self._lines.total()

    def since(self, oldest: int) -> "Batch":
        """What is in it of the hours from `oldest` on."""
        kept = Batch()
        for page, hours in self._pages.items():
            if left := {hour: count for hour, count in hours.items() if hour >= oldest}:
                kept._pages[page] = left
                kept._entries += len(left)
                kept.views += sum(left.values())
        kept._lines = Counter({h: lines for h, lines in self._lines.items() if h >= oldest})
        return kept

    def body(self) -> bytes:
        """JSON: page to timestamp to count."""
        return _encode(
            {
                page: {timestamp(hour): count for hour, count in hours.items()}
                for page, hours in self._pages.items()
            }
        )


@lru_cache(maxsize=8_192)
def timestamp(hour: int) -> str:
    """`2025-07-16T10:00:00Z` for whole hours since 1970 UTC."""
    return as_iso(Hour(hour))
