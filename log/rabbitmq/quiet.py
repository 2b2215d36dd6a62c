"""Reading from a node that says nothing, while the log may go on at others."""

import asyncio
from collections.abc import Callable, Sequence

from domain.errors import LogUnavailable
from domain.events import Entry, Offset
from domain.ports.log import Subscription

# The first look elsewhere comes after so long; each next one when it has been quiet for twice as
# long, up to the last.
_FIRST_SECONDS = 5.0
_LAST_SECONDS = 30.0
# A node that is not cut off is so much behind the others at most.
_GRACE_SECONDS = 1.0

# What is wrong with a node that has delivered all before the first offset, while the log ends at
# the second.
Behind = Callable[[Offset, Offset], LogUnavailable]


class Watched(Subscription):
    """Passes on what `inner` delivers from `offset` on, until it is `behind`.

    Whoever learns where the log ends, at whatever node, says it with `ends_at`.
    """

    def __init__(self, inner: Subscription, offset: Offset, behind: Behind) -> None:
        self._inner = inner
        self._next = offset
        self._behind = behind
        self._end = offset
        self._waits_since: float | None = None
        self._heard_at = self._asked_at = _now()

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        entries = await self._inner.take(limit, timeout_seconds)
        if entries:
            self._next = Offset(entries[-1].offset + 1)
            self._heard_at, self._waits_since = _now(), None
        elif self._end > self._next:
            self._wait()
        return entries

    def _wait(self) -> None:
        """For what is said to be there already."""
        self._waits_since = self._waits_since or _now()
        if _now() - self._waits_since >= _GRACE_SECONDS:
            raise self._behind(self._next, self._end)

    def ends_at(self, end: Offset) -> None:
        """Some node says that the log ends there."""
        self._end = max(self._end, end)
        self._asked_at = _now()

    def looked(self) -> None:
        """The others were asked, whether any of them has answered or not."""
        self._asked_at = _now()

    @property
    def look_in_seconds(self) -> float:
        """How long until somebody should ask where the log ends, less than 0 where it is time."""
        quiet = self._asked_at - self._heard_at
        pause = min(max(quiet, _FIRST_SECONDS), _LAST_SECONDS)
        return max(self._asked_at, self._heard_at) + pause - _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
