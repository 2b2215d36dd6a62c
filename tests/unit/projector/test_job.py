"""A job is taken, renewed and given back; nobody who works under it is cancelled."""

import asyncio

import pytest

from domain.errors import Fenced, Interrupted, JobTaken, Outdated, StoreUnavailable
from domain.events import Epoch
from projector.job import held
from tests.fakes_rebuild import FakeJobs

NAME = "tidy"
DOING = "is tidying: only one may at a time"


async def hold(
    jobs: FakeJobs, wait_seconds: float = 0.0, *, stop: asyncio.Event | None = None
) -> list[str | None]:
    """Have it for a moment; who was waited for."""
    waited_for: list[str | None] = []
    async with held(
        jobs, NAME, "me", 0.04, wait_seconds, doing=DOING, stop=stop, waiting=waited_for.append
    ):
        assert jobs.owners == {NAME: "me"}
    return waited_for


async def test_a_free_job_is_had_and_given_back() -> None:
    jobs = FakeJobs()
    assert await hold(jobs) == []
    assert jobs.owners == {}


async def test_a_job_of_another_process_is_refused_by_its_name() -> None:
    jobs = FakeJobs()
    jobs.steal(NAME, "other")
    with pytest.raises(JobTaken, match=r"^other is tidying: only one may at a time$"):
        await hold(jobs)
    with pytest.raises(JobTaken):
        await hold(jobs, wait_seconds=0.05)
    assert jobs.owners == {NAME: "other"}


async def test_a_dead_holder_is_waited_for_and_that_is_told_once() -> None:
    class Dying(FakeJobs):
        asked = 0

        async def holder(self, name: str) -> str | None:
            self.asked += 1
            return self.owners.pop(name) if self.asked == 3 else self.owners[name]

    jobs = Dying()
    jobs.steal(NAME, "dead")
    async with asyncio.timeout(5):
        assert await hold(jobs, wait_seconds=60) == ["dead"]


async def test_who_waits_can_be_told_to_stop() -> None:
    jobs, stop = FakeJobs(), asyncio.Event()
    jobs.steal(NAME, "other")
    stop.set()
    with pytest.raises(Interrupted):
        await hold(jobs, wait_seconds=60, stop=stop)


async def test_a_job_that_is_lost_sets_the_stop_and_ends_fenced() -> None:
    jobs = FakeJobs()

    async def work() -> None:
        async with held(jobs, NAME, "me", 0.03, doing=DOING) as job:
            jobs.steal(NAME, "other")
            async with asyncio.timeout(5):
                await job.stop.wait()
            raise Interrupted

    with pytest.raises(Fenced, match="another process has taken this over"):
        await work()
    assert jobs.owners == {NAME: "other"}


async def test_a_database_that_was_away_for_a_renewal_loses_nothing() -> None:
    class Away(FakeJobs):
        def __init__(self) -> None:
            super().__init__()
            self.failures = [StoreUnavailable("away")]
            self.renewed = asyncio.Event()

        async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
            if self.failures:
                raise self.failures.pop()
            self.renewed.set()

    jobs = Away()
    async with held(jobs, NAME, "me", 0.03, doing=DOING) as job:
        async with asyncio.timeout(5):
            await jobs.renewed.wait()
        assert not job.stop.is_set()


async def test_it_is_given_back_when_what_is_done_under_it_fails() -> None:
    jobs = FakeJobs()
    with pytest.raises(ZeroDivisionError):
        async with held(jobs, NAME, "me", 1.0, doing=DOING):
            raise ZeroDivisionError
    assert jobs.owners == {}


async def test_a_job_of_an_outdated_process_ends_its_work_and_is_given_back() -> None:
    class Migrated(FakeJobs):
        async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
            raise Outdated("the database is newer")

    async def work() -> None:
        async with held(jobs, NAME, "me", 0.04, doing=DOING) as job:
            await job.stop.wait()
            raise Interrupted

    jobs = Migrated()
    async with asyncio.timeout(5):
        with pytest.raises(Outdated):
            await work()
    assert jobs.owners == {}
