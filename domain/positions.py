"""What a partition's log has said of a producer: enough to tell a repetition from a claim.

Who writes to the log may claim any producer and any sequence, and a copy of a running ingest
process (a machine started twice from one snapshot) goes on under the name of the original. So a
repetition is known by its bytes, not by its sequence alone.
"""

from enum import Enum
from typing import Self

from msgspec import Struct, field

from domain.events import MAX_AT_MS, MIN_AT_MS, Batch, Entry, Offset
from domain.recent import Recent, counted, digest

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
_MOST_FRESH = 2 * RECENT


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


class Position(Struct):
    """What was counted of a producer: the last `sequence`, the `offset` where the last one stood.

    `recent` are the batches with the highest sequences. What was counted and is not among them was
    recorded by `gone_ms` and has a sequence up to `gone`, or was not seen by whoever made this: up
    to `heard`, by `heard_ms`. One that is made of the first two fields, as up to 0.2.0, has only
    heard. It depends on the log alone, wherever that is cut.
    """

    sequence: int
    offset: Offset
    recent: Recent = field(default_factory=Recent)
    gone: int = 0
    gone_ms: int = MIN_AT_MS
    heard: int | None = None
    heard_ms: int = MAX_AT_MS
    # Sequence, moment and body of what came since, ascending and beyond all others. Not hashed
    # yet: of a long run most never need to be.
    fresh: list[tuple[int, int, bytes]] = field(default_factory=list)

    @classmethod
    def first(cls, batch: Batch, entry: Entry) -> Self:
        """Of a producer that is met with this batch: what it has sent before is not known."""
        sequence, recorded_ms = batch.sequence, batch.recorded_ms
        met = cls(sequence, entry.offset, heard=sequence - 1, heard_ms=recorded_ms)
        met.fresh.append((sequence, recorded_ms, entry.body))
        return met

    def copied(self) -> Self:
        """One to go on from."""
        return type(self)(
            self.sequence,
            self.offset,
            self.recent.copied(),
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
        if counted(batch, body) in self.recent:
            return Turn.REPEATED
        return Turn.UNKNOWN if self._may_be_gone(batch) else Turn.OUT_OF_TURN

    def take(self, batch: Batch, entry: Entry) -> None:
        """It is counted."""
        sequence = batch.sequence
        if sequence > self.sequence:
            self.sequence = sequence
            self.fresh.append((sequence, batch.recorded_ms, entry.body))
            if len(self.fresh) > _MOST_FRESH:
                self._trim()
        else:
            self.settle()
            self.recent.insert(counted(batch, entry.body))
            self._forget()
        self.offset = entry.offset

    def settle(self) -> None:
        """Bring `recent` up to date and let go of the bytes."""
        if not self.fresh:
            return
        self._trim()
        recent = self.recent
        recent.sequences += [sequence for sequence, _, _ in self.fresh]
        recent.recorded_ms += [recorded_ms for _, recorded_ms, _ in self.fresh]
        recent.digests += [digest(body) for _, _, body in self.fresh]
        self.fresh = []
        self._forget()

    def _trim(self) -> None:
        """Let go of what need not be hashed: as much as is remembered has come since."""
        passed = self.fresh[:-RECENT]
        if passed:
            self._let_go(self.recent.sequences, self.recent.recorded_ms)
            self._let_go([found[0] for found in passed], [found[1] for found in passed])
            self.recent = Recent()
            self.fresh = self.fresh[-RECENT:]

    def _forget(self) -> None:
        """Keep the highest: a claim of a far sequence shall not make the others unknown."""
        recent = self.recent
        if len(recent.sequences) > RECENT:
            self._let_go(recent.sequences[:-RECENT], recent.recorded_ms[:-RECENT])
            del recent.sequences[:-RECENT], recent.recorded_ms[:-RECENT], recent.digests[:-RECENT]

    def _let_go(self, sequences: list[int], recorded_ms: list[int]) -> None:
        self.gone = max([self.gone, *sequences[-1:]])
        self.gone_ms = max([self.gone_ms, *recorded_ms])

    def _may_be_gone(self, batch: Batch) -> bool:
        # A repetition has the sequence and the moment of the first: where either is beyond all that
        # is gone, it is none.
        sequence, recorded_ms = batch.sequence, batch.recorded_ms
        heard = self.sequence if self.heard is None else self.heard
        return (sequence <= self.gone and recorded_ms <= self.gone_ms) or (
            heard - _HEARD_REACHES < sequence <= heard and recorded_ms <= self.heard_ms
        )
