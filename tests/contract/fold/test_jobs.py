"""What only one may do at a time: a job has one owner, and its epochs only grow."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.errors import Fenced
from domain.hours import HOUR_MS
from domain.ports.common import Jobs
from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.jobs import SqlJobs
from tests.contract.fold.site import ADAPTERS, url_of
from tests.fakes import FakeJobs

DAY_MS = 24 * HOUR_MS
LEASE_MS = 60_000


class Site(NamedTuple):
    """Jobs, and the same ones as another process takes them, with a lease in milliseconds."""

    jobs: Jobs
    with_lease: Callable[[int], Jobs]


@pytest.fixture(params=ADAPTERS)
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    if request.param == "fake":
        fake = FakeJobs(LEASE_MS)
        yield Site(fake, fake.with_lease)
        return
    async with url_of(request.param, tmp_path) as url:
        engine = open_engine(url, patient=True)
        await upgrade(engine)
        yield Site(SqlJobs(engine, LEASE_MS), partial(SqlJobs, engine))
        await engine.dispose()


async def test_a_job_has_one_owner_and_a_growing_epoch(site: Site) -> None:
    jobs = site.jobs
    first = await jobs.acquire("other", "one")
    assert first is not None
    assert await jobs.acquire("other", "two") is None
    assert await jobs.holder("other") == "one"
    await jobs.renew("other", "one", first)
    await jobs.release("other", "two", first)
    assert await jobs.holder("other") == "one"
    await jobs.release("other", "one", first)
    assert await jobs.holder("other") is None
    second = await jobs.acquire("other", "two")
    assert second is not None
    assert second > first
    with pytest.raises(Fenced):
        await jobs.renew("other", "one", first)
    await jobs.release("other", "one", first)
    assert await jobs.holder("other") == "two"


async def test_the_job_of_one_that_is_silent_is_taken(site: Site) -> None:
    short = site.with_lease(50)
    first = await short.acquire("other", "one")
    assert first is not None
    async with asyncio.timeout(20):
        while (second := await short.acquire("other", "two")) is None:
            await asyncio.sleep(0.01)
    assert second > first
    with pytest.raises(Fenced):
        await short.renew("other", "one", first)


async def test_of_many_that_want_a_job_one_gets_it(site: Site) -> None:
    found = await asyncio.gather(*(site.jobs.acquire("other", f"o{i}") for i in range(5)))
    assert sum(epoch is not None for epoch in found) == 1


async def test_leases_go_by_the_clock_of_the_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await site.jobs.acquire("other", "one") is not None
    # A host whose clock is a day ahead takes nobody for dead.
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + DAY_MS * 1_000_000)
    wrong = site.with_lease(LEASE_MS)
    assert await wrong.acquire("other", "two") is None
    assert await wrong.holder("other") == "one"


async def test_a_lease_that_was_written_while_the_clock_was_ahead_holds_nobody(site: Site) -> None:
    assert await site.with_lease(500 * DAY_MS).acquire("other", "one") is not None
    assert await site.jobs.holder("other") is None
    assert await site.jobs.acquire("other", "two") is not None
    assert await site.jobs.holder("other") == "two"
