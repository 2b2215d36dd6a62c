"""The fold: entries of one partition to the increments they make. A pure function of the log.

Splitting the entries differently, or starting again from a checkpoint, gives the same sums:
`tests/unit/test_projection.py` holds it to that.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from domain.errors import Undecodable
from domain.events import Batch, Entry, Hour, Offset
from domain.hours import HOUR_MS
from domain.wire import decode

RowKey = tuple[str, Hour, int]
"""Page, hour, shard key."""


class Position(Struct, frozen=True):
    """The last sequence of a producer that was folded, and when it was recorded."""

    sequence: int
    recorded_ms: int


class DeadLetter(Struct, frozen=True):
    """A log message that is no batch, set aside."""

    offset: Offset
    reason: str
    body: bytes


class Delta(Struct):
    """What a run of entries adds: rows, producer positions, dead letters and totals."""

    rows: dict[RowKey, int] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    next_offset: Offset = Offset(0)
    events: int = 0
    views: int = 0
    duplicates: int = 0
    recorded_ms: int = 0
    entries: int = 0


class Fold:
    """Gathers entries into one delta on top of known producer positions."""

    def __init__(self, positions: Mapping[str, Position]) -> None:
        self._known = positions
        self.delta = Delta()

    def add(self, entry: Entry) -> None:
        """Fold one entry. Raises `UnknownFormat` and then has changed nothing."""
        delta = self.delta
        try:
            batch = decode(entry.body)
        except Undecodable as error:
            delta.dead_letters.append(DeadLetter(entry.offset, str(error), entry.body))
        else:
            self._add_batch(batch)
        delta.next_offset = Offset(entry.offset + 1)
        delta.entries += 1

    def _add_batch(self, batch: Batch) -> None:
        delta = self.delta
        delta.recorded_ms = batch.recorded_ms
        last = delta.positions.get(batch.producer) or self._known.get(batch.producer)
        # A producer sends sequence n + 1 only after n was confirmed or given up, so a sequence
        # at or below the last one seen is the same batch appended again, or one whose requests
        # were all answered 503.
        if last is not None and batch.sequence <= last.sequence:
            delta.duplicates += 1
            return
        delta.positions[batch.producer] = Position(batch.sequence, batch.recorded_ms)
        rows, shard, views = delta.rows, batch.shard, 0
        for event in batch.events:
            key = (event.page, event.at_ms // HOUR_MS, shard)
            count = event.count
            rows[key] = rows.get(key, 0) + count  # type: ignore[index, arg-type]
            views += count
        delta.events += len(batch.events)
        delta.views += views


def project(entries: Iterable[Entry], positions: Mapping[str, Position] | None = None) -> Delta:
    """The delta of `entries` on top of `positions`."""
    fold = Fold(positions or {})
    for entry in entries:
        fold.add(entry)
    return fold.delta
