"""A big month goes while everybody else goes on."""

import asyncio
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.housekeeping import open_housekeeping
from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.events import Epoch, Generation, Hour, Partition
from domain.hours import HOUR_MS, hour_of, to_datetime
from domain.projection import project
from domain.settings import Settings
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import month_name, month_of
from rows.rebuild.comparison import SqlComparison
from rows.reports.hourly import SqlReportReader
from tests.conftest import embedded
from tests.factories import entry, event

ROWS = 400_000
PAGE = "example.com/page"
ONE = Partition(1)


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_reports_folds_and_audits_go_on_while_a_big_month_is_dropped(
    production: Settings,
) -> None:
    settings = replace(production, retention_days=60)
    now = hour_of(now_ms())
    past = Hour(now - 150 * 24)
    engine = open_engine(settings.rows_url)
    snapshots = open_engine(settings.rows_url, read_only=True)
    reading = open_engine(settings.reports_url, read_only=True)
    await _fill(engine, past)
    store = SqlProjectionStore(engine, now_ms)
    reader = SqlReportReader(reading)
    comparison = SqlComparison(snapshots)
    done = asyncio.Event()

    async def poll() -> list[float]:
        took = []
        while not done.is_set():
            started = monotonic()
            # Both sides of the horizon: the months that go are planned over too.
            await reader.hourly(PAGE, Hour(past - 24), now)
            took.append(monotonic() - started)
        return took

    async def fold() -> int:
        checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint
        while not done.is_set():
            offset = checkpoint.next_offset
            views = [event(PAGE, now * HOUR_MS), event(PAGE, past * HOUR_MS)]
            checkpoint = await store.apply(checkpoint, project([entry(offset, *views)]))
        return checkpoint.views

    async def audit() -> int:
        audits = 0
        while not done.is_set():
            # The rows that were loaded by hand were never folded.
            assert (await comparison.audit(Generation(1))).difference == ROWS
            audits += 1
        return audits

    async def drop() -> None:
        try:
            async with open_housekeeping(settings) as house:
                removal = await house.retain()
            assert sum(rows.rows for rows in removal.rows) >= ROWS
        finally:
            done.set()

    took, views, audits, _ = await asyncio.gather(poll(), fold(), audit(), drop())
    assert len(took) > 3
    assert (views > 0, audits > 0) == (True, True)
    assert max(took) < 5
    assert (await comparison.audit(Generation(1))).difference == ROWS
    await reading.dispose()
    await engine.dispose()
    await snapshots.dispose()


async def test_folds_take_turns_with_the_deletion_of_many_rows_in_sqlite(tmp_path: Path) -> None:
    settings = replace(embedded(tmp_path), retention_days=60)
    await migrate(settings)
    now = hour_of(now_ms())
    engine = open_engine(settings.rows_url)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
                "INSERT INTO hourly_views "
                "SELECT 1, 'example.com/' || (i % 3000), :past + i / 3000, 0, 1 FROM n"
            ),
            {"past": now - 150 * 24},
        )
    store = SqlProjectionStore(engine, now_ms)
    done = asyncio.Event()

    async def fold() -> list[float]:
        checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint
        took = []
        while not done.is_set():
            started = monotonic()
            delta = project([entry(checkpoint.next_offset, event(PAGE, now * HOUR_MS))])
            checkpoint = await store.apply(checkpoint, delta)
            took.append(monotonic() - started)
        return took

    async def drop() -> float:
        started = monotonic()
        try:
            async with open_housekeeping(settings) as house:
                (rows,) = (await house.retain()).rows
            assert rows.rows == 200_000
        finally:
            done.set()
        return monotonic() - started

    took, seconds = await asyncio.gather(fold(), drop())
    # No chunk is so large that others wait for a good part of the whole.
    assert len(took) > 50, took
    assert max(took) < seconds / 3, (max(took), seconds)
    await engine.dispose()


async def _fill(engine: AsyncEngine, past: Hour) -> None:
    await MonthPartitions(engine).ensure(Generation(1), [past])
    table = month_name(Generation(1), month_of(to_datetime(past)))
    async with engine.begin() as connection:
        await connection.execute(
            text(
                f"INSERT INTO {table} SELECT 1, 'example.com/' || n, :moment, 0, 1 "
                "FROM generate_series(1, :rows) AS n"
            ),
            {"moment": to_datetime(past), "rows": ROWS},
        )
