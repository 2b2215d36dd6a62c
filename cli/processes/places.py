"""Where a child listens: its parent hands the sockets over once they are bound.

So a child can load what it needs while all that comes before is still being done.
"""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from cli.processes.listening import Sockets

PLACE = "FOOTFALL_PLACE"
# A host has few addresses; the system takes no more than 253 at once.
_MOST = 64


class Place:
    """What one child after the other listens on."""

    def __init__(self) -> None:
        self._sockets: Sockets | None = None
        self._way: socket.socket | None = None

    def taken(self, way: socket.socket) -> None:
        """By the child at the other end of `way`."""
        self._leave()
        self._way = way
        self._hand_over()

    def bound(self, sockets: Sockets) -> None:
        """From now on there is something to listen on."""
        self._sockets = sockets
        self._hand_over()

    def close(self) -> None:
        """What connects from now on is refused, not forgotten."""
        for each in self._sockets or ():
            each.close()
        self._leave()

    def _hand_over(self) -> None:
        if self._way is None or self._sockets is None:
            return
        # A child that is gone already is followed by another one.
        with suppress(OSError):
            descriptors = [each.fileno() for each in self._sockets]
            socket.send_fds(self._way, [b"."], descriptors)
        self._leave()

    def _leave(self) -> None:
        if self._way is not None:
            self._way.close()
            self._way = None


def bind(places: Sequence[Place], listeners: Sequence[Sockets]) -> None:
    """Each place gets sockets of its own."""
    for place, sockets in zip(places, listeners, strict=True):
        place.bound(sockets)


def started_by_a_parent() -> bool:
    """Is this one of the processes that a parent keeps, which has looked at what they need?"""
    return bool(os.environ.get(PLACE))


def inherited() -> Sockets | None:
    """What the parent process binds for this one, waited for; None where there is no parent.

    Without a parent any more the process ends: nobody has asked it for anything.
    """
    descriptor = os.environ.get(PLACE)
    if not descriptor:
        return None
    with socket.socket(fileno=int(descriptor)) as way:
        _, descriptors, *_ = socket.recv_fds(way, 1, _MOST)
    if not descriptors:
        sys.exit(0)
    return [socket.socket(fileno=each) for each in descriptors]
