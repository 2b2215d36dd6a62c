"""How many partitions a process is told of, beside how many there are and are written."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from domain.checkpoint import Checkpoint
from projector.status import PartitionStatus

WRITTEN_SECONDS = 600.0
"""Who was written within that may be written still: where little is viewed it takes its time."""


class Old(NamedTuple):
    """A partition beyond the number that is set; `age_seconds` is since its newest batch was
    recorded, None: nothing ever was. `lag` are offsets that are not folded.
    """

    partition: int
    age_seconds: float | None
    lag: int = 0

    @property
    def written(self) -> bool:
        """May it be written still?"""
        return self.age_seconds is not None and self.age_seconds <= WRITTEN_SECONDS


def beyond(found: Iterable[PartitionStatus | Checkpoint], here: int, now_ms: int) -> Sequence[Old]:
    """Those of them that are beyond the number that is set here, by partition."""
    return sorted(_aged(row, now_ms) for row in found if row.partition >= here)


def _aged(row: PartitionStatus | Checkpoint, now_ms: int) -> Old:
    age = max(0.0, (now_ms - row.recorded_ms) / 1_000) if row.recorded_ms else None
    return Old(row.partition, age, row.lag or 0 if isinstance(row, PartitionStatus) else 0)


def missing_line(wanted: int, known: Collection[int]) -> str | None:
    """What to do where the database knows fewer than are set here; None: it knows all of them."""
    if not (missing := [p for p in range(wanted) if p not in known]):
        return None
    there = wanted - len(missing)
    return (
        f"NUM_PARTITIONS here is {wanted}, the database knows {there} of them: run footfall "
        f"migrate {where_right(wanted)}"
    )


def where_right(wanted: int) -> str:
    """When to make those that are missing."""
    return f"where {wanted} is right, or else set what the service has"


def fewer_line(here: int, beyond: Sequence[Old]) -> str | None:
    """Where more are written than are set here; None: no more are."""
    written = [old for old in beyond if old.written]
    if not written:
        return None
    service = written[-1].partition + 1
    age = min(old.age_seconds or 0.0 for old in written)
    names = partition_names([old.partition for old in written])
    were = "was" if len(written) == 1 else "were"
    return (
        f"NUM_PARTITIONS here is {here}, the service writes {service}: {names} {were} written "
        f"{ago(age)}. Set NUM_PARTITIONS={service} here; or, where it is to be {here}, restart "
        f"every ingest that has {service}"
    )


def old_lines(here: int, beyond: Sequence[Old]) -> Iterator[str]:
    """Lines of `check` of the partitions beyond the number that is set here."""
    if fewer := fewer_line(here, beyond):
        yield f"WARN  partitions: {fewer}"
    if old := [one for one in beyond if not one.written]:
        names = partition_names([one.partition for one in old])
        verb = "is" if len(old) == 1 else "are"
        lag = sum(one.lag for one in old)
        state = f"{lag} offsets to go" if lag else "drained"
        last = min((one.age_seconds for one in old if one.age_seconds is not None), default=None)
        since = "nothing ever was" if last is None else f"the last was {ago(last)}"
        what = f"{names} {verb} not written any more (NUM_PARTITIONS is {here})"
        yield f"NOTE  {what}: {state}, {since}"


def partition_names(partitions: Sequence[int]) -> str:
    """`partition 3`, `partitions 2 to 5`, `partitions 1, 3`."""
    if len(partitions) == 1:
        return f"partition {partitions[0]}"
    if len(partitions) == partitions[-1] - partitions[0] + 1:
        return f"partitions {partitions[0]} to {partitions[-1]}"
    return f"partitions {', '.join(map(str, partitions))}"


def ago(seconds: float) -> str:
    """In the largest unit that makes a number of it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
