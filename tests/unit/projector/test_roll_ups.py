"""The job that adds up, beside a projector."""

import asyncio
import logging

import pytest

from domain.aggregates import Turn
from domain.errors import Interrupted, JobTaken, StoreUnavailable
from domain.events import Generation
from domain.jobs import ROLLUP
from projector.aggregates.loop import RollUps
from projector.aggregates.rolling import Silent
from tests.fakes_rebuild import FakeAggregates, FakeJobs

ONE = Generation(1)
STEPS = ["begin", "settle", "add up", "finish"]


class World:
    def __init__(self) -> None:
        self.jobs = FakeJobs()
        self.aggregates = FakeAggregates()
        self.roll_ups = RollUps(self.aggregates, self.jobs, "me", 60.0)

    async def kept_until(self, said: str, caplog: pytest.LogCaptureFixture) -> None:
        """It goes on until a line says that; then it is told to stop, and does."""
        stop = asyncio.Event()
        caplog.set_level(logging.DEBUG, "projector.aggregates.loop")
        keeping = asyncio.create_task(self.roll_ups.keep(0.0, 0.001, stop))
        async with asyncio.timeout(10):
            while said not in caplog.text:
                await asyncio.sleep(0)
            stop.set()
            await keeping


async def test_what_is_due_is_added_up_step_by_step_under_the_job() -> None:
    world = World()
    done = await world.roll_ups.run(lambda: False, Silent())
    assert done.days == 2
    assert world.aggregates.steps == [(step, ROLLUP, ONE) for step in STEPS]
    assert await world.jobs.holder(ROLLUP) is None


async def test_all_is_made_anew_where_that_is_wanted() -> None:
    world = World()
    await world.roll_ups.run(lambda: False, Silent(), anew=True)
    assert [step for step, *_ in world.aggregates.steps] == ["distrust", *STEPS]


async def test_only_one_is_at_it() -> None:
    world = World()
    world.jobs.steal(ROLLUP, "another")
    with pytest.raises(JobTaken, match="another adds up just now"):
        await world.roll_ups.run(lambda: False, Silent())
    assert not world.aggregates.steps


async def test_a_stop_comes_before_the_next_month() -> None:
    world = World()
    with pytest.raises(Interrupted):
        await world.roll_ups.run(lambda: True, Silent())
    assert not world.aggregates.steps
    assert await world.jobs.holder(ROLLUP) is None


async def test_nothing_is_believed_while_somebody_marks_nothing() -> None:
    world = World()

    async def marked(turn: Turn) -> bool:
        return False

    world.aggregates.marked = marked  # type: ignore[method-assign]
    done = await world.roll_ups.run(lambda: False, Silent())
    assert (bool(done), done.unmarked) == (False, True)
    assert not world.aggregates.steps


async def test_it_goes_on_and_says_what_it_did(caplog: pytest.LogCaptureFixture) -> None:
    await World().kept_until("added up 2 days, 0 whole months", caplog)


async def test_what_goes_wrong_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    world = World()

    async def live() -> Generation:
        del world.aggregates.live
        raise StoreUnavailable("the database is away")

    world.aggregates.live = live  # type: ignore[method-assign]
    await world.kept_until("added up 2 days", caplog)
    assert "days are added up at the next try: the database is away" in caplog.text


async def test_what_another_does_is_left_to_it(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.jobs.steal(ROLLUP, "another")
    await world.kept_until("another process adds up", caplog)
    assert not world.aggregates.steps
