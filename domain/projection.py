"""The fold: entries of one partition to the increments they make. A pure function of the log.

Splitting the entries differently, or starting again from a checkpoint, gives the same sums:
`tests/unit/domain/test_projection.py` holds it to that.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Checkpoint
from domain.counting import (
    RowKey,
    add_beside,
    add_guarded,
    add_rows,
    at_places,
    not_carried,
    told_beside,
)
from domain.dimensions import DimensionKey
from domain.errors import Undecodable
from domain.events import (
    MAX_AT_MS,
    MAX_COUNT,
    MAX_VIEWS,
    MIN_AT_MS,
    Batch,
    Entry,
    Hour,
    Offset,
    PageViewed,
)
from domain.generations import Carry
from domain.guarding import GuardedRun
from domain.hours import hour_of
from domain.letters import Kind
from domain.moments import Decided, Judge, ahead_of_record
from domain.page_rules import NO_RULES, PageRules
from domain.ports.common import Clock
from domain.positions import MOST_GIVEN_UP, POSITION_WINDOW, Position, Turn
from domain.wire import decode

_TOO_MANY = (
    f"it would bring the views of its partition beyond {MAX_VIEWS:,}, the most that is counted"
)

_UNKNOWN = (
    "its producer has been further by more batches than are remembered: whether it was counted "
    "before, nobody can tell"
)


class Claim(Struct, frozen=True):
    """A partition of a generation, claimed: where to go on, and how to fold there.

    `now_ms` is the present that batches are held against. A generation that is not live follows
    what the live one has `decided` by it. `classes` say who looked.
    """

    checkpoint: Checkpoint
    positions: Mapping[str, Position]
    rules: PageRules = NO_RULES
    carry: Carry | None = None
    now_ms: Clock | None = None
    decided: Decided | None = None
    classes: Classes = UNCLASSED


class DeadLetter(Struct, frozen=True):
    """A log message that is no batch, or one that cannot be counted, set aside."""

    offset: Offset
    reason: str
    body: bytes
    kind: Kind = "log"


class Delta(Struct):
    """What a run of entries adds: rows, producer positions, dead letters and totals.

    Which views of `guarded` and `dimensions` are counted by their own names, what stands in the
    rows decides (`domain.guarding`, `domain.dimensions`); both are in the order of the log.

    `duplicates` are batches that were counted before and are dropped, `forks` those that count
    though their producer had been that far, `jumps` those that left out more than can have been
    given up; `claimed` is who sent the last of these two. `complete_ms` is what is true of the
    checkpoint once this is folded, 0: nothing new.
    """

    rows: dict[RowKey, int] = field(default_factory=dict)
    guarded: list[GuardedRun] = field(default_factory=list)
    dimensions: dict[DimensionKey, int] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    next_offset: Offset = Offset(0)
    events: int = 0
    views: int = 0
    recorded_ms: int = 0
    entries: int = 0
    duplicates: int = 0
    forks: int = 0
    jumps: int = 0
    claimed: str = ""
    complete_ms: int = 0

    @property
    def size(self) -> int:
        """How many rows it holds, of pages and beside them."""
        guarded = sum(len(run.rows) for run in self.guarded)
        return len(self.rows) + guarded + len(self.dimensions)

    @property
    def hours(self) -> set[Hour]:
        """Those of all its rows."""
        return {key[1] for rows in (self.rows, *(run.rows for run in self.guarded)) for key in rows}


class Fold:
    """Gathers entries into one delta on top of known producer positions.

    `rules` name the pages, `classes` say who looked; what `carry` says was copied is passed over.
    `views` are those of the partition so far: a batch that would bring them beyond `MAX_VIEWS` is
    a dead letter. So is one with views that lie too far after its recording, and one that `judge`
    refuses.
    """

    def __init__(
        self,
        positions: Mapping[str, Position],
        rules: PageRules = NO_RULES,
        carry: Carry | None = None,
        views: int = 0,
        judge: Judge | None = None,
        classes: Classes = UNCLASSED,
    ) -> None:
        self._judge = judge
        self._classes = classes
        self._known = positions
        self._rules = rules
        self._carry = carry
        self._room = MAX_VIEWS - views
        self._names: dict[str, str] = {}
        # From here on nothing was carried over, and up to then no clock has to be asked.
        self._uncarried = carry.offset if carry else Offset(0)
        self._sure_ms = MIN_AT_MS - 1 if judge else MAX_AT_MS
        self._renames = bool(rules)
        self.delta = Delta()

    def add(self, entry: Entry) -> None:
        """Fold one entry. Raises `UnknownFormat` and then has changed nothing."""
        delta = self.delta
        try:
            batch = decode(entry.body)
        except Undecodable as error:
            self._set_aside(entry, str(error), "bytes")
        else:
            # 0 says nothing, as in a checkpoint: the moment before stays, wherever the log is cut.
            delta.recorded_ms = batch.recorded_ms or delta.recorded_ms
            position = delta.positions.get(batch.producer)
            # What nothing speaks against, and that is nearly all: the same as `_decide`, in short.
            if (
                position is not None
                and 0 < batch.sequence - position.sequence <= MOST_GIVEN_UP
                and entry.offset - position.offset <= POSITION_WINDOW
                and batch.recorded_ms <= self._sure_ms
                and entry.offset >= self._uncarried
                and 0 < len(batch.events) * MAX_COUNT <= self._room - delta.views
                and self._count(batch)
            ):
                position.take(batch, entry)
            else:
                self._decide(batch, entry)
        # As cheap as it looks: `Offset(...)` is a call, and for each batch.
        delta.next_offset = entry.offset + 1  # type: ignore[assignment]
        delta.entries += 1

    def refuse(self, entry: Entry, reason: str) -> None:
        """Pass an entry that `add` would count, but that cannot be stored: a dead letter."""
        delta = self.delta
        try:
            batch = decode(entry.body)
        except Undecodable:
            self._set_aside(entry, reason, "database")
        else:
            delta.recorded_ms = batch.recorded_ms or delta.recorded_ms
            if batch.events:
                self._set_aside_once(batch, entry, reason, "database")
        delta.next_offset = Offset(entry.offset + 1)
        delta.entries += 1

    def _decide(self, batch: Batch, entry: Entry) -> None:
        if not batch.events:
            # A probe, whoever sent it: there is nothing that a repetition of it could add.
            return
        if ahead := ahead_of_record(batch):
            self._set_aside(entry, ahead, "bytes")
        elif not self._seen(batch, entry):
            if reason := self._refusal(batch, entry.offset):
                self._set_aside_once(batch, entry, reason, "clock")
            else:
                self._add_batch(batch, entry)

    def _refusal(self, batch: Batch, offset: Offset) -> str | None:
        if self._judge is None:
            return None
        reason = self._judge.refusal(batch, offset)
        self._sure_ms = self._judge.sure_ms
        return reason

    def _set_aside(self, entry: Entry, reason: str, kind: Kind = "log") -> None:
        self.delta.dead_letters.append(DeadLetter(entry.offset, reason, entry.body, kind))

    def _set_aside_once(self, batch: Batch, entry: Entry, reason: str, kind: Kind) -> None:
        """What may be counted later: its repetitions are known, so that it is counted once."""
        self._remember(batch, entry)
        self._set_aside(entry, reason, kind)

    def _add_batch(self, batch: Batch, entry: Entry) -> None:
        left: Sequence[int] | None = None
        events = batch.events
        if self._carry is not None and entry.offset < self._uncarried:
            left = not_carried(events, self._carry)
            events = [events[place] for place in left]
        # Decided by the total, so by the log up to here: a rebuild of all of it decides the same.
        # One that carries hours over, or whose log has lost its beginning, has a smaller total and
        # may count this. The sum is only taken where it may matter.
        room = self._room - self.delta.views
        if len(events) * MAX_COUNT > room and sum(event.count for event in events) > room:
            self._set_aside(entry, _TOO_MANY)
            return
        self._remember(batch, entry)
        self._count(batch, left)

    def _count(self, batch: Batch, left: Sequence[int] | None = None) -> bool:
        """Add the views of its events, of those at the places `left` where these are given.

        False, and nothing is added, if `ahead_of_record` objects.
        """
        events = self._renamed(batch.events) if self._renames else batch.events
        if batch.tabled:
            return self._count_tabled(batch, events, left)
        if left is not None:
            events = [events[place] for place in left]
        return self._counted(add_rows(self.delta.rows, batch, events, None), events)

    def _count_tabled(
        self, batch: Batch, events: list[PageViewed], left: Sequence[int] | None
    ) -> bool:
        delta = self.delta
        slots = None if batch.agents is None else self._classes.slots(batch.agents, batch.shard)
        told = told_beside(batch)
        if left is None and batch.guard is None and not told:
            return self._counted(add_rows(delta.rows, batch, events, slots), events)
        if ahead_of_record(batch):
            return False
        left = range(len(events)) if left is None else left
        free = left
        guarded = 0
        if batch.guard is not None:
            flags = batch.guard.flags(len(events))
            free = [place for place in left if not flags[place]]
            run = self._run(hour_of(batch.recorded_ms), batch.guard.new_pages)
            guarded = add_guarded(run.rows, batch, events, slots, left)
        add_beside(delta.dimensions, told, events, slots, left)
        views = add_rows(delta.rows, batch, *at_places(events, slots, free)) or 0
        return self._counted(views + guarded, left)

    def _counted(self, views: int | None, events: Sequence[object]) -> bool:
        if views is None:
            return False
        self.delta.events += len(events)
        self.delta.views += views
        return True

    def _run(self, hour: Hour, new_pages: int) -> GuardedRun:
        """The one that goes on, or the next one."""
        runs = self.delta.guarded
        if not runs or (runs[-1].hour, runs[-1].new_pages) != (hour, new_pages):
            runs.append(GuardedRun(hour, new_pages))
        return runs[-1]

    def _seen(self, batch: Batch, entry: Entry) -> bool:
        """Is there nothing to add, because it was counted before, or may have been?"""
        position = self._position(batch.producer, entry.offset)
        if position is None:
            return False
        turn, delta = position.turn_of(batch, entry.body), self.delta
        if turn is Turn.NEXT:
            return False
        if turn is Turn.REPEATED:
            delta.duplicates += 1
            return True
        if turn is Turn.UNKNOWN:
            self._set_aside(entry, _UNKNOWN)
            return True
        delta.forks += turn is Turn.OUT_OF_TURN
        delta.jumps += turn is Turn.JUMPED
        delta.claimed = batch.producer
        return False

    def _position(self, producer: str, offset: Offset) -> Position | None:
        found = self.delta.positions.get(producer) or self._known.get(producer)
        return None if found is None or found.forgotten_at(offset) else found

    def _remember(self, batch: Batch, entry: Entry) -> None:
        """Its repetitions are known from now on."""
        positions, producer = self.delta.positions, batch.producer
        known = self._position(producer, entry.offset)
        if known is None:
            positions[producer] = Position.first(batch, entry)
            return
        if producer not in positions:
            # Others go on from what is known, where this is never committed.
            known = positions[producer] = known.copied()
        known.take(batch, entry)

    def _renamed(self, events: list[PageViewed]) -> list[PageViewed]:
        return [PageViewed(self._name(e.page), e.at_ms, e.count) for e in events]

    def _name(self, page: str) -> str:
        name = self._names.get(page)
        if name is None:
            name = self._names[page] = self._rules.apply(page)
        return name


def project(
    entries: Iterable[Entry],
    positions: Mapping[str, Position] | None = None,
    views: int = 0,
    classes: Classes = UNCLASSED,
) -> Delta:
    """The delta of `entries` on top of `positions` and a total of `views`."""
    fold = Fold(positions or {}, views=views, classes=classes)
    for entry in entries:
        fold.add(entry)
    return fold.delta
