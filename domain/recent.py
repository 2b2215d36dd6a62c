"""How batches are remembered one by one."""

from bisect import bisect_left
from hashlib import sha256
from typing import NamedTuple, Self

from msgspec import Struct, field

from domain.events import Batch

DIGEST_BYTES = 8


class Counted(NamedTuple):
    """A batch that was counted: its sequence, when it was recorded, a digest of its bytes."""

    sequence: int
    recorded_ms: int
    digest: bytes


class Recent(Struct):
    """Batches that are remembered one by one, in order: a list for each field of `Counted`."""

    sequences: list[int] = field(default_factory=list)
    recorded_ms: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)

    def __contains__(self, wanted: Counted) -> bool:
        place = self._place_of(wanted)
        return place < len(self.sequences) and self._at(place) == wanted

    def insert(self, found: Counted) -> None:
        """Where it belongs."""
        place = self._place_of(found)
        self.sequences.insert(place, found.sequence)
        self.recorded_ms.insert(place, found.recorded_ms)
        self.digests.insert(place, found.digest)

    def copied(self) -> Self:
        """One to go on from."""
        return type(self)([*self.sequences], [*self.recorded_ms], [*self.digests])

    def _place_of(self, wanted: Counted) -> int:
        return bisect_left(range(len(self.sequences)), wanted, key=self._at)

    def _at(self, place: int) -> Counted:
        return Counted(self.sequences[place], self.recorded_ms[place], self.digests[place])


def counted(batch: Batch, body: bytes) -> Counted:
    """How a batch is remembered."""
    return Counted(batch.sequence, batch.recorded_ms, digest(body))


def digest(body: bytes) -> bytes:
    """The first `DIGEST_BYTES` of SHA-256.

    Whoever wants a batch to be taken for a repetition would have to have another one counted first
    that has its digest, and so find a second preimage of 64 bits, for bytes that are not sent yet.
    Two batches of one's own that collide, which is cheap, cost only oneself a batch. Processors
    have instructions for it, so that 32 kB take half as long as by BLAKE2b.
    """
    return sha256(body).digest()[:DIGEST_BYTES]
