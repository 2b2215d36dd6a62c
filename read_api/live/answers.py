"""Answers of the log's end, encoded once for all who ask the same."""

import asyncio
from typing import NamedTuple

import msgspec

from domain.ports.common import Clock
from domain.stats.selection import Selection
from read_api.live.follower import Follower
from read_api.live.telling import told_live

MOST_QUESTIONS = 256
# Of the time of a process at most a part goes into this, however many look, each at another page.
_SHARE = 5
_LEAST_SECONDS = 0.25

_encode = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """An answer: `mark` is the same as long as nothing but the present is another.

    There is nothing in it that was new after `version`; it was made at `made`, in `seconds`.
    """

    version: int
    mark: bytes
    body: bytes
    made: float
    seconds: float


class Answers:
    """The last answer to each question, while it is fresh."""

    def __init__(self, follower: Follower, clock: Clock) -> None:
        self._follower = follower
        self._clock = clock
        self._told: dict[Selection, Told] = {}

    def told(self, asked: Selection) -> Told:
        """The answer now, or the one of a moment ago."""
        now = asyncio.get_running_loop().time()
        known = self._told.pop(asked, None)
        if known is None or now - known.made > self._seconds(known):
            known = self._made(asked, now)
        self._told[asked] = known
        while len(self._told) > MOST_QUESTIONS:
            # The one that was asked last stands last.
            del self._told[next(iter(self._told))]
        return known

    def _seconds(self, known: Told) -> float:
        """How long an answer stays: as short as all of them together let it be."""
        others = sum(each.seconds for each in self._told.values() if each.made > known.made)
        return max(_LEAST_SECONDS, _SHARE * (known.seconds + others))

    def _made(self, asked: Selection, now: float) -> Told:
        version = self._follower.version
        found = told_live(self._follower, asked, self._clock)
        body, found.until = _encode(found), ""
        took = asyncio.get_running_loop().time() - now
        return Told(version, _encode(found), body, now, took)
