"""Numbers by time and key, as many as a bound on their memory lets be kept. Pure."""

from collections.abc import Iterator, Mapping
from sys import getsizeof
from typing import Generic, TypeVar

Key = TypeVar("Key", bound="tuple[object, ...]")

CELL_BYTES = 240
"""What a number takes beside the texts of its key: the key, the number, their places."""
_NOTHING: Mapping[object, int] = {}


class Kept(Generic[Key]):
    """Sums by unit of time and key; where they take more than `most_bytes` the oldest unit goes.

    From `since` on all that was added is there. What is added before it is passed over.
    """

    def __init__(self, most_bytes: int, since: int) -> None:
        self.since = since
        self.bytes = 0
        self._most = most_bytes
        self._units: dict[int, dict[Key, int]] = {}
        self._sizes: dict[int, int] = {}

    def add(self, unit: int, key: Key, views: int) -> None:
        """More views under a key."""
        if unit < self.since:
            return
        cells = self._units.get(unit)
        if cells is None:
            cells = self._units[unit] = {}
            self._sizes[unit] = 0
        before = cells.get(key)
        if before is not None:
            cells[key] = before + views
            return
        cells[key] = views
        size = CELL_BYTES + sum(getsizeof(part) for part in key if type(part) is str)
        self._sizes[unit] += size
        self.bytes += size
        if self.bytes > self._most:
            self._let_go()

    def forget_before(self, unit: int) -> None:
        """Time has gone on."""
        if unit <= self.since:
            return
        self.since = unit
        for old in [each for each in self._units if each < unit]:
            del self._units[old]
            self.bytes -= self._sizes.pop(old)

    def of(self, unit: int) -> Mapping[Key, int]:
        """What was added there."""
        return self._units.get(unit, _NOTHING)  # type: ignore[arg-type]

    def newest_first(self) -> Iterator[tuple[int, Mapping[Key, int]]]:
        """All units that have anything."""
        for unit in sorted(self._units, reverse=True):
            yield unit, self._units[unit]

    def _let_go(self) -> None:
        # A tenth at once: of what is let go one by one, each look for the oldest costs.
        while self._units and self.bytes > self._most - self._most // 10:
            self.forget_before(min(self._units) + 1)
