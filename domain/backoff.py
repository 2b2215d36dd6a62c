"""How long to wait before the next try."""

from typing import NamedTuple


class Backoff(NamedTuple):
    """Pauses that double, in seconds, from `first` to `last`."""

    first: float
    last: float

    def next(self, pause: float) -> float:
        """The pause that follows `pause`."""
        return min(pause * 2, self.last)
