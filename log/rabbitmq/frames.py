"""What comes in on a connection, told apart before the client library reads it.

The library makes objects of every frame and a task of every delivery. What is worth it is taken out
here as it lies in the bytes; all else goes on to the library untouched and in order.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from struct import Struct
from typing import Protocol, SupportsIndex

UNFINISHED = 0
"""What a `Taker` returns while it waits for the rest."""
NOT_MINE = -1
"""What a `Taker` returns where the library is to read on."""
MOST_BYTES = 131_072
"""Of what is waited for until it is there as a whole."""

_METHOD = 1
_HEAD = Struct(">BHI")
# What a frame has beside its payload: the head, and a mark at its end.
_AROUND = _HEAD.size + 1
_HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"
# The library gives up a broker of which it has read nothing for half a minute.
_ALIVE_SECONDS = 1.0


class Taker(Protocol):
    """Takes frames of one channel out of what comes in."""

    def take(self, data: bytes, place: int) -> int:
        """Look at what has arrived from `place` on, where a method of the channel begins.

        Returns where that ends which was taken, or `UNFINISHED`, or `NOT_MINE`.
        """


class Frames(asyncio.StreamReader):
    """What the client library reads: all that the `takers`, each for a channel, have left.

    `heard` is given what the broker says of the connection itself; the library reads that too.
    """

    def __init__(self, takers: Mapping[int, Taker], heard: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop=loop)
        self._takers = takers
        self._heard = heard
        self._now = loop.time
        # Begins with a frame that is waited for.
        self._rest = b""
        # So much is to come of one that is passed on as it arrives.
        self._passing = 0
        self._alive_at = self._now()

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        arrived = self._rest + bytes(data) if self._rest else bytes(data)
        left: list[bytes] = []
        begin, place = 0, self._passing
        while len(arrived) - place >= _HEAD.size:
            kind, channel, size = _HEAD.unpack_from(arrived, place)
            if kind == _METHOD and (taker := self._takers.get(channel)):
                after = taker.take(arrived, place)
                if after == UNFINISHED:
                    break
                if after != NOT_MINE:
                    left.append(arrived[begin:place])
                    begin = place = after
                    continue
            end = place + size + _AROUND
            if kind == _METHOD and not channel and size <= MOST_BYTES:
                if end > len(arrived):
                    break
                self._heard(arrived[place:end])
            place = end
        left.append(arrived[begin:place])
        self._rest, self._passing = arrived[place:], max(0, place - len(arrived))
        super().feed_data(b"".join(left))
        if begin:
            self._tell_alive()

    def feed_eof(self) -> None:
        # A socket may tell its end twice.
        if self._rest:
            super().feed_data(self._rest)
            self._rest = b""
        super().feed_eof()

    def _tell_alive(self) -> None:
        """For what was taken: a broker that is busy sends no heartbeats."""
        now = self._now()
        if now - self._alive_at >= _ALIVE_SECONDS and not self._passing:
            self._alive_at = now
            super().feed_data(_HEARTBEAT)
