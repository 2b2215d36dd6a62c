"""A loop whose clock stands still while anything is to be done, and then leaps to the next timer.

What takes seconds takes none, and is as long as the clock says to the millisecond.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Leaping(selectors.DefaultSelector):
    """Instead of waiting it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.leaps = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        if timeout > 0:
            self.leaps += 1
            self.now += timeout
        return super().select(0)


class ClockedLoop(asyncio.SelectorEventLoop):
    """`leaps` are how often it would have slept."""

    def __init__(self) -> None:
        self._clock = _Leaping()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now

    @property
    def leaps(self) -> int:
        return self._clock.leaps

    @property
    def timers(self) -> int:
        """How many are set."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return sum(not timer.cancelled() for timer in timers)


def run(work: Coroutine[Any, Any, T]) -> T:
    """To its end, on such a loop."""
    with asyncio.Runner(loop_factory=ClockedLoop) as runner:
        return runner.run(work)
