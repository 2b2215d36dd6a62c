"""Dead letters: what decided that they are, and how much of them is kept."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Literal

from msgspec import Struct, field

from domain.events import Offset, Partition

Kind = Literal["bytes", "clock", "log", "database"]
"""What set a message aside: its bytes alone; when it says it was recorded, held against a clock;
what the log held before it; the database, which cannot hold it."""

MAX_WHOLE_BYTES = 64_000
"""Twice what ingest puts into a batch: of anything longer the beginning is kept."""
MAX_LETTERS = 1_000
MAX_BYTES = 1_000_000
"""Of one partition of one generation: letters with a body, and bytes in their whole bodies."""
BEGINNING_BYTES = 1_000


class Room(Struct):
    """What may still be kept of the letters of a partition."""

    letters_left: int = MAX_LETTERS
    bytes_left: int = MAX_BYTES

    def keep(self, body: bytes) -> bytes | None:
        """As much of `body` as is kept: all, its beginning, or nothing (None)."""
        if self.letters_left <= 0:
            return None
        self.letters_left -= 1
        if len(body) > min(self.bytes_left, MAX_WHOLE_BYTES):
            return body[:BEGINNING_BYTES]
        self.bytes_left -= len(body)
        return body


def digest(body: bytes) -> bytes:
    """What tells bodies apart that are not kept whole: 16 bytes of BLAKE2b."""
    return blake2b(body, digest_size=16).digest()


class Letter(Struct, frozen=True):
    """A dead letter as it is kept: `body` holds the first bytes of `size`, all or a beginning.

    `kind` is None for what an older Footfall set aside, and so may be its `digest`.
    """

    partition: Partition
    offset: Offset
    kind: str | None
    reason: str
    size: int
    created_ms: int
    body: bytes
    digest: bytes | None = None

    @property
    def whole(self) -> bool:
        """Is all of the body there?"""
        return len(self.body) == self.size


class LetterCounts(Struct, frozen=True):
    """All dead letters of the live generation, and their `size` in the log, in bytes.

    Of those `by_clock` one clock was wrong. Of the `left_out` nothing but these numbers is kept.
    `by_kind` has neither these nor those whose kind is not known.
    """

    letters: int = 0
    size: int = 0
    by_clock: int = 0
    left_out: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict)


NO_LETTERS = LetterCounts()


class LeftOut(Struct, frozen=True):
    """Letters of a partition of which only this is kept: the log has them, as long as it does."""

    partition: Partition
    letters: int
    size: int
    first: Offset
    last: Offset


class Retried(Struct, frozen=True):
    """What became of a letter: events and views that are counted now; both 0 where it was a
    repetition of what is counted already. `reason` says why it stays set aside, if it does.
    """

    partition: Partition
    offset: Offset
    events: int = 0
    views: int = 0
    reason: str | None = None


class Letters(Struct, frozen=True):
    """A page of them, in the order of partitions and offsets."""

    letters: Sequence[Letter]
    left_out: Sequence[LeftOut] = ()
