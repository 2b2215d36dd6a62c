"""Replay, rollback and verify, told to a listener; the ports are in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from domain.errors import FootfallError, HistoryIncomplete, Interrupted, RebuildError
from domain.events import Epoch, Generation, Hour, PageViewed, Partition
from domain.generations import Diff, GenerationInfo
from domain.hours import hour_of
from domain.page_rules import NO_RULES, PageRules
from domain.wire import encode
from projector.fold.runner import Runner
from projector.rebuild.listener import ReplayListener
from projector.rebuild.replay import Replay, abandon, replay
from projector.rebuild.rollback import rollback
from projector.rebuild.steps import Progress, Rebuild, Targets
from projector.rebuild.verify import verify
from tests.factories import TEN, batch, event
from tests.fakes import FakeLog
from tests.fakes_rebuild import FakeAggregates, FakeComparison, FakeGenerations, FakeHistory

ONE = Partition(1)
PAGE = "example.com/page"
DAY_MS = 86_400_000
ADDED_UP = "2 of 2 days added up"
LOADED = ["loading", "sorting", "catching up", "comparing"]


class Told(ReplayListener):
    """Remembers each moment; `at` is called when a moment comes."""

    def __init__(self) -> None:
        self.moments: list[str] = []
        self.at: dict[str, Callable[[], None]] = {}
        self.progress = Progress(0, 0, 0)

    def _add(self, moment: str) -> None:
        self.moments.append(moment)
        self.at.get(moment, lambda: None)()

    def building(self, info: GenerationInfo) -> None:
        self._add(f"building {info.generation}")

    def going_on(self, info: GenerationInfo) -> None:
        self._add(f"going on with {info.generation}")

    @asynccontextmanager
    async def loading(self, progress: Callable[[], Awaitable[Progress]]) -> AsyncIterator[None]:
        self._add("loading")
        yield
        self.progress = await progress()

    def sorting(self) -> None:
        self._add("sorting")

    def catching_up(self) -> None:
        self._add("catching up")

    def comparing(self) -> None:
        self._add("comparing")

    def compared(self, diff: Diff, hours_left_out: int) -> None:
        left_out = f", {hours_left_out} hours left out" if hours_left_out else ""
        self._add(f"{diff.differing} differ{left_out}")

    def dropped_again(self, info: GenerationInfo) -> None:
        self._add(f"{info.generation} dropped again")

    def live(self, info: GenerationInfo, keep_ms: int) -> None:
        self._add(f"{info.generation} live, the old one kept for {keep_ms} ms")

    def old_dropped(self, generation: Generation) -> None:
        self._add(f"{generation} dropped")

    def old_left(self, generation: Generation, error: FootfallError) -> None:
        self._add(f"{generation} left: {error}")

    def nothing_under_way(self) -> None:
        self._add("nothing under way")

    def rolled_up(self, done: int, total: int) -> None:
        self._add(f"{done} of {total} days added up")

    def given_up(self, info: GenerationInfo) -> None:
        self._add(f"{info.generation} given up")


class World:
    """A log of three views that are folded, and whoever rebuilds."""

    def __init__(self) -> None:
        self.log = FakeLog()
        self.generations = FakeGenerations()
        self.history = FakeHistory()
        self.comparison = FakeComparison(self.generations)
        self.told = Told()
        self.stop = asyncio.Event()
        self.sequence = 0

    async def append(self, *views: PageViewed) -> None:
        self.sequence += 1
        await self.log.append(ONE, encode(batch(*views, sequence=self.sequence)))

    async def fold(self) -> None:
        end = (await self.log.bounds(ONE)).end
        await self._runner.run(ONE, Epoch(1), asyncio.Event(), until=end)

    @property
    def _runner(self) -> Runner:
        return Runner(self.log, self.generations.store, flush_seconds=5, batch_size=100)

    @property
    def rebuild(self) -> Rebuild:
        async def load(generation: Generation, epoch: Epoch, targets: Targets) -> None:
            for partition, until in targets.items():
                await self._runner.run(
                    partition, epoch, asyncio.Event(), generation=generation, until=until
                )

        return Rebuild(
            self.generations, self.history, self.comparison, self.log,
            FakeAggregates(), self._runner, load, Epoch(1), 2, self.stop,
        )  # fmt: skip

    async def replay(self, wanted: Replay) -> None:
        await replay(self.rebuild, wanted, self.told)

    async def replay_with_rules(self, *, accept_diff: bool) -> None:
        """By rules that make one page of two."""
        await self.append(event("EXAMPLE.com/page"))
        await self.fold()
        await self.replay(Replay(PageRules("lower-host"), accept_diff=accept_diff))

    @property
    def rows(self) -> dict[tuple[str, Hour], int]:
        return dict(self.generations.rows[self.generations.live])


@pytest.fixture
async def world() -> World:
    found = World()
    for _ in range(3):
        await found.append(event(PAGE))
    await found.fold()
    return found


async def test_a_replay_loads_compares_promotes_and_drops(world: World) -> None:
    await world.replay(Replay(NO_RULES))
    assert world.told.moments == [
        "building 2", *LOADED, "0 differ", ADDED_UP, "2 live, the old one kept for 0 ms",
        "1 dropped",
    ]  # fmt: skip
    assert world.told.progress == Progress(done=3, total=3, events=3)
    assert world.generations.states() == {1: "dropped", 2: "live"}
    assert world.rows == {(PAGE, hour_of(TEN)): 3}


async def test_the_old_one_is_kept_where_that_is_wanted(world: World) -> None:
    await world.replay(Replay(NO_RULES, keep_ms=DAY_MS))
    assert world.told.moments[-1] == f"2 live, the old one kept for {DAY_MS} ms"
    assert world.generations.states() == {1: "previous", 2: "live"}


async def test_a_dry_run_leaves_nothing_behind(world: World) -> None:
    await world.replay(Replay(NO_RULES, dry_run=True))
    assert world.told.moments == ["building 2", *LOADED, "0 differ", "2 dropped again"]
    assert world.generations.states() == {1: "live", 2: "dropped"}


async def test_a_dry_run_fails_where_counts_differ(world: World) -> None:
    world.generations.rows[Generation(1)][PAGE, hour_of(TEN)] += 1
    with pytest.raises(RebuildError, match=r"^counts differ$"):
        await world.replay(Replay(NO_RULES, dry_run=True, accept_diff=True))
    assert world.generations.states() == {1: "live", 2: "dropped"}


async def test_a_difference_is_not_promoted_and_what_is_built_stays(world: World) -> None:
    with pytest.raises(RebuildError, match="counts differ, nothing is promoted"):
        await world.replay_with_rules(accept_diff=False)
    assert world.told.moments[-1] == "2 differ"
    assert world.generations.states() == {1: "live", 2: "catching-up"}


async def test_a_difference_that_is_accepted_is_promoted(world: World) -> None:
    await world.replay_with_rules(accept_diff=True)
    assert world.generations.states() == {1: "dropped", 2: "live"}
    assert world.rows == {(PAGE, hour_of(TEN)): 4}


async def test_one_that_was_refused_goes_on_and_can_be_accepted(world: World) -> None:
    with pytest.raises(RebuildError):
        await world.replay_with_rules(accept_diff=False)
    world.told.moments.clear()
    await world.replay(Replay(PageRules("lower-host"), accept_diff=True))
    assert world.told.moments[:3] == ["going on with 2", "catching up", "comparing"]
    assert world.generations.states() == {1: "dropped", 2: "live"}


async def test_one_that_is_under_way_by_other_rules_is_not_gone_on_with(world: World) -> None:
    with pytest.raises(RebuildError):
        await world.replay_with_rules(accept_diff=False)
    with pytest.raises(RebuildError, match="is being built with PAGE_RULES=lower-host"):
        await world.replay(Replay(NO_RULES))


async def test_one_that_is_under_way_is_abandoned(world: World) -> None:
    with pytest.raises(RebuildError):
        await world.replay_with_rules(accept_diff=False)
    await abandon(world.rebuild, world.told)
    await abandon(world.rebuild, world.told)
    assert world.told.moments[-2:] == ["2 given up", "nothing under way"]
    assert world.generations.states() == {1: "live", 2: "dropped"}


@pytest.mark.parametrize("moment", ["building 2", "loading", "sorting", "catching up", "comparing"])
async def test_one_that_is_told_to_stop_goes_on_when_run_again(world: World, moment: str) -> None:
    world.told.at[moment] = world.stop.set
    with pytest.raises(Interrupted):
        await world.replay(Replay(NO_RULES))
    assert world.told.moments[-1] in (moment, "loading")
    assert world.generations.live == Generation(1)
    world.stop = asyncio.Event()
    world.told = Told()
    await world.replay(Replay(NO_RULES))
    assert world.told.moments[0] == "going on with 2"
    assert world.generations.states() == {1: "dropped", 2: "live"}
    assert world.rows == {(PAGE, hour_of(TEN)): 3}


async def test_what_comes_in_meanwhile_is_folded_before_it_is_live(world: World) -> None:
    def late() -> None:
        world.log.entries[ONE].append(encode(batch(event(PAGE), sequence=99)))

    world.told.at["0 differ"] = late
    await world.replay(Replay(NO_RULES))
    assert world.rows == {(PAGE, hour_of(TEN)): 4}


async def test_an_old_one_that_cannot_be_dropped_is_left_to_projectors(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_: Generation) -> None:
        raise RebuildError("it is gone")

    monkeypatch.setattr(world.generations, "drop", refused)
    await world.replay(Replay(NO_RULES))
    assert world.told.moments[-1] == "1 left: it is gone"


async def test_hours_the_log_does_not_hold_are_refused_unless_carried_over(world: World) -> None:
    world.log.delete_before(ONE, 1)
    world.history.lost = [hour_of(TEN)]
    with pytest.raises(HistoryIncomplete, match="--carry-over"):
        await world.replay(Replay(NO_RULES))
    await world.replay(Replay(NO_RULES, carry_over=True, accept_diff=True))
    assert world.generations.infos[Generation(2)].carried_before == hour_of(TEN) + 3


async def test_a_rollback_makes_the_previous_one_live_with_all_that_came_since(
    world: World,
) -> None:
    await world.replay(Replay(NO_RULES, keep_ms=DAY_MS))
    await world.append(event(PAGE))
    await world.fold()
    world.told.moments.clear()
    await rollback(world.rebuild, DAY_MS, world.told)
    assert world.told.moments == [ADDED_UP, f"1 live, the old one kept for {DAY_MS} ms"]
    assert world.generations.states() == {1: "live", 2: "previous"}
    assert world.rows == {(PAGE, hour_of(TEN)): 4}


async def test_a_rollback_that_is_told_to_stop_goes_on_or_is_given_up(world: World) -> None:
    await world.replay(Replay(NO_RULES, keep_ms=DAY_MS))
    world.stop.set()
    with pytest.raises(Interrupted):
        await rollback(world.rebuild, DAY_MS, world.told)
    assert world.generations.states() == {1: "catching-up", 2: "live"}
    with pytest.raises(RebuildError, match="is being built by footfall rollback"):
        await world.replay(Replay(NO_RULES))
    await abandon(world.rebuild, world.told)
    assert world.generations.states() == {1: "previous", 2: "live"}


async def test_without_a_previous_one_there_is_nothing_to_roll_back_to(world: World) -> None:
    with pytest.raises(RebuildError, match="there is no previous generation"):
        await rollback(world.rebuild, DAY_MS, world.told)


async def test_a_verify_folds_the_log_beside_and_leaves_nothing(world: World) -> None:
    world.generations.rows[Generation(1)][PAGE, hour_of(TEN)] += 1
    diff = await verify(world.rebuild, world.told)
    assert diff.differing == 1
    assert world.told.moments == [*LOADED, "1 differ"]
    assert world.generations.states() == {1: "live", 2: "dropped"}


async def test_a_verify_begins_anew_where_one_was_interrupted(world: World) -> None:
    world.told.at["catching up"] = world.stop.set
    with pytest.raises(Interrupted):
        await verify(world.rebuild, world.told)
    world.stop = asyncio.Event()
    await verify(world.rebuild, Told())
    assert world.generations.states() == {1: "live", 2: "dropped", 3: "dropped"}


async def test_a_verify_leaves_a_rebuild_that_is_under_way_alone(world: World) -> None:
    with pytest.raises(RebuildError):
        await world.replay_with_rules(accept_diff=False)
    with pytest.raises(RebuildError, match="verify --deep needs that place"):
        await verify(world.rebuild, world.told)
    assert world.generations.states() == {1: "live", 2: "catching-up"}


async def test_a_verify_of_nothing_fails(world: World) -> None:
    world.log.delete_before(ONE, 1)
    world.history.lost = [hour_of(TEN)]
    with pytest.raises(RebuildError, match="nothing could be compared"):
        await verify(world.rebuild, world.told)
    assert world.told.moments[-1] == "0 differ, 1 hours left out"
    assert world.generations.states() == {1: "live", 2: "dropped"}
