"""All connections of a process: how many there are, what they hold, who has had their time."""

import logging
from collections import Counter
from typing import Protocol

from web.server.limits import Limits

logger = logging.getLogger(__name__)

_TELL_SECONDS = 60.0


class Guest(Protocol):
    """A connection, as the crowd sees it."""

    since: float
    """When it began to wait for what it waits for, in the loop's time."""

    def is_idle(self) -> bool:
        """Whether nothing of a request of its is here."""

    def leave(self) -> None:
        """Close it: its client has had its time."""

    def watch(self, now: float) -> None:
        """Close it where its client has had its time by `now`."""

    def pause(self) -> None:
        """Read no further requests."""

    def resume(self) -> None:
        """Go on."""


class Crowd:
    """Bounds what its connections hold, and tells once in a while what was refused."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.full = False
        """Whether no further requests are read ahead in this process."""
        self._guests: set[Guest] = set()
        self._ahead_bytes = 0
        self._refused: Counter[str] = Counter()
        self._told: float | None = None

    def enter(self, guest: Guest) -> bool:
        """Whether there is room, or somebody idle made room."""
        if len(self._guests) >= self.limits.connections and not self._make_room():
            self.refused("connections beyond the limit")
            return False
        self._guests.add(guest)
        return True

    def exit(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.discard(guest)

    def ahead(self, more_bytes: int) -> None:
        """A connection holds so many bytes more (or less) of requests that are not begun."""
        self._ahead_bytes += more_bytes
        if not self.full and self._ahead_bytes > self.limits.ahead_bytes_in_all:
            self.full = True
            for guest in self._guests:
                guest.pause()
        elif self.full and self._ahead_bytes < self.limits.ahead_bytes_in_all // 2:
            self.full = False
            for guest in self._guests:
                guest.resume()

    def refused(self, reason: str) -> None:
        """Something never reached the application; `reason` is ours, not the client's."""
        self._refused[reason] += 1

    def watch(self, now: float) -> None:
        """Close who has had their time, tell who was refused."""
        for guest in list(self._guests):
            guest.watch(now)
        if self._refused and (self._told is None or now - self._told >= _TELL_SECONDS):
            self._told = now
            counts = (f"{reason}: {count:,}" for reason, count in self._refused.most_common())
            logger.warning("refused before the application saw it: %s", ", ".join(counts))
            self._refused.clear()

    def _make_room(self) -> bool:
        idle = [guest for guest in self._guests if guest.is_idle()]
        if not idle:
            return False
        longest = min(idle, key=lambda guest: guest.since)
        longest.leave()
        self.exit(longest)
        self.refused("idle connections closed to make room")
        return True
