"""What a partition's log has said of a producer: enough to tell a repetition from a claim.

Who writes to the log may claim any producer and any sequence, and a copy of a running ingest
process (a machine started twice from one snapshot) goes on under the name of the original. So a
repetition is known by its bytes, not by its sequence alone.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from enum import Enum
from hashlib import blake2b
from typing import NamedTuple, Self

from msgspec import Struct, field

from domain.events import MAX_AT_MS, MIN_AT_MS, Batch, Entry, Offset

# Batches of its partition after which a producer is forgotten. Ingest gives a batch up after
# REQUEST_TIMEOUT_MS, at most 120 s, and sends a partition at most a few hundred a second. Counted
# in offsets, not in time: a rebuild must decide as the live fold did.
POSITION_WINDOW = 1_000_000
# Sequences that a lane may leave out while the log is away: an hour of a few hundred a second.
MOST_GIVEN_UP = 1_000_000
RECENT = 128
"""Batches of a producer that are remembered one by one: as many as keep a row below 2 kB, beyond
which PostgreSQL stores its value elsewhere."""
# Further before what was said at first nothing can lie that arrives again within the window.
_HEARD_REACHES = POSITION_WINDOW + MOST_GIVEN_UP
_MOST_FRESH = 4 * RECENT


class Turn(Enum):
    """What a batch is to its producer's position."""

    NEXT = "next"
    """Beyond all that was counted."""
    JUMPED = "jumped"
    """The same, by more than can have been given up."""
    OUT_OF_TURN = "out of turn"
    """Another batch, though its producer has been that far: it was given up and came late, or two
    write under one name."""
    REPEATED = "repeated"
    """Counted already, byte by byte."""
    UNKNOWN = "unknown"
    """Before all that is remembered: it may be a repetition or none."""


class Counted(NamedTuple):
    """A batch that was counted: its sequence, when it was recorded, a digest of its bytes."""

    sequence: int
    recorded_ms: int
    digest: int


class Position(Struct):
    """What was counted of a producer: the last `sequence`, the `offset` where the last one stood.

    `recent` are the batches with the highest sequences. What was counted and is not among them was
    recorded by `gone_ms` and has a sequence up to `gone`, or was not seen by whoever made this: up
    to `heard`, by `heard_ms`. One that is made of the first two fields, as up to 0.2.0, has only
    heard. It depends on the log alone, wherever that is cut.
    """

    sequence: int
    offset: Offset
    recent: list[Counted] = field(default_factory=list)
    gone: int = 0
    gone_ms: int = MIN_AT_MS
    heard: int | None = None
    heard_ms: int = MAX_AT_MS
    # Ascending, beyond all others, not hashed yet: most of them never need to be.
    fresh: list[tuple[Batch, bytes]] = field(default_factory=list)

    @classmethod
    def first(cls, batch: Batch, entry: Entry) -> Self:
        """Of a producer that is met with this batch: what it has sent before is not known."""
        heard, heard_ms = batch.sequence - 1, batch.recorded_ms
        met = cls(batch.sequence, entry.offset, heard=heard, heard_ms=heard_ms)
        met.fresh.append((batch, entry.body))
        return met

    def copied(self) -> Self:
        """One to go on from."""
        return type(self)(
            self.sequence,
            self.offset,
            [*self.recent],
            self.gone,
            self.gone_ms,
            self.heard,
            self.heard_ms,
            [*self.fresh],
        )

    def forgotten_at(self, offset: Offset) -> bool:
        """Is what stands at `offset` too far behind to be a repetition?"""
        return offset - self.offset > POSITION_WINDOW

    def turn_of(self, batch: Batch, body: bytes) -> Turn:
        """What `batch`, read from `body`, is."""
        if batch.sequence > self.sequence:
            far = batch.sequence - self.sequence > MOST_GIVEN_UP
            return Turn.JUMPED if far else Turn.NEXT
        self.settle()
        if _contains(self.recent, counted(batch, body)):
            return Turn.REPEATED
        return Turn.UNKNOWN if self._may_be_gone(batch) else Turn.OUT_OF_TURN

    def take(self, batch: Batch, entry: Entry) -> None:
        """It is counted."""
        if batch.sequence > self.sequence:
            self.sequence = batch.sequence
            self.fresh.append((batch, entry.body))
            if len(self.fresh) >= _MOST_FRESH:
                self.settle()
        else:
            self.settle()
            insort(self.recent, counted(batch, entry.body))
            self._forget()
        self.offset = entry.offset

    def settle(self) -> None:
        """Bring `recent` up to date and let go of the bytes."""
        if not self.fresh:
            return
        passed, kept = self.fresh[:-RECENT], self.fresh[-RECENT:]
        self.recent += [counted(batch, body) for batch, body in kept]
        self.fresh = []
        if passed:
            # All that was before them goes too.
            self._let_go((batch.sequence, batch.recorded_ms) for batch, _ in passed)
        self._forget()

    def _forget(self) -> None:
        """Keep the highest: a claim of a far sequence shall not make the others unknown."""
        if len(self.recent) > RECENT:
            self._let_go(found[:2] for found in self.recent[:-RECENT])
            del self.recent[:-RECENT]

    def _let_go(self, batches: Iterator[tuple[int, int]]) -> None:
        for sequence, recorded_ms in batches:
            self.gone = max(self.gone, sequence)
            self.gone_ms = max(self.gone_ms, recorded_ms)

    def _may_be_gone(self, batch: Batch) -> bool:
        # A repetition has the sequence and the moment of the first: where either is beyond all that
        # is gone, it is none.
        sequence, recorded_ms = batch.sequence, batch.recorded_ms
        heard = self.sequence if self.heard is None else self.heard
        return (sequence <= self.gone and recorded_ms <= self.gone_ms) or (
            heard - _HEARD_REACHES < sequence <= heard and recorded_ms <= self.heard_ms
        )


def counted(batch: Batch, body: bytes) -> Counted:
    """How a batch is remembered: 8 bytes of BLAKE2b."""
    digest = int.from_bytes(blake2b(body, digest_size=8).digest())
    return Counted(batch.sequence, batch.recorded_ms, digest)


def _contains(found: list[Counted], wanted: Counted) -> bool:
    place = bisect_left(found, wanted)
    return place < len(found) and found[place] == wanted
