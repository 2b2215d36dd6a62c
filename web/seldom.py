"""What the log is told once in a while: thousands of requests fail for the same reason."""

from collections.abc import Callable

SECONDS = 60.0
# Reasons in that time; what a driver says may be another each time.
_MOST = 100


class Seldom:
    """Says what is due to be told; `clock` has seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._times: dict[str, int] = {}

    def due(self, what: str) -> str:
        """`what`, where it is the first time within a minute, or else "".

        With how often it happened in the minute before, where that was more than once.
        """
        before = 0
        now = self._clock()
        if now - self._since >= SECONDS:
            before = self._times.get(what, 0)
            self._since, self._times = now, {}
        if what in self._times:
            self._times[what] += 1
            return ""
        if len(self._times) == _MOST:
            return ""
        self._times[what] = 1
        return f"{what} ({before:,} times since it was told last)" if before > 1 else what
