"""A database and a log in memory, in which generations are built."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.agents.classes import Agent, agent_of
from domain.agents.classing import UNCLASSED, Classes
from domain.agents.lists import lists_of
from domain.events import Epoch, Generation, Hour, Offset, PageViewed, Partition
from domain.generations import GenerationInfo
from domain.hours import HOUR_MS, hour_of
from domain.page_rules import NO_RULES, PageRules
from domain.wire import encode
from projector.fold.runner import Runner
from projector.housekeeping.audits import audit_all
from projector.rebuild.load import load
from projector.rebuild.steps import Rebuild, Targets
from rows.aggregates.refresh import SqlAggregates
from rows.audits import SqlAudits
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.fold.watermarks import SqlWatermarks
from rows.jobs import REPLAY, SqlJobs
from rows.rebuild.carry_over import SqlHistory
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from rows.reports.hourly import SqlReportReader
from rows.tables import hourly_views
from tests.factories import TEN, batch, event
from tests.fakes import FakeLog

PARTITIONS = 3
ONE, TWO = Partition(1), Partition(2)
FIRST, SECOND = Generation(1), Generation(2)
DAY_MS = 24 * HOUR_MS
MONTH_MS = 31 * DAY_MS
LEASE_MS = 60_000
HOUR = hour_of(TEN)
PAGE = "example.com/page"


class Site:
    """A database and a log in memory; `expected` is what the rows must add up to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: AsyncEngine = open_engine(url, patient=True)
        self.snapshots = open_engine(url, patient=True, read_only=True)
        self.log = FakeLog()
        # So that flushes are small, and rows are loaded in parts.
        self.log.at_once = 2
        self.history = SqlHistory(self.engine)
        self.class_by(UNCLASSED)
        self.aggregates = SqlAggregates(self.engine)
        self.audits = SqlAudits(self.engine, now_ms)
        self.jobs = SqlJobs(self.engine, LEASE_MS)
        self.reports = SqlReportReader(self.snapshots)
        self.epoch = Epoch(0)
        self.expected: Counter[tuple[str, Hour]] = Counter()
        self._sequence = 0

    def class_by(self, classes: Classes) -> None:
        """From now on, as a program that has this list."""
        self.store = SqlProjectionStore(self.engine, now_ms, classes=classes)
        self.bulk = SqlProjectionStore(self.engine, now_ms, bulk=True, classes=classes)
        self.generations = SqlGenerations(self.engine, now_ms, classes)
        self.comparison = SqlComparison(self.snapshots, classes)

    async def close(self) -> None:
        await self.engine.dispose()
        await self.snapshots.dispose()

    @property
    def postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    async def take_job(self) -> Epoch:
        """From whoever has it."""
        if self.epoch:
            await self.jobs.release(REPLAY, "tests", self.epoch)
        epoch = await self.jobs.acquire(REPLAY, "tests")
        assert epoch is not None
        self.epoch = epoch
        return epoch

    def rebuild(self) -> Rebuild:
        """Loads in this process, in flushes of few events, so that rows come in parts."""
        loader = Runner(self.log, self.bulk, flush_seconds=5, batch_size=2)

        async def load_here(generation: Generation, epoch: Epoch, targets: Targets) -> None:
            await load(loader, generation, epoch, targets)

        runner = Runner(self.log, self.store, flush_seconds=5, batch_size=1_000)
        return Rebuild(
            self.generations, self.history, self.comparison, self.log, self.aggregates, runner,
            load_here, self.epoch, PARTITIONS,
        )  # fmt: skip

    async def append(
        self,
        partition: Partition,
        *events: PageViewed,
        at_ms: int | None = None,
        times: int = 1,
        agents: Sequence[str | None] = (),
    ) -> bytes:
        """A batch, recorded at `at_ms` or in time; it counts once however often it arrives."""
        self._sequence += 1
        sequence = self._sequence
        producer = f"p{partition}"
        cut = batch(*events, producer=producer, sequence=sequence, at_ms=at_ms, agents=agents)
        for _ in range(times):
            await self.log.append(partition, encode(cut))
        for found in cut.events:
            self.expected[found.page, hour_of(found.at_ms)] += found.count
        return encode(cut)

    async def fill(self) -> None:
        """Three partitions, three months; each row in several batches."""
        for _ in range(3):
            for number in range(PARTITIONS):
                for after in range(3):
                    seen = event(f"{PAGE}/{number}", TEN + after * MONTH_MS, count=2)
                    await self.append(Partition(number), seen, event(PAGE, TEN), times=2)

    async def fold(self, *chosen: Partition, until: int | None = None, epoch: int = 1) -> None:
        """Into the live generation, up to the end or to offset `until`."""
        runner = Runner(self.log, self.store, flush_seconds=5, batch_size=1_000)
        for partition in chosen or [Partition(p) for p in range(PARTITIONS)]:
            end = (await self.log.bounds(partition)).end if until is None else Offset(until)
            await runner.run(partition, Epoch(epoch), asyncio.Event(), until=end)

    async def build(
        self, rules: PageRules = NO_RULES, *, carry_over: bool | None = False
    ) -> GenerationInfo:
        """A new generation that has everything."""
        rebuild = self.rebuild()
        info = await rebuild.begin("replay", rules, carry_over=carry_over)
        await rebuild.load(info)
        await rebuild.finish_loading(info)
        await rebuild.catch_up(info.generation)
        return info

    async def complete(self, moments: Mapping[int, int]) -> None:
        """The live generation's partitions are, up to these moments."""
        await SqlLeases(self.engine, LEASE_MS).enter(PARTITIONS)
        live = await self.store.live_checkpoints()
        await SqlWatermarks(self.engine).record({live[Partition(p)]: m for p, m in moments.items()})

    async def completeness(self, generation: Generation) -> dict[int, int]:
        found = await self.generations.checkpoints(generation)
        return {partition: checkpoint.complete_ms for partition, checkpoint in found.items()}

    async def states(self) -> dict[int, str]:
        return {info.generation: info.state for info in await self.generations.all()}

    async def rows(self) -> dict[tuple[str, Hour], int]:
        """What reports are made of."""
        pages = {page for page, _ in self.expected}
        found: dict[tuple[str, Hour], int] = {}
        for page in pages:
            hours = await self.reports.hourly(page, Hour(HOUR - 100_000), Hour(HOUR + 100_000))
            found |= {(page, hour): views for hour, views in hours.items()}
        return found

    async def by_class(self, generation: Generation) -> dict[tuple[str, Agent], int]:
        """Views of each page in a generation by who looked."""
        found: Counter[tuple[str, Agent]] = Counter()
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                select(hourly_views).where(hourly_views.c.generation == generation)
            )
            for row in rows:
                found[row.page, agent_of(row.shard)] += row.views
        return dict(found)

    async def lists(self) -> dict[int, list[str]]:
        """By which lists each generation is classed."""
        return {
            info.generation: lists_of(info.agent_lists) for info in await self.generations.all()
        }

    async def assert_exact(self) -> None:
        """Reports are what the log adds up to, and every audit agrees."""
        assert await self.rows() == dict(self.expected)
        for audit in await audit_all(self.generations, self.comparison, self.audits):
            assert audit.difference == 0, audit

    async def differing(self, generation: Generation) -> int:
        return (await self.comparison.compare(generation, self.log, Hour(-20_000_000))).differing

    async def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Each row of the tables that a refused step must leave alone."""
        found = {}
        async with self.engine.connect() as connection:
            for name in ("generations", "checkpoints", "hourly_views"):
                rows = await connection.execute(text(f"SELECT * FROM {name}"))
                found[name] = sorted((tuple(row) for row in rows), key=repr)
        return found

    async def execute(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))


async def plant(site: Site, generation: Generation, views: int, page: str = PAGE) -> None:
    """Somebody changes a row by hand."""
    await site.execute(
        f"UPDATE hourly_views SET views = views + {views} "
        f"WHERE generation = {generation} AND page = '{page}' AND shard = 0"
    )
