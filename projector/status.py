"""How far the fold is: one answer for the command line, tests and whoever else asks."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from domain import wire
from domain.checkpoint import Bounds, Checkpoint, at_start, lag
from domain.errors import LogError, Undecodable, UnknownFormat
from domain.events import MIN_AT_MS, Hour, Offset, Partition
from domain.generations import GenerationInfo
from domain.hours import HOUR_MS, to_datetime
from domain.letters import NO_LETTERS, LetterCounts
from domain.operations import Operations
from domain.ownership import Ownership, Trouble
from domain.ports.common import Clock
from domain.ports.log import LogReader
from domain.processes import Process, place_of


class PartitionStatus(Struct, frozen=True):
    """One partition: offsets `first` … `end` - 1 are in the log, `checkpoint` is folded next.

    `trouble` is what its owner says of it, `error` what is wrong with it for people. `duplicates`,
    `forks` and `jumps` are batches, as in `domain.checkpoint.Checkpoint`. `recorded_ms` is when its
    newest batch was recorded, 0: there was none, or nobody can tell.
    """

    partition: int
    first: int | None
    end: int | None
    checkpoint: int
    lag: int | None
    lag_seconds: float | None
    events: int
    views: int
    epoch: int
    owner: str | None
    error: str | None = None
    trouble: Trouble | None = None
    duplicates: int = 0
    forks: int = 0
    jumps: int = 0
    recorded_ms: int = 0


class Status(Struct, frozen=True, omit_defaults=True):
    """All partitions and their sums, the projectors that live, and the generations of rows.

    `horizon` is the oldest hour that is kept, None where nothing has expired yet. `processes` are
    the projectors that live and whoever else is connected, with their versions; left out where
    there are none, as `dead_letters` are.
    """

    generation: int
    generations: list[GenerationInfo]
    horizon: datetime | None
    partitions: list[PartitionStatus]
    projectors: list[str]
    lag: int | None
    events: int
    views: int
    processes: list[Process] = []
    dead_letters: LetterCounts = NO_LETTERS

    @property
    def waiting(self) -> list[Process]:
        """Projectors that are connected and do not renew what they hold: they hang or wait."""
        return [one for one in self.processes if one.role == "projector" and one.connections]


async def read_status(
    reader: LogReader,
    found: Operations,
    clock: Clock,
    partitions: int,
    connected: Sequence[Process] = (),
) -> Status:
    """Compare the log with what was `found`, of the partitions that are known; of as many as
    `partitions` where none is.

    `connected` are those of whom the database tells, and the broker but for projectors. A log that
    cannot be read is said in the partition's `error`.
    """
    live, ownership = found.live, found.ownership
    known = {one.partition: one for one in found.checkpoints.get(live, ())}
    wanted = {*known, *ownership.owners} or {*map(Partition, range(partitions))}
    rows = await asyncio.gather(
        *(
            _partition(reader, clock, known.get(p) or at_start(live, p), ownership)
            for p in sorted(wanted)
        )
    )
    return Status(
        generation=live,
        generations=[*found.generations],
        horizon=_horizon(Hour(found.state.facts.horizon_hour)),
        partitions=rows,
        projectors=list(ownership.projectors),
        lag=_total(rows),
        events=sum(row.events for row in rows),
        views=sum(row.views for row in rows),
        processes=_processes(ownership, connected),
        dead_letters=found.state.facts.letters,
    )


def _processes(ownership: Ownership, connected: Sequence[Process]) -> list[Process]:
    # Projectors tell of themselves with their leases, and are connected too.
    projectors = [Process("projector", ownership.versions.get(o), o) for o in ownership.projectors]
    known = {place_of(owner) for owner in ownership.projectors}
    others = (one for one in connected if one.role != "projector" or one.place not in known)
    return [*projectors, *others]


async def _partition(
    reader: LogReader, clock: Clock, checkpoint: Checkpoint, ownership: Ownership
) -> PartitionStatus:
    bounds: Bounds | None = None
    behind, seconds, error = None, None, None
    newest_ms = checkpoint.recorded_ms
    try:
        bounds = await reader.bounds(checkpoint.partition)
        behind = lag(bounds, checkpoint)
        seconds = 0.0
        if behind:
            seconds = await _age(reader, clock, checkpoint)
            last = Offset(bounds.end - 1)
            newest_ms = await _recorded_ms(reader, checkpoint.partition, last) or newest_ms
    except LogError as failure:
        error = str(failure)
    trouble = ownership.troubles.get(checkpoint.partition)
    return PartitionStatus(
        partition=checkpoint.partition,
        first=bounds.first if bounds else None,
        end=bounds.end if bounds else None,
        checkpoint=checkpoint.next_offset,
        lag=behind,
        lag_seconds=seconds,
        events=checkpoint.events,
        views=checkpoint.views,
        epoch=checkpoint.epoch,
        owner=ownership.owners.get(checkpoint.partition),
        error="; ".join(filter(None, (trouble.sentence if trouble else None, error))) or None,
        trouble=trouble,
        duplicates=checkpoint.duplicates,
        forks=checkpoint.forks,
        jumps=checkpoint.jumps,
        recorded_ms=newest_ms,
    )


async def _age(reader: LogReader, clock: Clock, checkpoint: Checkpoint) -> float | None:
    """Seconds since the oldest entry that is not folded was recorded."""
    found = await _recorded_ms(reader, checkpoint.partition, checkpoint.next_offset)
    return None if found is None else max(0.0, (clock() - found) / 1000) if found else 0.0


async def _recorded_ms(reader: LogReader, partition: Partition, offset: Offset) -> int | None:
    """When the entry there was, 0: there is none, None: it does not say."""
    entry = await reader.entry_at(partition, offset)
    try:
        return wire.recorded_ms(entry.body) if entry else 0
    except (Undecodable, UnknownFormat):
        return None


def _horizon(hour: Hour) -> datetime | None:
    return to_datetime(hour) if hour * HOUR_MS > MIN_AT_MS else None


def _total(rows: Sequence[PartitionStatus]) -> int | None:
    lags = [row.lag for row in rows]
    return None if None in lags else sum(row.lag or 0 for row in rows)
