"""A new generation beside the live one: load, catch up, compare, promote.

Every step can be repeated, so a rebuild that was interrupted goes on where it was: what is
loaded is in the checkpoints of the new generation, what is finished is in its state.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from domain import wire
from domain.aggregates import RolledUp, Turn
from domain.checkpoint import Bounds, Checkpoint
from domain.errors import (
    HistoryIncomplete,
    Interrupted,
    LogWentBackward,
    NotCaughtUp,
    RebuildError,
    StoreUnavailable,
    Undecodable,
    UnknownFormat,
)
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import Diff, GenerationInfo, complete_from
from domain.hours import as_text, hour_of
from domain.jobs import REPLAY
from domain.page_rules import PageRules
from domain.ports.aggregates import Aggregates
from domain.ports.log import LogReader
from domain.ports.rebuild import Comparison, Generations, History
from projector.aggregates.rolling import RollUpListener, roll_up
from projector.fold.runner import Runner
from projector.rebuild.promotion import promote

# What is missing after one is what was appended meanwhile: it gets less each time.
_PROMOTE_TRIES = 20

Targets = Mapping[Partition, Offset]
"""How far each partition is to be folded: the offset that is not folded any more."""


class Load(Protocol):
    """Folds the partitions of a generation up to their targets, as fast as it can."""

    def __call__(self, generation: Generation, epoch: Epoch, targets: Targets) -> Awaitable[None]:
        """Raises `RebuildError` when a part of it failed; calling it again goes on.

        It can be cancelled: no transaction of this process is in it.
        """


class Progress(Struct, frozen=True):
    """How far a fold is: offsets of `total` that are done, and the events in them."""

    done: int
    total: int
    events: int


class Rebuild:
    """The steps of a rebuild under one epoch of the job.

    Between their transactions they look at `stop`: where it is set they raise `Interrupted`.
    """

    def __init__(
        self,
        generations: Generations,
        history: History,
        comparison: Comparison,
        reader: LogReader,
        aggregates: Aggregates,
        runner: Runner,
        load: Load,
        epoch: Epoch,
        partitions: int,
        stop: asyncio.Event | None = None,
    ) -> None:
        self._generations = generations
        self._history = history
        self._comparison = comparison
        self._reader = reader
        self._aggregates = aggregates
        self._runner = runner
        self._load = load
        self._epoch = epoch
        self._partitions = partitions
        self._stop = stop or asyncio.Event()

    async def under_way(self) -> GenerationInfo | None:
        """The generation that is being built, if any."""
        infos = await self._generations.all()
        return next((info for info in infos if info.building), None)

    async def begin(
        self, purpose: str, rules: PageRules, *, carry_over: bool | None
    ) -> GenerationInfo:
        """A new generation. Raises `HistoryIncomplete` when the log cannot give back all hours
        that are kept and they are not to be carried over (None: they will not be looked at).
        """
        # The checkpoints first, or the fold would seem to be beyond the end of the log.
        folded = await self._checkpoints(await self.live())
        bounds = await self._bounds()
        recorded = await self._recorded_first(bounds, folded)
        truncated = complete_from(recorded.values())
        lost = [] if truncated is None else await self._history.hours_before(truncated)
        if lost and carry_over is False:
            raise HistoryIncomplete(_incomplete(lost))
        starts = {partition: held.first for partition, held in bounds.items()}
        carried_before = truncated if lost and carry_over else None
        begun = {partition: hour_of(moment_ms) for partition, moment_ms in recorded.items()}
        return await self._generations.begin(
            self._epoch, purpose, rules, starts, carried_before, begun
        )

    async def reopen(self, purpose: str) -> GenerationInfo:
        """The generation that was live last, to be made live again."""
        previous = [info for info in await self._generations.all() if info.state == "previous"]
        if not previous:
            raise RebuildError(
                "there is no previous generation: footfall replay --keep-previous leaves one"
            )
        # Not the one with the highest number: after a rollback that is the one rolled back from.
        newest = max(previous, key=lambda info: info.kept_until_ms)
        await self._generations.reopen(self._epoch, newest.generation, purpose)
        return newest

    async def load(self, info: GenerationInfo) -> None:
        """Carry over what must be, fold the log in bulk; nothing to do where that is done."""
        if info.state != "loading":
            return
        self._look()
        if info.to_carry:
            await self._history.carry_over(self._epoch, info)
        await self._load_until_stopped(info.generation)

    async def _load_until_stopped(self, generation: Generation) -> None:
        targets = await self.targets()
        loading = asyncio.ensure_future(self._load(generation, self._epoch, targets))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not loading.done():
                raise Interrupted
            await loading
        finally:
            for task in (loading, stopping):
                task.cancel()
            await asyncio.gather(loading, stopping, return_exceptions=True)

    async def finish_loading(self, info: GenerationInfo) -> None:
        """Make ordinary rows of what is loaded; nothing to do where that is done."""
        self._look()
        if info.state == "loading":
            await self._generations.finish_loading(self._epoch, info.generation)

    async def catch_up(self, generation: Generation) -> None:
        """Fold what was appended since, up to the end of the log at this moment."""
        targets = await self.targets()
        for partition, until in sorted(targets.items()):
            self._look()
            await self._runner.run(
                partition, self._epoch, self._stop, generation=generation, until=until
            )
        self._look()

    async def compare(self, info: GenerationInfo) -> Diff:
        """Live against new, for the hours that both can have."""
        self._look()
        first = await self._history.horizon()
        if info.carried_before is None:
            folded = await self._checkpoints(await self.live())
            complete = complete_from(
                (await self._recorded_first(await self._bounds(), folded)).values()
            )
            first = first if complete is None else Hour(max(first, complete))
        return await self._comparison.compare(info.generation, self._reader, first)

    async def roll_up(self, generation: Generation, listener: RollUpListener) -> RolledUp:
        """Add up the days that are over, before anybody reads them; what comes later is due."""
        turn = Turn(REPLAY, self._epoch, generation)
        return await roll_up(self._aggregates, turn, self._stop.is_set, listener)

    async def promote(self, generation: Generation, keep_ms: int) -> None:
        """Catch up and promote, again where the live projectors are too far ahead by then."""
        for left in reversed(range(_PROMOTE_TRIES)):
            await self.catch_up(generation)
            try:
                await promote(
                    self._generations, self._reader, self._epoch, generation, keep_ms, self._stop
                )
            except (NotCaughtUp, StoreUnavailable) as error:
                undone = isinstance(error, NotCaughtUp) or error.conflict
                if not (left and undone):
                    raise
            else:
                return

    async def give_up(self, info: GenerationInfo) -> None:
        """Drop what is being built; what was only reopened is kept as the previous generation."""
        if info.purpose == "rollback":
            await self._generations.close_again(self._epoch, info.generation)
        else:
            await self._generations.drop(info.generation)

    async def hours_left_out(self, diff: Diff) -> int:
        """How many hours that are kept were not compared, the log no longer holding all of them."""
        return len(await self._history.hours_before(diff.first_hour))

    async def drop(self, generation: Generation) -> None:
        """Remove a generation that is not live."""
        await self._generations.drop(generation)

    async def targets(self) -> Targets:
        """The end of the log now."""
        return {partition: held.end for partition, held in (await self._bounds()).items()}

    async def progress(self, generation: Generation, targets: Targets) -> Progress:
        """How far `generation` is on its way to `targets`, from the beginning of the log."""
        folded = await self._generations.checkpoints(generation)
        return Progress(
            done=sum(min(folded[p].next_offset, t) for p, t in targets.items() if p in folded),
            total=sum(targets.values()),
            events=sum(checkpoint.events for checkpoint in folded.values()),
        )

    async def live(self) -> GenerationInfo:
        """The one that reports read."""
        return next(info for info in await self._generations.all() if info.state == "live")

    def _look(self) -> None:
        if self._stop.is_set():
            raise Interrupted

    async def _checkpoints(self, info: GenerationInfo) -> Mapping[Partition, Checkpoint]:
        return await self._generations.checkpoints(info.generation)

    async def _bounds(self) -> dict[Partition, Bounds]:
        written = {Partition(p) for p in range(self._partitions)}
        partitions = sorted(written | await self._generations.partitions())
        bounds = await asyncio.gather(*(self._reader.bounds(p) for p in partitions))
        return dict(zip(partitions, bounds, strict=True))

    async def _recorded_first(
        self, bounds: Mapping[Partition, Bounds], folded: Mapping[Partition, Checkpoint]
    ) -> Mapping[Partition, int]:
        """When the first entry of each partition was recorded that has lost its beginning."""
        recorded = {}
        for partition, held in bounds.items():
            checkpoint = folded.get(partition)
            if checkpoint is not None and held.end < checkpoint.next_offset:
                message = (
                    f"partition {partition}: the log ends at offset {held.end}, the live "
                    f"generation has folded up to {checkpoint.next_offset}: a rebuild would lose "
                    "what lies between"
                )
                raise LogWentBackward(message)
            if held.first > 0:
                recorded[partition] = await self._first_recorded_ms(partition, held, checkpoint)
        return recorded

    async def _first_recorded_ms(
        self, partition: Partition, bounds: Bounds, checkpoint: Checkpoint | None
    ) -> int:
        offset = bounds.first
        while (entry := await self._reader.entry_at(partition, offset)) is not None:
            try:
                return wire.recorded_ms(entry.body)
            except (Undecodable, UnknownFormat):
                offset = Offset(entry.offset + 1)
        # Nothing is left: what was deleted was recorded no later than the last that was folded.
        return 0 if checkpoint is None else checkpoint.recorded_ms


def check_under_way(info: GenerationInfo, purpose: str, rules: PageRules) -> None:
    """Raises `RebuildError` when the generation under way is not what is asked for now."""
    if info.purpose != purpose:
        message = (
            f"generation {info.generation} is being built by footfall {info.purpose}: run that to "
            "its end, or footfall replay --abandon"
        )
        raise RebuildError(message)
    if info.page_rules != rules.text:
        message = (
            f"generation {info.generation} is being built with PAGE_RULES={info.page_rules}, now "
            f"PAGE_RULES is {rules.text or 'empty'}: set it back, or footfall replay --abandon"
        )
        raise RebuildError(message)


def _incomplete(lost: Iterable[Hour]) -> str:
    hours = [as_text(hour) for hour in lost]
    return (
        f"the log no longer holds every event of {len(hours):,} hours that are kept "
        f"({hours[0]} to {hours[-1]}): with --carry-over these hours are copied from the live "
        "generation instead of being counted again"
    )
