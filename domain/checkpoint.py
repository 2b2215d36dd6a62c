"""How far one partition of one generation has been folded."""

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from domain.events import Epoch, Generation, Offset, Partition

_NONE, _FIRST = Offset(0), Epoch(0)


class Checkpoint(Struct, frozen=True):
    """The next offset to fold, who may fold it (`epoch`), and running totals for audits.

    `recorded_ms` is when the last folded batch was recorded, 0 before the first. `duplicates` are
    batches that were counted before, `forks` and `jumps` are as in `domain.projection.Delta`.

    Every batch of the partition that was confirmed before `complete_ms`, by the database's clock,
    is folded; 0: not known.
    """

    generation: Generation
    partition: Partition
    next_offset: Offset
    epoch: Epoch
    events: int = 0
    views: int = 0
    recorded_ms: int = 0
    duplicates: int = 0
    forks: int = 0
    jumps: int = 0
    complete_ms: int = 0

    def stands_as(self, other: Self) -> bool:
        """Has nothing been folded between them, and nobody else claimed it?

        How complete it is gets known without that.
        """
        return replace(self, complete_ms=other.complete_ms) == other


def at_start(
    generation: Generation,
    partition: Partition,
    next_offset: Offset = _NONE,
    epoch: Epoch = _FIRST,
) -> Checkpoint:
    """Nothing is folded yet; the fold begins at `next_offset`."""
    return Checkpoint(generation, partition, next_offset, epoch)


class Bounds(Struct, frozen=True):
    """What the log holds of a partition: offsets `first` … `end` - 1; empty where equal."""

    first: Offset
    end: Offset


def lag(bounds: Bounds, checkpoint: Checkpoint) -> int:
    """Offsets in the log that are not folded yet."""
    return max(0, bounds.end - max(checkpoint.next_offset, bounds.first))
