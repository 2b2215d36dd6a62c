"""When what waits leaves for the log: alone at once, in company together."""

import asyncio
from typing import Protocol

# Nobody has come for so long: whoever can come with the others is here.
_QUIET_SECONDS = 0.002
# Loops keep time in milliseconds, and a timer may be a little early.
_EARLY_SECONDS = 0.0005
# Of requests a lane: beside so many a message of the log costs little.
_ENOUGH = 24


class Departing(Protocol):
    """What leaves with a flight."""

    def leave(self) -> None:
        """Now."""


class Flights:
    """One time for all lanes, so that their messages leave, and their confirms come back, with few
    system calls, and with as many events in each as there are.

    What has something to send and nothing under way leaves:

    - at once where the service was idle, or where as many requests wait as there have been in it
      since the last flight: those who wait for answers before they ask again are all here;
    - when nothing is under way and nobody came for a moment;
    - when there are enough of them;
    - at the latest `most_seconds` after the first of it has come. What is under way for so long
      is not waited for any more: a partition that confirms nothing holds no other up.
    """

    def __init__(self, most_seconds: float) -> None:
        self._most_seconds = most_seconds
        self._quiet_seconds = min(_QUIET_SECONDS, most_seconds)
        self._waiting: list[Departing] = []
        self._since = 0.0
        self._last = 0.0
        self._under_way = 0
        # What left before the last time that nobody waited any longer has another number.
        self._number = 0
        # Requests that are not answered, how many of them there were at once since the last
        # flight, and how many have come since.
        self._inside = self._expected = self._here = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._leaving = False

    def wait(self, lane: Departing, since: float) -> None:
        """`lane` has something to send, the first of it `since`, and nothing under way."""
        if not self._waiting or since < self._since:
            self._since = since
        self._waiting.append(lane)

    def came(self, now: float) -> None:
        """A request has, and its lanes wait."""
        idle = now - self._last > self._most_seconds
        self._last = now
        self._inside += 1
        self._here += 1
        if self._under_way:
            self._expected = max(self._expected, self._inside)
        elif idle or self._inside >= self._expected:
            self._leave_soon()
        if self._here >= _ENOUGH * (len(self._waiting) + self._under_way):
            self._leave_soon()
        if self._timer is None:
            self.look()

    def went(self, requests: int) -> None:
        """So many were answered, or do not wait any longer."""
        self._inside -= requests

    def left(self) -> int:
        """A lane has something under way; what it says once that has landed."""
        self._under_way += 1
        return self._number

    def landed(self, number: int) -> None:
        """It has nothing under way any more, or nobody knows when."""
        self._last = asyncio.get_running_loop().time()
        if number != self._number:
            return
        self._under_way -= 1
        if not self._under_way:
            self.look()

    def leave(self) -> None:
        """All that wait."""
        self._leaving = False
        self._set_timer(None)
        lanes, self._waiting = self._waiting, []
        for lane in lanes:
            lane.leave()
        self._expected = self._inside
        self._here = 0

    def _leave_soon(self) -> None:
        # Once round the loop: who was heard in the same round comes along.
        if self._waiting and not self._leaving:
            self._leaving = True
            asyncio.get_running_loop().call_soon(self.leave)

    def look(self) -> None:
        """Leave when it is time to, and see to it that somebody looks then."""
        if self._leaving or not self._waiting:
            return
        due = self._since + self._most_seconds
        if not self._under_way:
            due = min(due, self._last + self._quiet_seconds)
        if due <= asyncio.get_running_loop().time() + _EARLY_SECONDS:
            if self._under_way:
                self._number, self._under_way = self._number + 1, 0
            self._leave_soon()
        elif self._timer is None or due < self._due:
            self._set_timer(due)

    def _set_timer(self, due: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._due = due
            self._timer = asyncio.get_running_loop().call_at(due, self._at_timer)

    def _at_timer(self) -> None:
        self._timer = None
        self.look()
