"""All connections of a process: how many there are, what they hold, who has had their time."""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Protocol

from web.server.limits import Limits

logger = logging.getLogger(__name__)

_TELL_SECONDS = 60.0
# Of those beyond the limit.
_MOST_LINGERING = 32


Told = Callable[[str, int, bytes], None]
"""Takes the method ("" where none was read), the status and the name of a request that was answered
before the application saw it, or in its place."""


def not_told(_: str, __: int, ___: bytes) -> None:
    """Where nobody listens."""


class Guest(Protocol):
    """A connection, as the crowd sees it."""

    def dismiss(self) -> None:
        """End it at once."""

    def watch(self, now: float) -> None:
        """End it where its client has had its time by `now`."""


class Crowd:
    """Bounds what its connections hold, and tells once in a while what was refused.

    It watches each until it is gone: a client that takes nothing in keeps a closed one open.
    """

    def __init__(self, limits: Limits, told: Told = not_told) -> None:
        self.limits = limits
        self.told = told
        self.ahead_bytes = 0
        """What connections hold of requests that are not begun."""
        self._guests: set[Guest] = set()
        self._idle: OrderedDict[Guest, None] = OrderedDict()
        self._going: set[Guest] = set()
        self._refused: Counter[str] = Counter()
        self._told: float | None = None

    @property
    def present(self) -> int:
        """How many there are, those that are told to go as well."""
        return len(self._guests)

    def enter(self, guest: Guest) -> bool:
        """Whether there is room, or somebody idle made room."""
        self._guests.add(guest)
        self._idle[guest] = None
        if self.present - len(self._going) <= self.limits.connections:
            return True
        longest, _ = self._idle.popitem(last=False)
        self._going.add(longest)
        if longest is not guest:
            longest.dismiss()
            self.refused("idle connections closed to make room")
            return True
        self.refused("connections beyond the limit")
        return False

    def has_time(self) -> bool:
        """Whether one that is refused may stay until its client has heard of it."""
        most = min(_MOST_LINGERING, max(1, self.limits.connections // 8))
        return len(self._going) <= most

    def exit(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.discard(guest)
        self._going.discard(guest)
        self._idle.pop(guest, None)

    def idle(self, guest: Guest) -> None:
        """It has no request under way: it goes, the longest such first, where room is needed.

        The beginning of its headers is none: many who send no more would keep all others out.
        """
        if guest not in self._going:
            self._idle[guest] = None

    def busy(self, guest: Guest) -> None:
        """It has a request under way."""
        self._idle.pop(guest, None)

    def ahead(self, more_bytes: int) -> bool:
        """A connection holds so many bytes more (or less) of requests that are not begun.

        False where that is more than a process may hold: it has to give up what it can.
        """
        self.ahead_bytes += more_bytes
        return more_bytes <= 0 or self.ahead_bytes <= self.limits.ahead_bytes_in_all

    def refused(self, reason: str) -> None:
        """Something never reached the application; `reason` is ours, not the client's."""
        self._refused[reason] += 1

    def watch(self, now: float) -> None:
        """End who has had their time, tell who was refused."""
        for guest in list(self._guests):
            guest.watch(now)
        if self._refused and (self._told is None or now - self._told >= _TELL_SECONDS):
            self._told = now
            counts = (f"{reason}: {count:,}" for reason, count in self._refused.most_common())
            logger.warning("refused before the application saw it: %s", ", ".join(counts))
            self._refused.clear()
