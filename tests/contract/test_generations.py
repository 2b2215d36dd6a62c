"""Generations as a whole: built, compared, promoted, carried over, dropped, under one job."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cli.wiring.process import now_ms
from domain.errors import (
    Fenced,
    HistoryIncomplete,
    LogUnavailable,
    LogWentBackward,
    NotCaughtUp,
    RebuildError,
    StoreUnavailable,
)
from domain.events import Entry, Epoch, Generation, Hour, Offset, PageViewed, Partition
from domain.generations import GenerationInfo
from domain.hours import HOUR_MS, hour_of
from domain.page_rules import NO_RULES, PageRules
from domain.projection import project
from domain.wire import encode
from migrations.upgrade import upgrade
from projector.fold.runner import Runner
from projector.housekeeping.audits import audit_all
from projector.rebuild import promotion
from projector.rebuild.load import load
from projector.rebuild.promotion import promote
from projector.rebuild.steps import Rebuild, Targets
from rows.audits import SqlAudits
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, SqlJobs
from rows.postgresql import months
from rows.rebuild import generations as generations_module
from rows.rebuild.bulk import BulkLoadStore
from rows.rebuild.carry_over import SqlHistory
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations, StoreWithin
from rows.reports.hourly import SqlReportReader
from rows.tables import audits, checkpoints, dead_letters, hourly_views, producer_positions
from tests.conftest import embedded, postgres_database
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
        self.engine: AsyncEngine = open_engine(url, patient=True)
        self.snapshots = open_engine(url, patient=True, read_only=True)
        self.log = FakeLog()
        # So that flushes are small, and rows are loaded in parts.
        self.log.at_once = 2
        self.store = SqlProjectionStore(self.engine, now_ms)
        self.bulk = BulkLoadStore(self.engine, now_ms)
        self.generations = SqlGenerations(self.engine, now_ms)
        self.history = SqlHistory(self.engine)
        self.comparison = SqlComparison(self.snapshots)
        self.audits = SqlAudits(self.engine, now_ms)
        self.jobs = SqlJobs(self.engine, LEASE_MS)
        self.reports = SqlReportReader(self.snapshots)
        self.epoch = Epoch(0)
        self.expected: Counter[tuple[str, Hour]] = Counter()
        self._sequence = 0

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
            self.generations, self.history, self.comparison, self.log, runner, load_here,
            self.epoch, PARTITIONS,
        )  # fmt: skip

    async def append(
        self, partition: Partition, *events: PageViewed, at_ms: int = TEN, times: int = 1
    ) -> bytes:
        """A batch that was recorded at `at_ms`; it counts once however often it arrives."""
        self._sequence += 1
        sequence = self._sequence
        cut = batch(*events, producer=f"p{partition}", sequence=sequence, at_ms=at_ms)
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


@asynccontextmanager
async def url_of(name: str, tmp_path: Path) -> AsyncIterator[str]:
    if name == "sqlite":
        yield embedded(tmp_path).rows_url
        return
    async with postgres_database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async with url_of(request.param, tmp_path) as url:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()
        found = Site(url)
        await found.take_job()
        yield found
        await found.close()


# Building and promoting


async def test_a_new_generation_becomes_the_one_that_is_read(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.build()
    assert await site.states() == {1: "live", 2: "catching-up"}
    assert await site.differing(info.generation) == 0
    await site.rebuild().promote(info.generation, keep_ms=1_000)
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()
    await site.append(ONE)
    await site.fold()
    await site.assert_exact()


async def test_a_generation_begins_beside_the_live_one_and_alone(site: Site) -> None:
    await site.fill()
    await site.fold()
    starts = {ONE: Offset(4), TWO: Offset(0)}
    info = await site.generations.begin(site.epoch, "replay", PageRules("lower-host"), starts, None)
    assert (info.generation, info.state, info.page_rules) == (2, "loading", "lower-host")
    found = await site.generations.checkpoints(info.generation)
    assert {p: c.next_offset for p, c in found.items()} == starts
    with pytest.raises(RebuildError, match="being built already"):
        await site.generations.begin(site.epoch, "replay", NO_RULES, starts, None)
    await site.assert_exact()


async def test_no_number_is_given_twice(site: Site) -> None:
    for number in (2, 3, 4):
        info = await site.generations.begin(site.epoch, "replay", NO_RULES, {}, None)
        assert info.generation == number
        await site.generations.drop(info.generation)
    assert await site.states() == {1: "live"}


async def test_illegal_moves_are_refused_and_change_nothing(site: Site) -> None:
    await site.fill()
    await site.fold()
    generations, epoch = site.generations, site.epoch
    await generations.begin(epoch, "replay", NO_RULES, {}, None)
    before = await site.everything()
    illegal: list[Callable[[], Awaitable[object]]] = [
        # What is loading is nothing to promote, what is live nothing to reopen or to drop.
        lambda: promote(generations, site.log, epoch, SECOND, 0),
        lambda: promote(generations, site.log, epoch, Generation(9), 0),
        lambda: generations.reopen(epoch, SECOND, "rollback"),
        lambda: generations.reopen(epoch, FIRST, "rollback"),
        lambda: generations.finish_loading(epoch, FIRST),
        lambda: generations.drop(FIRST),
        lambda: generations.drop(Generation(9)),
    ]
    for move in illegal:
        with pytest.raises((RebuildError, Fenced)):
            await move()
        assert await site.everything() == before
    await site.assert_exact()


async def test_the_little_that_is_missing_is_folded_in_the_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    # In a month that neither has yet, and with a page that is counted elsewhere too.
    await site.append(ONE, event(PAGE, TEN + 5 * MONTH_MS), event(PAGE, TEN))
    await site.append(TWO, event(PAGE, TEN))
    await site.fold()
    await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()


async def test_what_is_far_behind_is_not_promoted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    for _ in range(3):
        await site.append(ONE)
    await site.fold()
    monkeypatch.setattr(generations_module, "MOST_MISSING", 2)
    before = await site.everything()
    with pytest.raises(NotCaughtUp, match="partitions 1"):
        await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.everything() == before
    await site.rebuild().promote(SECOND, 0)
    await site.assert_exact()


async def test_a_promotion_does_not_wait_for_a_log_that_lost_what_was_folded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(ONE)
    await site.fold()
    del site.log.entries[ONE][-1]
    monkeypatch.setattr(promotion, "_CATCH_UP_SECONDS", 0.05)
    before = await site.everything()
    with pytest.raises(LogUnavailable):
        await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.everything() == before


async def test_a_promotion_lets_no_partition_step_back_that_is_new(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(Partition(7), event("new/partition"))
    await site.fold(Partition(7))
    await promote(site.generations, site.log, site.epoch, SECOND, 0)
    await site.assert_exact()
    assert (await site.generations.checkpoints(SECOND))[Partition(7)].next_offset == 1


async def test_views_come_in_and_are_read_while_a_generation_is_promoted(site: Site) -> None:
    await site.fill()
    await site.fold()
    stop = asyncio.Event()

    async def go_on(partition: Partition) -> None:
        while not stop.is_set():
            await site.append(partition)
            try:
                await site.fold(partition)
            except Fenced:
                # The generation changed under it; the next claim is of the new one.
                continue

    async def look() -> None:
        seen: Counter[Hour] = Counter()
        while not stop.is_set():
            hours = await site.reports.hourly(PAGE, HOUR, Hour(HOUR + 1))
            assert hours[HOUR] >= seen[HOUR]
            seen.update(dict(hours) if not seen else {HOUR: hours[HOUR] - seen[HOUR]})

    others = [asyncio.create_task(go_on(Partition(p))) for p in range(PARTITIONS)]
    others.append(asyncio.create_task(look()))
    for keep_ms in (0, 1_000):
        info = await site.build()
        assert await site.differing(info.generation) == 0
        await site.rebuild().promote(info.generation, keep_ms)
        if not keep_ms:
            await site.generations.drop(FIRST)
    stop.set()
    await asyncio.gather(*others)
    await site.fold()
    await site.assert_exact()


# Fencing


async def test_live_projectors_are_fenced_by_a_promotion_and_go_on(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(5))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    await site.rebuild().promote(SECOND, 1_000)
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    for generation in (FIRST, SECOND):
        # Neither is being built: nothing may be folded in them as if they were.
        with pytest.raises(Fenced):
            await site.store.claim(ONE, Epoch(9), generation)
    # An owner from before the last one is refused in the new generation too.
    with pytest.raises(Fenced):
        await site.store.claim(ONE, Epoch(4))
    again = await site.store.claim(ONE, Epoch(5))
    assert again.checkpoint.generation == SECOND
    await site.fold(epoch=5)
    await site.assert_exact()


async def test_nobody_folds_into_a_generation_that_is_dropped(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, site.epoch, SECOND)
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    await site.generations.drop(SECOND)
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    with pytest.raises(Fenced):
        await site.store.claim(ONE, site.epoch, SECOND)


async def test_who_lost_the_job_changes_nothing_any_more(site: Site) -> None:
    await site.fill()
    await site.fold()
    old = site.epoch
    info = await site.build()
    await site.rebuild().promote(SECOND, 1_000)
    third = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    carrying = await _carried_later(site, third)
    new = await site.take_job()
    assert new > old
    before = await site.everything()
    late: list[Callable[[], Awaitable[object]]] = [
        lambda: site.generations.begin(old, "replay", NO_RULES, {}, None),
        lambda: site.generations.reopen(old, FIRST, "rollback"),
        lambda: site.generations.finish_loading(old, third.generation),
        lambda: promote(site.generations, site.log, old, third.generation, 0),
        lambda: site.history.carry_over(old, carrying),
        lambda: site.jobs.renew(REPLAY, "tests", old),
    ]
    for move in late:
        with pytest.raises(Fenced):
            await move()
        assert await site.everything() == before
    await site.store.claim(ONE, new, third.generation)
    with pytest.raises(Fenced):
        await site.store.claim(ONE, old, third.generation)
    assert info.generation == SECOND


async def _carried_later(site: Site, info: GenerationInfo) -> GenerationInfo:
    await site.execute(
        f"UPDATE generations SET carried_before = {HOUR + 1}, carried_views = -1 "
        f"WHERE generation = {info.generation}"
    )
    return next(i for i in await site.generations.all() if i.generation == info.generation)


async def test_a_loader_of_an_older_job_is_fenced(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    claim = await site.bulk.claim(ONE, site.epoch, info.generation)
    fold = project([Entry(Offset(0), site.log.entries[ONE][0])])
    await site.take_job()
    await site.bulk.claim(ONE, site.epoch, info.generation)
    with pytest.raises(Fenced):
        await site.bulk.apply(claim.checkpoint, fold)


async def test_a_claim_that_is_under_way_is_not_missed_by_a_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    new = Partition(7)
    await site.append(new, event("new/partition"))
    async with site.engine.connect() as connection:
        within = StoreWithin(site.engine, now_ms, connection)
        claim = await within.claim(new, Epoch(3))
        promoting = asyncio.create_task(site.rebuild().promote(SECOND, 1_000))
        await asyncio.wait({promoting}, timeout=0.3)
        await connection.commit()
    await promoting
    fold = project([Entry(Offset(0), site.log.entries[new][0])])
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    await site.fold(new, epoch=3)
    await site.assert_exact()


async def test_a_flush_that_is_under_way_is_not_missed_by_a_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(3))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    async with site.engine.connect() as connection:
        await StoreWithin(site.engine, now_ms, connection).apply(claim.checkpoint, fold)
        promoting = asyncio.create_task(
            promote(site.generations, site.log, site.epoch, SECOND, 1_000)
        )
        await asyncio.wait({promoting}, timeout=0.3)
        await connection.commit()
    await promoting
    # At once, not only after the next flush.
    await site.assert_exact()


async def test_live_projectors_do_not_wait_for_a_promotion_that_froze(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not site.postgresql:
        # Who has locked a file keeps it: nothing but the end of its process frees it.
        return
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(3))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    moved = await site.store.apply(claim.checkpoint, fold)
    frozen, thawed = asyncio.Event(), asyncio.Event()

    async def freeze(*_: object) -> None:
        frozen.set()
        await thawed.wait()

    monkeypatch.setattr(generations_module, "PAUSE_MS", "200")
    monkeypatch.setattr(promotion, "_catch_up", freeze)
    promoting = asyncio.create_task(promote(site.generations, site.log, site.epoch, SECOND, 0))
    await frozen.wait()
    fold = project([Entry(moved.next_offset, await site.append(ONE))])
    async with asyncio.timeout(10):
        await site.store.apply(moved, fold)
    thawed.set()
    with pytest.raises(StoreUnavailable):
        await promoting
    assert await site.states() == {1: "live", 2: "catching-up"}
    await site.assert_exact()


# Crashes


async def test_a_load_that_ends_anywhere_goes_on(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    for offset in (1, 2, 5, 6, 9):
        # Each another process, and each dies after a commit.
        await site.take_job()
        for number in range(PARTITIONS):
            runner = Runner(site.log, site.bulk, flush_seconds=5, batch_size=1)
            await runner.run(
                Partition(number), site.epoch, asyncio.Event(),
                generation=info.generation, until=Offset(offset),
            )  # fmt: skip
    await site.take_job()
    rebuild = site.rebuild()
    resumed = await rebuild.under_way()
    assert resumed == info
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


@pytest.mark.parametrize("survived", [0, 1, 2, 3])
async def test_a_finish_that_died_between_months_goes_on_although_the_log_grew(
    site: Site, survived: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=False)
    await rebuild.load(info)
    if site.postgresql:
        await _die_after(survived, site, info, monkeypatch)
    # Rows that are in the finished months too.
    await site.fill()
    await site.fold()
    await site.take_job()
    rebuild = site.rebuild()
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def _die_after(
    number: int, site: Site, info: GenerationInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = months._merge
    done: list[months.Month] = []

    async def merge(engine: AsyncEngine, generation: Generation, month: months.Month) -> None:
        if len(done) == number:
            raise StoreUnavailable("killed")
        await merged(engine, generation, month)
        done.append(month)

    with monkeypatch.context() as patched:
        patched.setattr(months, "_merge", merge)
        if number < 3:
            with pytest.raises(StoreUnavailable):
                await months.finish(site.engine, info.generation)
        else:
            await months.finish(site.engine, info.generation)
    assert len(done) == number


async def test_months_may_be_finished_by_two_at_once(site: Site) -> None:
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=False)
    await rebuild.load(info)
    if site.postgresql:
        await asyncio.gather(*(months.finish(site.engine, info.generation) for _ in range(3)))
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0


async def test_rows_that_were_loaded_whole_are_indexed_without_merging(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.append(ONE, event("a", TEN), event("a", TEN + MONTH_MS), event("b", TEN))
    await site.append(TWO, event("c", TEN))
    await site.fold()

    async def merge(engine: AsyncEngine, generation: Generation, month: months.Month) -> None:
        pytest.fail("nothing is to be merged")

    monkeypatch.setattr(months, "_merge", merge)
    info = await site.build()
    await site.rebuild().promote(info.generation, 0)
    await site.assert_exact()


async def test_a_drop_that_died_is_repeated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.fill()
    await site.log.append(ONE, b"junk")
    await site.fold()
    await site.build()
    await audit_all(site.generations, site.comparison, site.audits)
    claim = await site.store.claim(ONE, site.epoch, SECOND)
    late = project([Entry(claim.checkpoint.next_offset, await site.append(ONE, event(PAGE, TEN)))])
    await site.fold()

    async def killed(*_: object) -> None:
        raise StoreUnavailable("killed")

    with monkeypatch.context() as patched:
        if site.postgresql:
            patched.setattr(months, "drop", killed)
        else:
            patched.setattr(site.generations, "_delete_rows", killed)
        with pytest.raises(StoreUnavailable):
            await site.generations.drop(SECOND)
    assert await site.states() == {1: "live", 2: "dropping"}
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, late)
    await site.generations.drop(SECOND)
    assert await site.states() == {1: "live"}
    async with site.engine.connect() as connection:
        for table in (hourly_views, checkpoints, producer_positions, dead_letters, audits):
            found = await connection.execute(select(table.c.generation).distinct())
            assert list(found.scalars()) == [1], table.name
        if site.postgresql:
            assert not await months.months(connection, SECOND)
    with pytest.raises(RebuildError):
        await site.generations.drop(SECOND)
    await site.assert_exact()


# Comparing and auditing


async def plant(site: Site, generation: Generation, views: int, page: str = PAGE) -> None:
    """Somebody changes a row by hand."""
    await site.execute(
        f"UPDATE hourly_views SET views = views + {views} "
        f"WHERE generation = {generation} AND page = '{page}' AND shard = 0"
    )


@pytest.mark.parametrize("side", [FIRST, SECOND])
async def test_a_difference_of_one_view_is_found(site: Site, side: Generation) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await plant(site, side, 1)
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    total = site.expected[PAGE, HOUR]
    (found,) = diff.largest
    assert (diff.differing, found.page, found.hour) == (1, PAGE, HOUR)
    assert (found.old, found.new) == (total + (side == FIRST), total + (side == SECOND))
    assert (await site.comparison.compare(SECOND, site.log, Hour(HOUR + 1))).differing == 0


async def test_views_that_moved_to_another_page_of_the_hour_are_found(site: Site) -> None:
    await site.append(ONE, event("a", count=3), event("b", count=3))
    await site.fold()
    await site.build()
    await plant(site, FIRST, 1, "a")
    await plant(site, FIRST, -1, "b")
    assert await site.differing(SECOND) == 2


async def test_generations_are_compared_at_the_same_offsets(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    # One is ahead on one partition, the other on another, and there is a new one.
    seen = [event(PAGE, TEN), event(PAGE, TEN + 4 * MONTH_MS)]
    again = await site.append(ONE, *seen)
    await site.append(TWO, *seen)
    await site.log.append(ONE, again)
    await site.append(Partition(5), *seen)
    await site.fold(ONE)
    await site.fold(Partition(5))
    runner = Runner(site.log, site.store, flush_seconds=5, batch_size=100)
    end = (await site.log.bounds(TWO)).end
    await runner.run(TWO, site.epoch, asyncio.Event(), generation=SECOND, until=end)
    assert await site.differing(SECOND) == 0
    await plant(site, FIRST, 1)
    assert await site.differing(SECOND) >= 1


async def test_a_log_that_lost_what_one_has_folded_ends_the_comparison(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(ONE)
    await site.fold()
    del site.log.entries[ONE][-1]
    monkeypatch.setattr("rows.rebuild.ahead._PATIENCE_SECONDS", 0.01)
    with pytest.raises(LogUnavailable):
        await site.differing(SECOND)


async def test_rows_agree_with_the_totals_of_their_checkpoints(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    found = await audit_all(site.generations, site.comparison, site.audits)
    total = site.expected.total()
    assert [(a.generation, a.rows_views, a.difference) for a in found] == [
        (1, total, 0),
        (2, total, 0),
    ]
    await plant(site, FIRST, 2, f"{PAGE}/1")
    await site.execute("DELETE FROM hourly_views WHERE generation = 2 AND page LIKE '%/2'")
    found = await audit_all(site.generations, site.comparison, site.audits)
    lost = sum(views for (page, _), views in site.expected.items() if page.endswith("/2"))
    assert [a.difference for a in found] == [6, -lost]
    async with site.engine.connect() as connection:
        saved = await connection.execute(select(audits.c.kind, audits.c.difference))
        assert sorted(map(tuple, saved)) == sorted([("totals", 6), ("totals", -lost)])


async def test_an_audit_is_exact_while_the_fold_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    rows_views = SqlComparison._rows_views

    async def after_a_flush(
        comparison: SqlComparison, connection: AsyncConnection, generation: Generation
    ) -> int:
        await site.append(ONE, event(PAGE, TEN))
        await site.fold()
        return await rows_views(comparison, connection, generation)

    monkeypatch.setattr(SqlComparison, "_rows_views", after_a_flush)
    for _ in range(2):
        assert (await site.comparison.audit(FIRST)).difference == 0


# A log that lost its beginning


async def _with_a_deleted_beginning(site: Site) -> bytes:
    """Two days of views, the first of which the log has no more; a batch of that day."""
    old = b""
    for day in range(2):
        for hour in range(4):
            at_ms = TEN + day * DAY_MS + hour * HOUR_MS
            for number in range(PARTITIONS):
                seen = [event(PAGE, at_ms), event(f"{PAGE.upper()}/{number}", at_ms, count=3)]
                old = await site.append(Partition(number), *seen, at_ms=at_ms)
    await site.fold()
    first_of_day_two = 4
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), first_of_day_two)
    return old


async def test_hours_the_log_does_not_hold_whole_are_named(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    before = await site.everything()
    with pytest.raises(HistoryIncomplete, match="2025-07-16T10:00Z to 2025-07-17T12:00Z"):
        await site.build()
    assert await site.everything() == before


async def test_a_deep_verification_leaves_these_hours_out(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    info = await site.build(carry_over=None)
    diff = await site.rebuild().compare(info)
    assert diff.differing == 0
    assert diff.first_hour == hour_of(TEN + DAY_MS) + 3
    assert diff.new_views == 3 * 4


async def test_carried_over_hours_are_exact(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    info = await site.build(carry_over=True)
    # A late view of a carried hour, and one of an hour that is folded.
    await site.append(ONE, event(PAGE, TEN), event(PAGE, TEN + DAY_MS + 3 * HOUR_MS))
    await site.fold()
    assert (await site.rebuild().compare(info)).differing == 0
    await site.rebuild().promote(info.generation, 1_000)
    await site.assert_exact()
    await site.append(ONE, event(PAGE, TEN))
    await site.fold()
    await site.assert_exact()
    # And again, from a generation that was carried over itself.
    again = await site.build(carry_over=True)
    assert (await site.rebuild().compare(again)).differing == 0
    await site.rebuild().promote(again.generation, 1_000)
    await site.assert_exact()


async def test_hours_are_carried_over_once(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    assert info.to_carry
    results = await asyncio.gather(
        *(site.history.carry_over(site.epoch, info) for _ in range(2)), return_exceptions=True
    )
    assert sorted(isinstance(result, int) for result in results) == [False, True]
    resumed = await rebuild.under_way()
    assert resumed is not None
    assert not resumed.to_carry
    with pytest.raises(Fenced):
        await site.history.carry_over(site.epoch, info)
    await rebuild.load(resumed)
    await rebuild.finish_loading(resumed)
    await rebuild.promote(resumed.generation, 0)
    await site.assert_exact()


async def test_views_that_were_folded_while_hours_are_carried_over_are_not_lost(
    site: Site,
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    # Folded by the live generation before the copy, below it in the log.
    await site.append(ONE, event(PAGE, TEN))
    await site.fold()
    await site.append(ONE, event(PAGE, TEN))
    await rebuild.load(info)
    await site.fold()
    await rebuild.finish_loading(info)
    await rebuild.catch_up(info.generation)
    assert (await rebuild.compare(info)).differing == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_late_view_of_an_hour_nobody_had_listed_is_carried_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    listed = SqlHistory.hours_before

    async def before_a_late_view(history: SqlHistory, end: Hour) -> Sequence[Hour]:
        hours = await listed(history, end)
        await site.append(ONE, event(PAGE, TEN - MONTH_MS))
        await site.fold()
        return hours

    monkeypatch.setattr(SqlHistory, "hours_before", before_a_late_view)
    await rebuild.load(info)
    monkeypatch.undo()
    await rebuild.finish_loading(info)
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_partition_claimed_since_the_rebuild_began_is_not_counted_twice(
    site: Site,
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    new = Partition(PARTITIONS)
    await site.append(new, event(PAGE, TEN))
    await site.fold(new)
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_batch_of_the_deleted_part_that_arrives_again_counts_once(site: Site) -> None:
    seen = await site.append(ONE, event(PAGE, TEN))
    await site.append(TWO, event(PAGE, TEN + DAY_MS), at_ms=TEN + DAY_MS)
    await site.log.append(ONE, b"junk")
    await site.fold()
    site.log.delete_before(ONE, 1)
    site.log.delete_before(TWO, 1)
    info = await site.build(carry_over=True)
    # Its confirm was lost, and the producer was slow to send it again.
    await site.log.append(ONE, seen)
    await site.fold()
    assert (await site.rebuild().compare(info)).differing == 0
    await site.rebuild().promote(info.generation, 0)
    await site.assert_exact()


async def test_page_rules_are_applied_to_carried_over_rows(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    rules = PageRules("lower-host,strip-trailing-slash")
    info = await site.build(rules, carry_over=True)
    await site.rebuild().promote(info.generation, 0)
    renamed: Counter[tuple[str, Hour]] = Counter()
    for (page, hour), views in site.expected.items():
        renamed[rules.apply(page), hour] += views
    site.expected = renamed
    await site.assert_exact()


async def test_a_log_that_ends_before_the_fold_is_not_rebuilt_from(site: Site) -> None:
    await site.fill()
    await site.fold()
    del site.log.entries[TWO][-1]
    with pytest.raises(LogWentBackward, match="partition 2: the log ends at offset"):
        await site.build()
    assert await site.states() == {1: "live"}


# Rules, and going back


async def test_page_rules_belong_to_their_generation(site: Site) -> None:
    await site.append(ONE, event("EXAMPLE.com/a/"), event("example.com/a"))
    await site.fold()
    info = await site.build(PageRules("lower-host,strip-trailing-slash"))
    await site.rebuild().promote(info.generation, 1_000)
    site.expected = Counter({("example.com/a", HOUR): 2})
    await site.assert_exact()
    await site.append(TWO, event("Example.com/a"))
    site.expected = Counter({("example.com/a", HOUR): 3})
    await site.fold()
    await site.assert_exact()
    # The one from before goes by its own.
    await site.rebuild().reopen("rollback")
    await site.rebuild().promote(FIRST, 1_000)
    names = ("EXAMPLE.com/a/", "example.com/a", "Example.com/a")
    site.expected = Counter({(name, HOUR): 1 for name in names})
    await site.assert_exact()


async def test_a_generation_that_is_live_again_has_what_came_since(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.rebuild().promote((await site.build()).generation, 1_000)
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.reopen("rollback")
    assert info.generation == FIRST
    # Interrupted, and gone on with.
    await site.take_job()
    assert (await site.rebuild().under_way()) is not None
    await site.rebuild().promote(FIRST, 1_000)
    assert await site.states() == {1: "live", 2: "previous"}
    await site.assert_exact()


async def test_a_rollback_that_is_given_up_keeps_its_generation(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.rebuild().promote((await site.build()).generation, 1_000)
    await site.rebuild().reopen("rollback")
    under_way = await site.rebuild().under_way()
    assert under_way is not None
    await site.rebuild().give_up(under_way)
    assert await site.states() == {1: "previous", 2: "live"}
    assert (await site.rebuild().reopen("rollback")).generation == FIRST


async def test_going_back_goes_to_the_generation_that_was_live_last(site: Site) -> None:
    await site.fill()
    await site.fold()
    for expected in (FIRST, SECOND):
        await site.rebuild().promote((await site.build()).generation, 1_000)
        if expected == FIRST:
            await site.rebuild().reopen("rollback")
            await asyncio.sleep(0.01)
            await site.rebuild().promote(FIRST, 1_000)
    # 1 was live until 3 came; 2 has the higher number but is older news.
    await asyncio.sleep(0)
    assert (await site.rebuild().reopen("rollback")).generation == FIRST


async def test_there_may_be_nothing_to_go_back_to(site: Site) -> None:
    with pytest.raises(RebuildError, match="no previous generation"):
        await site.rebuild().reopen("rollback")


# Jobs


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
    short = SqlJobs(site.engine, lease_ms=50)
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
    wrong = SqlJobs(site.engine, LEASE_MS)
    assert await wrong.acquire("other", "two") is None
    assert await wrong.holder("other") == "one"
