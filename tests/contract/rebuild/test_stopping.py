"""A rebuild that is told to stop inside a transaction of SQLite: nobody else waits for that."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.errors import Fenced, Interrupted
from domain.events import Epoch, Generation, Partition
from domain.page_rules import NO_RULES
from domain.wire import encode
from migrations.upgrade import upgrade
from projector.fold.runner import Runner
from projector.job import held
from projector.rebuild.steps import Rebuild, Targets
from rows.aggregates.refresh import SqlAggregates
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, SqlJobs
from rows.rebuild.carry_over import SqlHistory
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from tests.conftest import embedded
from tests.factories import TEN, batch
from tests.factories import event as view
from tests.fakes import FakeLog

ONE = Partition(1)
PAGES = 20_000


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    found = open_engine(embedded(tmp_path).rows_url, patient=True)
    await upgrade(found)
    yield found
    await found.dispose()


async def a_log(pages: int) -> FakeLog:
    """Each view of another page."""
    log = FakeLog()
    log.at_once = 10
    for first in range(0, pages, 500):
        views = [view(f"example.com/{number}", TEN) for number in range(first, first + 500)]
        await log.append(ONE, encode(batch(*views, sequence=first + 1)))
    return log


class CatchingUp:
    """A rebuild of one partition; `applying` is set while rows are written."""

    def __init__(self, engine: AsyncEngine, log: FakeLog) -> None:
        self.engine = engine
        self.jobs = SqlJobs(engine, 60_000)
        self.stop = asyncio.Event()
        self.applying = asyncio.Event()
        self._log = log

    async def run(self) -> None:
        async with held(
            self.jobs, REPLAY, "tests", 60.0, doing="is rebuilding", stop=self.stop
        ) as job:
            rebuild = self.rebuild(job.epoch)
            info = await rebuild.begin("replay", NO_RULES, carry_over=False)
            await rebuild.finish_loading(info)
            event.listen(self.engine.sync_engine, "before_cursor_execute", self._look)
            await rebuild.catch_up(info.generation)

    def rebuild(self, epoch: Epoch) -> Rebuild:
        store = SqlProjectionStore(self.engine, now_ms)

        async def nothing(generation: Generation, epoch: Epoch, targets: Targets) -> None: ...

        return Rebuild(
            SqlGenerations(self.engine, now_ms), SqlHistory(self.engine),
            SqlComparison(self.engine), self._log, SqlAggregates(self.engine),
            Runner(self._log, store, flush_seconds=5, batch_size=PAGES), nothing,
            epoch, 2, self.stop,
        )  # fmt: skip

    def _look(self, _: object, __: object, statement: str, *___: object) -> None:
        if "INTO hourly_views" in statement:
            self.applying.set()


async def test_a_stop_inside_a_large_flush_leaves_the_file_to_others(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    catching_up = CatchingUp(engine, await a_log(2 * PAGES))
    running = asyncio.create_task(catching_up.run())
    await catching_up.applying.wait()
    catching_up.stop.set()
    began = monotonic()
    other = open_engine(embedded(tmp_path).rows_url)
    async with other.begin() as connection:
        await connection.execute(text("UPDATE retention SET horizon = horizon"))
    assert monotonic() - began < 1
    await other.dispose()
    with pytest.raises(Interrupted):
        await running
    # What was under way is committed, nothing more, and the job is free.
    (building,) = [i for i in await SqlGenerations(engine, now_ms).all() if i.building]
    known = await SqlGenerations(engine, now_ms).checkpoints(building.generation)
    assert known[ONE].events == PAGES
    assert await catching_up.jobs.holder(REPLAY) is None


async def test_a_job_that_was_lost_stops_what_is_done_under_it(engine: AsyncEngine) -> None:
    jobs = SqlJobs(engine, 300)

    async def work() -> None:
        async with held(jobs, REPLAY, "slow", 0.3, doing="is rebuilding") as job:
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE jobs SET expires_ms = 0"))
            assert await SqlJobs(engine, 60_000).acquire(REPLAY, "other") is not None
            async with asyncio.timeout(5):
                await job.stop.wait()
            raise Interrupted

    with pytest.raises(Fenced, match="another process has taken this over"):
        await work()
    assert await jobs.holder(REPLAY) == "other"
