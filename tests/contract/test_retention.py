"""What goes when its time is over, and that nothing else does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.errors import Fenced, JobTaken, StoreUnavailable
from domain.events import Entry, Epoch, Generation, Hour, Offset, PageViewed, Partition
from domain.hours import HOUR_MS, hour_of, parse_instant, to_datetime
from domain.ports.log import LogReader, LogWriter
from domain.projection import POSITION_WINDOW, project
from domain.retention import Removal
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_reader, open_writer
from log.sqlite.trimmer import SqliteLogTrimmer
from projector.housekeeping.retention import Retention, retain
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, RETENTION, SqlJobs
from rows.postgresql import months
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from rows.reports.hourly import SqlReportReader
from rows.retention.expiry import SqlExpiry
from rows.sqlite import expiry as expiry_sqlite
from rows.tables import (
    checkpoints,
    dead_letters,
    generations,
    hourly_views,
    metadata,
    producer_positions,
    retention,
)
from tests.conftest import PRODUCTION, open_backend
from tests.factories import batch, event

ONE = Partition(1)
LIVE = Generation(1)
DAY_MS = 24 * HOUR_MS
DAYS = 10
NOW = parse_instant("2025-07-16T10:20:00Z")
HORIZON = hour_of(parse_instant("2025-07-06T10:00:00Z"))
LONG_PAST = parse_instant("2025-03-01T00:00:00Z")
JUST_PAST = parse_instant("2025-06-30T23:59:59Z")
SAME_MONTH = parse_instant("2025-07-06T09:59:59Z")
JUST_KEPT = parse_instant("2025-07-06T10:00:00Z")
PAGE = "example.com/page"


@dataclass
class Site:
    """A backend with a log and rows, and retention with a clock of its own."""

    settings: Settings
    engine: AsyncEngine
    writer: LogWriter
    reader: LogReader
    store: SqlProjectionStore
    comparison: SqlComparison
    reports: SqlReportReader
    now_ms: int = NOW
    offsets: dict[Partition, int] = field(default_factory=dict)

    @property
    def postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def retention(self, days: int = DAYS) -> Retention:
        trimmer = None if self.settings.rabbitmq_url else SqliteLogTrimmer(self.settings.log_file)
        return Retention(
            SqlExpiry(self.engine),
            SqlGenerations(self.engine, now_ms),
            trimmer,
            lambda: self.jobs.holder(REPLAY),
            lambda: self.now_ms,
            days,
        )

    @property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self.engine, 5_000)

    async def run(self, days: int = DAYS) -> Removal:
        return await retain(self.jobs, RETENTION, self.retention(days), "me", 5.0)

    async def count(self, *moments: int, page: str = PAGE, at_ms: int | None = None) -> None:
        """A batch of a view at each moment, appended and folded."""
        body = self._body([event(page, moment) for moment in moments], at_ms or max(moments))
        await self.writer.append(ONE, body)
        await self.fold(body)

    async def fold(self, body: bytes) -> None:
        claim = await self.store.claim(ONE, Epoch(1))
        offset = claim.checkpoint.next_offset
        await self.store.apply(claim.checkpoint, project([Entry(offset, body)], claim.positions))

    def _body(self, events: Sequence[PageViewed], at_ms: int) -> bytes:
        self.offsets[ONE] = self.offsets.get(ONE, 0) + 1
        return encode(batch(*events, sequence=self.offsets[ONE], at_ms=at_ms))

    async def difference(self, generation: Generation = LIVE) -> int:
        return (await self.comparison.audit(generation)).difference

    async def rows(self, generation: Generation = LIVE) -> int:
        chosen = select(func.count()).where(hourly_views.c.generation == generation)
        return int(await self.number(chosen))

    async def number(self, query: Any) -> Any:
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    async def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables but the one of jobs, and the log."""
        found: dict[str, list[Any]] = {}
        async with self.engine.connect() as connection:
            for table in metadata.sorted_tables:
                if table.name != "jobs":
                    rows = await connection.execute(select(table))
                    found[table.name] = sorted(map(tuple, rows), key=repr)
        found["log"] = [await self.reader.bounds(ONE)]
        return found


@pytest.fixture(params=["embedded", PRODUCTION])
async def site(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Site]:
    async with open_backend(request.param, tmp_path) as settings:
        engine = open_engine(settings.rows_url, patient=True)
        snapshots = open_engine(settings.rows_url, read_only=True)
        found = Site(
            settings,
            engine,
            open_writer(settings),
            open_reader(settings),
            SqlProjectionStore(engine, now_ms),
            SqlComparison(snapshots),
            SqlReportReader(snapshots),
        )
        yield found
        await found.writer.close()
        await found.reader.close()
        await engine.dispose()
        await snapshots.dispose()


postgresql_only = pytest.mark.parametrize("site", [PRODUCTION], indirect=True)
embedded_only = pytest.mark.parametrize("site", ["embedded"], indirect=True)


async def hours(site: Site, moment: int) -> dict[Hour, int]:
    hour = hour_of(moment)
    return dict(await site.reports.hourly(PAGE, Hour(hour - 1), Hour(hour + 2)))


async def test_what_is_past_goes_and_the_ledger_still_adds_up(site: Site) -> None:
    await site.count(LONG_PAST, LONG_PAST, JUST_PAST, JUST_KEPT, NOW)
    assert await site.difference() == 0
    removal = await site.run()
    assert sum(rows.views for rows in removal.rows) == 3
    assert sum(rows.rows for rows in removal.rows) == 2
    assert await site.difference() == 0
    assert await site.rows() == 2
    assert await hours(site, JUST_PAST) == {}
    assert await hours(site, JUST_KEPT) == {HORIZON: 1}
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.folded_views) == (2, 3, 5)


async def test_hours_past_the_horizon_are_in_no_report_even_where_rows_wait(site: Site) -> None:
    await site.count(SAME_MONTH, JUST_KEPT)
    preview = await site.retention().preview()
    await site.run()
    found = await site.reports.hourly(PAGE, Hour(HORIZON - 5), Hour(HORIZON + 5))
    assert (dict(found), found.horizon) == ({HORIZON: 1}, HORIZON)
    assert await site.rows() == (2 if site.postgresql else 1)
    assert preview.waiting_rows == (1 if site.postgresql else 0)
    site.now_ms += 31 * DAY_MS
    await site.run()
    assert await site.rows() == 0
    assert await site.difference() == 0


async def test_a_dry_run_changes_nothing_and_says_what_the_run_does(site: Site) -> None:
    await _fill(site)
    before = await site.everything()
    preview = await site.retention().preview()
    assert await site.everything() == before
    removal = await site.run()
    assert structs.replace(preview, waiting_rows=0) == removal
    assert (removal.rows, removal.leftovers.positions, removal.leftovers.dead_letters) != ([], 0, 0)


async def test_twice_changes_nothing(site: Site) -> None:
    await _fill(site)
    await site.run()
    after = await site.everything()
    again = await site.run()
    assert await site.everything() == after
    assert again == Removal(horizon=HORIZON)


async def test_nothing_is_deleted_unasked(site: Site) -> None:
    await _fill(site)
    before = await site.everything()
    removal = await site.run(days=0)
    after = await site.everything()
    assert removal == Removal(
        horizon=Hour(-20_000_000), leftovers=structs.replace(removal.leftovers, positions=1)
    )
    assert removal.leftovers.dead_letters == 0
    del before["producer_positions"], after["producer_positions"]
    assert after == before


async def test_the_horizon_never_moves_back(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    await site.run()
    site.now_ms -= 5 * DAY_MS
    assert (await site.run()).horizon == HORIZON
    assert (await site.run(days=400)).horizon == HORIZON
    assert (await site.reports.hourly(PAGE, HORIZON, Hour(HORIZON + 1))).horizon == HORIZON


async def test_a_previous_generation_goes_when_it_is_not_kept_any_longer(site: Site) -> None:
    await site.count(JUST_KEPT)
    kept, over, dropping = Generation(2), Generation(3), Generation(4)
    for generation, state, until in (
        (kept, "previous", NOW + 1),
        (over, "previous", NOW - 1),
        (dropping, "dropping", 0),
    ):
        await _generation(site, generation, state, until)
    preview = await site.retention(days=0).preview()
    assert list(preview.generations) == [over, dropping]
    removal = await site.run(days=0)
    assert list(removal.generations) == [over, dropping]
    there = [info.generation for info in await SqlGenerations(site.engine, now_ms).all()]
    assert there == [LIVE, kept]
    assert [await site.rows(g) for g in (LIVE, kept, over, dropping)] == [1, 1, 0, 0]


async def test_every_generation_that_is_read_loses_the_same_hours(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    previous, building, loading = Generation(2), Generation(3), Generation(4)
    await _generation(site, previous, "previous", NOW + DAY_MS)
    await _generation(site, building, "catching-up", 0)
    await _generation(site, loading, "loading", 0)
    await site.run()
    assert [await site.rows(g) for g in (LIVE, previous, building)] == [1, 1, 1]
    assert [await site.difference(g) for g in (LIVE, previous, building)] == [0, 0, 0]
    if site.postgresql:
        statement = text("SELECT count(*) FROM hourly_views_g4_2025_06")
        assert await site.number(statement) == 1


async def test_hours_that_are_half_gone_are_not_compared(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    building = Generation(2)
    await _generation(site, building, "catching-up", 0)
    async with site.engine.begin() as connection:
        await connection.execute(update(retention).values(horizon=HORIZON))
        await connection.execute(
            hourly_views.delete().where(
                hourly_views.c.generation == LIVE,
                hourly_views.c.view_hour < (to_datetime(HORIZON) if site.postgresql else HORIZON),
            )
        )
    diff = await site.comparison.compare(building, site.reader, Hour(0))
    assert (diff.first_hour, diff.differing, diff.old_views, diff.new_views) == (HORIZON, 0, 1, 1)


async def test_a_position_that_is_looked_at_stays(site: Site) -> None:
    await site.count(JUST_KEPT)
    async with site.engine.begin() as connection:
        await connection.execute(update(checkpoints).values(next_offset=POSITION_WINDOW + 5_000))
        for producer, offset in (("looked-at", 5_000), ("forgotten", 4_999)):
            await connection.execute(insert(producer_positions).values(_position(producer, offset)))
        await connection.execute(producer_positions.delete().where(
            producer_positions.c.producer == "p1"
        ))  # fmt: skip
    removal = await site.run(days=0)
    assert removal.leftovers.positions == 1
    assert await site.number(select(producer_positions.c.producer)) == "looked-at"


async def test_a_dead_letter_stays_as_long_as_rows_do(site: Site) -> None:
    async with site.engine.begin() as connection:
        for offset, created in ((1, NOW - DAYS * DAY_MS - 1), (2, NOW - DAYS * DAY_MS)):
            await connection.execute(insert(dead_letters).values(_letter(offset, created)))
    assert (await site.run()).leftovers.dead_letters == 1
    assert await site.number(select(dead_letters.c.log_offset)) == 2


async def test_only_one_at_a_time(site: Site) -> None:
    assert await site.jobs.acquire(RETENTION, "somebody") is not None
    with pytest.raises(JobTaken, match="somebody"):
        await site.run()


async def test_whoever_lost_the_job_drops_nothing_more(site: Site) -> None:
    await _fill(site)
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    before = await site.everything()
    with pytest.raises(Fenced):
        await site.retention().run(Epoch(epoch - 1))
    assert await site.everything() == before


async def test_whoever_loses_the_job_on_the_way_drops_nothing_more(site: Site) -> None:
    await _fill(site)
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    with pytest.raises(Fenced):
        async for _ in SqlExpiry(site.engine).drop_rows(Epoch(epoch - 1), HORIZON):
            pass
    audit = await site.comparison.audit(LIVE)
    assert (audit.expired_views, audit.difference) == (0, 0)


async def test_the_lease_is_renewed_as_long_as_it_takes(site: Site) -> None:
    jobs = SqlJobs(site.engine, 300)
    waited = asyncio.Event()

    class Slow(Retention):
        async def run(self, epoch: Epoch) -> Removal:
            await waited.wait()
            return Removal(HORIZON)

    slow = Slow(
        SqlExpiry(site.engine),
        SqlGenerations(site.engine, now_ms),
        None,
        lambda: jobs.holder(REPLAY),
        now_ms,
        DAYS,
    )
    run = asyncio.create_task(retain(jobs, RETENTION, slow, "slow", 0.3))
    await asyncio.sleep(0.8)
    assert await jobs.acquire(RETENTION, "other") is None
    waited.set()
    assert await run == Removal(HORIZON)
    assert await jobs.acquire(RETENTION, "other") is not None


async def test_views_of_hours_that_are_past_are_folded_and_go_with_the_next_run(
    site: Site,
) -> None:
    # The store has met the month and remembers its table; retention drops it.
    await site.count(JUST_PAST)
    await site.run()
    await site.count(JUST_PAST, JUST_KEPT, at_ms=NOW)
    assert await site.difference() == 0
    assert await hours(site, JUST_PAST) == {}
    removal = await site.run()
    assert [(rows.rows, rows.views) for rows in removal.rows] == [(1, 1)]
    assert await site.difference() == 0


@postgresql_only
async def test_a_run_that_is_ended_anywhere_is_gone_on_with(site: Site) -> None:
    old = [LONG_PAST - month * 31 * DAY_MS for month in range(12)]
    await site.count(*old, JUST_KEPT, at_ms=LONG_PAST)
    runs = 0
    while await site.rows() > 1:
        runs += 1
        run = asyncio.create_task(site.run())
        # Later each time, so that every step is the one that is cut off.
        await asyncio.wait({run}, timeout=0.004 * runs)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        assert await site.difference() == 0
    await site.run()
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.difference) == (1, 12, 0)
    assert runs > 1


@embedded_only
async def test_a_run_that_fails_between_two_chunks_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Cancelled as above, a transaction of SQLite would hold the file until it is garbage.
    monkeypatch.setattr(expiry_sqlite, "_CHUNK_ROWS", 2)
    monkeypatch.setattr(expiry_sqlite, "_CHUNK_PAGES", 2)
    for page in ("a", "b", "c"):
        await site.count(*(LONG_PAST + n * HOUR_MS for n in range(5)), JUST_KEPT, page=page)
    delete, left = expiry_sqlite.ExpiryByPage._delete, 0

    async def limited(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("killed")
        return await delete(*arguments)

    monkeypatch.setattr(expiry_sqlite.ExpiryByPage, "_delete", limited)
    for chunks in (0, 1, 2):
        left = chunks
        with pytest.raises(StoreUnavailable):
            await site.run()
        assert await site.difference() == 0
    left = 100
    await site.run()
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.difference) == (3, 15, 0)


@postgresql_only
async def test_a_month_that_was_detached_and_not_dropped_is_finished(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    assert await site.difference() == 0
    (rows,) = (await site.run()).rows
    assert (rows.table, rows.rows, rows.views) == ("hourly_views_g1_2025_06", 1, 1)
    assert await site.difference() == 0


@postgresql_only
async def test_a_reader_that_holds_a_month_for_long_holds_nobody_else(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    async with site.engine.connect() as reader:
        await reader.execute(text("SELECT * FROM hourly_views"))
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            await months.detach(
                site.engine, "hourly_views_g1", "hourly_views_g1_2025_06", patience_seconds=1
            )
        # Begun: new statements do not see it any more, whoever adds up does.
        assert await site.difference() == 0
        assert await hours(site, JUST_PAST) == {}
    (rows,) = (await site.run()).rows
    assert (rows.rows, rows.views) == (1, 1)
    assert await site.difference() == 0


@postgresql_only
@pytest.mark.parametrize("pending", [False, True])
async def test_a_fold_puts_a_month_back_that_was_left_half_removed(
    site: Site, pending: bool
) -> None:
    await site.count(JUST_PAST)
    async with site.engine.connect() as reader:
        if pending:
            await reader.execute(text("SELECT * FROM hourly_views"))
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await months.detach(
                    site.engine, "hourly_views_g1", "hourly_views_g1_2025_06", patience_seconds=1
                )
    if not pending:
        await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    await site.count(JUST_PAST)
    assert await hours(site, JUST_PAST) == {hour_of(JUST_PAST): 2}
    assert await site.difference() == 0


@postgresql_only
async def test_a_fold_waits_for_retention_to_drop_the_month(site: Site) -> None:
    await site.count(JUST_PAST)
    async with months.structure_held(site.engine):
        await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
        folding = asyncio.create_task(site.count(JUST_PAST))
        await asyncio.sleep(0.3)
        assert not folding.done()
        async with site.engine.begin() as connection:
            await connection.execute(update(generations).values(expired_views=1))
            await connection.execute(text("DROP TABLE hourly_views_g1_2025_06"))
    await folding
    assert await site.difference() == 0


@postgresql_only
async def test_this_month_and_the_next_stand_ready(site: Site) -> None:
    await site.run(days=0)
    async with site.engine.connect() as connection:
        assert await months.months(connection, LIVE) == [(2025, 7), (2025, 8)]


@embedded_only
async def test_the_log_keeps_what_any_generation_may_need(site: Site) -> None:
    old = NOW - (DAYS + 2) * DAY_MS
    for number in range(10):
        await site.count(old + number, at_ms=old + number)
    await _generation(site, Generation(2), "previous", NOW + DAY_MS, next_offset=4)
    assert (await site.retention().preview()).log_entries == {ONE: 3}
    assert (await site.run()).log_entries == {ONE: 3}
    assert (await site.reader.bounds(ONE)).first == 3
    site.now_ms += 2 * DAY_MS
    assert (await site.run()).log_entries == {ONE: 6}
    # The last of the old ones tells when what follows it was recorded.
    assert (await site.reader.bounds(ONE)) == structs.replace(
        await site.reader.bounds(ONE), first=Offset(9), end=Offset(10)
    )


@embedded_only
async def test_the_log_is_cut_by_when_it_was_recorded(site: Site) -> None:
    cut = HORIZON * HOUR_MS - DAY_MS
    for at_ms in (cut - 3, cut - 2, cut - 1, cut, cut + 1):
        await site.count(LONG_PAST, at_ms=at_ms)
    assert (await site.run()).log_entries == {ONE: 2}
    assert (await site.reader.bounds(ONE)).first == 2


@embedded_only
async def test_a_clock_that_was_far_behind_for_a_moment_cuts_nothing_young(site: Site) -> None:
    cut = HORIZON * HOUR_MS - DAY_MS
    for at_ms in (cut - 2, cut - 1, cut + 1, cut + 2, LONG_PAST, LONG_PAST, cut + 3, cut + 5):
        await site.count(NOW, at_ms=at_ms)
    await site.run()
    assert (await site.reader.bounds(ONE)).first <= 2


@embedded_only
async def test_the_log_is_left_alone_while_a_rebuild_may_begin(site: Site) -> None:
    for number in range(3):
        await site.count(LONG_PAST + number)
    assert await site.jobs.acquire(REPLAY, "rebuild") is not None
    assert (await site.run()).log_entries == {}


@embedded_only
async def test_both_files_shrink(site: Site) -> None:
    for number in range(120):
        moment = LONG_PAST + number * HOUR_MS
        pages = [event(f"example.com/{'x' * 200}/{number}/{n}", moment) for n in range(120)]
        body = site._body(pages, LONG_PAST + number)
        await site.writer.append(ONE, body)
        await site.fold(body)
    await site.count(NOW)
    before = _sizes(site)
    await site.run()
    after = _sizes(site)
    assert all(size > 3_000_000 for size in before), before
    assert all(size < 1_500_000 for size in after), after
    assert await site.difference() == 0


def _sizes(site: Site) -> list[int]:
    sizes = []
    for file in (site.settings.data_dir / "rows.sqlite3", site.settings.log_file):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        sizes.append(file.stat().st_size)
    return sizes


async def _fill(site: Site) -> None:
    await site.count(LONG_PAST, JUST_PAST, at_ms=LONG_PAST)
    await site.count(JUST_PAST, JUST_KEPT, at_ms=LONG_PAST + 1)
    await site.count(NOW)
    async with site.engine.begin() as connection:
        await connection.execute(
            insert(producer_positions).values(_position("gone", -POSITION_WINDOW))
        )
        await connection.execute(insert(dead_letters).values(_letter(1, LONG_PAST)))
    if site.postgresql:
        # Made ahead by every run, so not what a dry run is to be measured by.
        ahead = [hour_of(NOW), hour_of(NOW + 31 * DAY_MS)]
        await months.MonthPartitions(site.engine).ensure(LIVE, ahead)


async def _generation(
    site: Site, generation: Generation, state: str, until: int, next_offset: int | None = None
) -> None:
    """A copy of the live one's checkpoints and rows."""
    async with site.engine.begin() as connection:
        await connection.execute(
            insert(generations).values(
                generation=generation,
                state=state,
                purpose="replay",
                created_ms=0,
                page_rules="",
                carried_views=0,
                expired_views=0,
                kept_until_ms=until,
            )
        )
        live = (await connection.execute(
            select(checkpoints).where(checkpoints.c.generation == LIVE)
        )).one()  # fmt: skip
        copied = {**live._mapping, "generation": generation}
        copied["next_offset"] = live.next_offset if next_offset is None else next_offset
        await connection.execute(insert(checkpoints).values(copied))
        if site.postgresql:
            await months.create_parent(connection, generation)
    rows = await _rows(site)
    if site.postgresql:
        loading = state == "loading"
        tables = months.MonthPartitions(site.engine, loading=loading)
        await tables.ensure(generation, [hour_of(JUST_PAST), hour_of(JUST_KEPT)])
        if not loading:
            await months.finish(site.engine, generation)
    async with site.engine.begin() as connection:
        for row in rows:
            target = "hourly_views"
            if site.postgresql and state == "loading":
                target = f"hourly_views_g{generation}_{row.view_hour:%Y_%m}"
            statement = f"INSERT INTO {target} VALUES (:generation, :page, :hour, :shard, :views)"
            values = {"generation": generation, "page": row.page, "hour": row.view_hour}
            await connection.execute(
                text(statement), values | {"shard": row.shard, "views": row.views}
            )


async def _rows(site: Site) -> Sequence[Any]:
    async with site.engine.connect() as connection:
        query = select(hourly_views).where(hourly_views.c.generation == LIVE)
        return (await connection.execute(query)).all()


def _position(producer: str, offset: int) -> dict[str, Any]:
    return {
        "generation": LIVE,
        "partition": ONE,
        "producer": producer,
        "sequence": 1,
        "log_offset": offset,
    }


def _letter(offset: int, created_ms: int) -> dict[str, Any]:
    return {
        "generation": LIVE,
        "partition": ONE,
        "log_offset": offset,
        "reason": "junk",
        "body": b"",
        "created_ms": created_ms,
    }
