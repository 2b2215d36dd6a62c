"""Whether what is counted can be trusted: all that is known of it at one moment."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from domain.checkpoint import Checkpoint
from domain.events import Partition
from domain.generations import GenerationInfo
from domain.ownership import Trouble
from domain.reports import Facts, Watermark

UNHELD = Trouble(
    stopped=False, reason="no projector folds it: start one (footfall projector)", kind="unheld"
)


class Building(Struct, frozen=True):
    """A generation that is being built: `done` of the `total` offsets that the live one has folded.

    Both are counted from the beginning of the log, as `footfall replay` shows them.
    """

    info: GenerationInfo
    done: int
    total: int

    @property
    def progress(self) -> float | None:
        """As a fraction, None where nothing is to be folded."""
        return self.done / self.total if self.total else None


class PartitionState(Struct, frozen=True):
    """How complete a partition is, 0: not known; and why it stands still, if it does."""

    partition: Partition
    complete_ms: int
    trouble: Trouble | None


class State(Struct, frozen=True):
    """Of one moment, `watermark.now_ms` of the database's clock."""

    watermark: Watermark
    facts: Facts
    partitions: Sequence[PartitionState]
    building: Building | None


def built(info: GenerationInfo, new: Iterable[Checkpoint], live: Iterable[Checkpoint]) -> Building:
    """How far `new` are on their way to where `live` are."""
    targets = {found.partition: found.next_offset for found in live}
    done = sum(min(found.next_offset, targets.get(found.partition, 0)) for found in new)
    return Building(info, done, sum(targets.values()))


def partition_states(
    facts: Facts, held: Mapping[Partition, bool], now_ms: int
) -> Sequence[PartitionState]:
    """Every partition that was ever entered or folded; `held` says which have a live owner."""
    folded = {found.partition: found.complete_ms for found in facts.checkpoints}
    return [
        PartitionState(
            partition,
            # A clock that was set back had said more than it can hold now.
            complete_ms if (complete_ms := folded.get(partition, 0)) <= now_ms else 0,
            facts.troubles.get(partition, None if held.get(partition) else UNHELD),
        )
        for partition in sorted({*folded, *held})
    ]
