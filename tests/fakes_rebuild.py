"""Rebuilds in memory: generations as small tables of views by page and hour."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from domain.aggregates import Month, Turn
from domain.checkpoint import Checkpoint
from domain.errors import Fenced, NotCaughtUp, RebuildError
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import NOT_CARRIED, Audit, Diff, GenerationInfo, State, behind
from domain.page_rules import PageRules
from domain.ports.aggregates import Aggregates
from domain.ports.common import Jobs
from domain.ports.fold import ProjectionStore
from domain.ports.log import LogReader
from domain.ports.rebuild import NOTHING_LOST, Comparison, Generations, History, Promotion
from domain.positions import Position
from domain.projection import Claim, Delta

Row = tuple[str, Hour]


class FakeJobs(Jobs):
    """Every job in a dictionary; nobody's lease is ever over, but `steal` takes one."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}
        self.epochs: Counter[str] = Counter()

    async def acquire(self, name: str, owner: str) -> Epoch | None:
        return None if name in self.owners else self.steal(name, owner)

    def steal(self, name: str, owner: str) -> Epoch:
        """As if the lease of whoever has it were over."""
        self.owners[name] = owner
        self.epochs[name] += 1
        return Epoch(self.epochs[name])

    async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
        if self.epochs[name] != epoch:
            raise Fenced(f"{name}: another process has taken this over")

    async def release(self, name: str, owner: str, epoch: Epoch) -> None:
        if self.epochs[name] == epoch:
            self.owners.pop(name, None)

    async def holder(self, name: str) -> str | None:
        return self.owners.get(name)


class FakeGenerations(Generations):
    """Generations with their rows and checkpoints; `store` folds into them. The first is live."""

    def __init__(self) -> None:
        self.infos = {Generation(1): GenerationInfo(Generation(1), "live", "", 0)}
        self.rows: dict[Generation, Counter[Row]] = {Generation(1): Counter()}
        self.stored: dict[Generation, dict[Partition, Checkpoint]] = {Generation(1): {}}
        self.store = _FakeStore(self)

    async def all(self) -> Sequence[GenerationInfo]:
        return [info for info in self.infos.values() if info.state != "dropped"]

    async def checkpoints(self, generation: Generation) -> Mapping[Partition, Checkpoint]:
        return dict(self.stored[generation])

    async def partitions(self) -> set[Partition]:
        return {partition for known in self.stored.values() for partition in known}

    async def begin(
        self,
        epoch: Epoch,
        purpose: str,
        rules: PageRules,
        starts: Mapping[Partition, Offset],
        carried_before: Hour | None,
        begun: Mapping[Partition, Hour] = NOTHING_LOST,
    ) -> GenerationInfo:
        number = Generation(max(self.infos) + 1)
        carried_views = 0 if carried_before is None else NOT_CARRIED
        self.infos[number] = GenerationInfo(
            number, "loading", purpose, 0, rules.text, carried_before, carried_views
        )
        self.rows[number] = Counter()
        self.stored[number] = {p: Checkpoint(number, p, o, epoch) for p, o in starts.items()}
        return self.infos[number]

    async def reopen(self, epoch: Epoch, generation: Generation, purpose: str) -> None:
        self._move(generation, "previous", "catching-up", purpose=purpose)

    async def close_again(self, epoch: Epoch, generation: Generation) -> None:
        self._move(generation, "catching-up", "previous")

    async def finish_loading(self, epoch: Epoch, generation: Generation) -> None:
        self._move(generation, "loading", "catching-up")

    @asynccontextmanager
    async def promoting(
        self, epoch: Epoch, generation: Generation, keep_ms: int
    ) -> AsyncIterator[Promotion]:
        live = self.live
        late = behind(self.stored[live].values(), self.stored[generation])
        yield Promotion({p: self.stored[live][p].next_offset for p in late}, self.store)
        if behind(self.stored[live].values(), self.stored[generation]):
            raise NotCaughtUp(f"generation {generation}")
        self._move(live, "live", "previous", kept_until_ms=keep_ms)
        self._move(generation, "catching-up", "live")

    async def drop(self, generation: Generation) -> None:
        if generation == self.live:
            raise RebuildError(f"generation {generation} is live")
        self.infos[generation] = replace(self.infos[generation], state="dropped")
        del self.rows[generation], self.stored[generation]

    @property
    def live(self) -> Generation:
        """The one that is read."""
        return next(number for number, info in self.infos.items() if info.state == "live")

    def states(self) -> dict[int, str]:
        """Of each generation there ever was."""
        return {number: info.state for number, info in self.infos.items()}

    def _move(self, generation: Generation, old: State, new: State, **values: object) -> None:
        info = self.infos[generation]
        if info.state != old:
            raise RebuildError(f"generation {generation} is not {old} (any more)")
        self.infos[generation] = replace(info, state=new, **values)


class _FakeStore(ProjectionStore):
    def __init__(self, generations: FakeGenerations) -> None:
        self._of = generations
        self._positions: dict[tuple[Generation, Partition], dict[str, Position]] = {}

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        number = generation or self._of.live
        fresh = Checkpoint(number, partition, Offset(0), epoch)
        found = self._of.stored[number].setdefault(partition, fresh)
        positions = self._positions.get((number, partition), {})
        return Claim(found, dict(positions), PageRules(self._of.infos[number].page_rules))

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        number, partition = checkpoint.generation, checkpoint.partition
        for (page, hour, _), views in delta.rows.items():
            self._of.rows[number][page, hour] += views
        self._positions.setdefault((number, partition), {}).update(delta.positions)
        self._of.stored[number][partition] = replace(
            checkpoint,
            next_offset=delta.next_offset,
            events=checkpoint.events + delta.events,
            recorded_ms=delta.recorded_ms or checkpoint.recorded_ms,
        )
        return self._of.stored[number][partition]

    async def checkpoints(self) -> Sequence[Checkpoint]:
        return list(self._of.stored[self._of.live].values())

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class FakeHistory(History):
    """Everything is kept; the log cannot give back the hours in `lost`."""

    def __init__(self) -> None:
        self.lost: list[Hour] = []

    async def horizon(self) -> Hour:
        return Hour(0)

    async def hours_before(self, end: Hour) -> Sequence[Hour]:
        return [hour for hour in self.lost if hour < end]

    async def carry_over(self, epoch: Epoch, info: GenerationInfo) -> int:
        return 0


class FakeComparison(Comparison):
    """Compares what fake generations hold."""

    def __init__(self, generations: FakeGenerations) -> None:
        self._generations = generations

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        live = self._generations.live
        old, new = (self._rows(number, first) for number in (live, generation))
        differing = sum(old[row] != new[row] for row in old | new)
        return Diff(
            live, generation, first, len(old), len(new), old.total(), new.total(), differing, []
        )

    async def audit(self, generation: Generation) -> Audit:
        views = self._generations.rows[generation].total()
        return Audit(generation, views, 0, views, 0)

    def _rows(self, generation: Generation, first: Hour) -> Counter[Row]:
        rows = self._generations.rows[generation]
        return Counter({row: views for row, views in rows.items() if row[1] >= first})


class FakeAggregates(Aggregates):
    """Two days of one month are due, once; each step is remembered with the job it came from."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str, Generation]] = []
        self.due = 0b11

    def _did(self, step: str, turn: Turn) -> None:
        self.steps.append((step, turn.job, turn.generation))

    async def live(self) -> Generation:
        return Generation(1)

    async def now_ms(self) -> int:
        return 0

    async def marked(self, turn: Turn) -> bool:
        return True

    async def list_days(self, turn: Turn) -> bool:
        return False

    async def distrust(self, turn: Turn) -> None:
        self._did("distrust", turn)

    async def open_months(self, turn: Turn, over_before_ms: int) -> Sequence[Month]:
        return [Month(0, 0, self.due, 0, False)] if self.due else []

    async def begin(self, turn: Turn, month: int, days: int) -> int:
        self._did("begin", turn)
        return days

    async def settle(self, turn: Turn) -> bool:
        self._did("settle", turn)
        return True

    async def add_up(
        self, turn: Turn, month: int, days: int, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._did("add up", turn)

    async def finish(self, turn: Turn, month: int, days: int) -> int:
        self._did("finish", turn)
        self.due = 0
        return days

    async def whole_months(self, turn: Turn, over_before_ms: int) -> Sequence[int]:
        return []

    async def add_up_months(
        self, turn: Turn, months: Sequence[int], stopped: Callable[[], bool] = lambda: False
    ) -> int:
        return len(months)
