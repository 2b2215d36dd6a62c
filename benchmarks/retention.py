"""What dropping a big month costs everybody else, and what a long history costs the fold."""

import asyncio
import os
import sys
from statistics import median
from time import perf_counter

from benchmarks.fold import append, distinct_log, events_of, fold_all, open_database
from benchmarks.ingest import CONNECTIONS, multi_requests
from benchmarks.load import Result, closed_loop, cycle, get
from benchmarks.processes import Process, production, running
from benchmarks.table import Row
from cli.wiring.process import now_ms
from domain.events import Generation, Hour
from domain.hours import HOUR_MS, hour_of, parse_instant, to_datetime
from domain.settings import Settings
from rows.engine import open_engine
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import month_name, month_of

_PAST = hour_of(parse_instant("2024-01-01T00:00:00Z"))
_KEPT_SINCE_MS = parse_instant("2025-01-01T00:00:00Z")
_NOW = parse_instant("2025-07-16T10:00:00Z")
_PAGE_HOURS = 24
_HISTORY_MONTHS = 13
# In the key's order, as a month has them after a rebuild.
_FILL = """
    INSERT INTO {table} (generation, page, view_hour, shard, views)
    SELECT 1, 'example.com/history/' || page, $1::timestamptz + make_interval(hours => hour), 0, 1
    FROM generate_series(1, $2::integer / 24) AS page, generate_series(0, 23) AS hour
"""
_REPORT = get("/report?page=example.com/articles/1&now=2025-07-16T12:00:00Z")


async def drop(rows: int, seconds: float) -> list[Row]:
    """`rows` expired ones go while views come in, are folded and asked for."""
    async with (
        production() as settings,
        running(settings, "cli", "ingest") as ingest,
        running(settings, "cli", "projector", serving=False),
        running(settings, "cli", "read-api") as read_api,
    ):
        filled = await _fill(settings, _PAST, rows)
        before = await _meanwhile(ingest, read_api, seconds)
        dropping = asyncio.create_task(_retain(settings))
        meanwhile = await _meanwhile(ingest, read_api, seconds)
        took = await dropping
        await _require_dropped(settings, filled)
    return [
        Row(f"footfall retain, {filled:,} rows, start to end", f"{took:.1f} s"),
        Row("/report meanwhile, slowest", _slowest(meanwhile[1])),
        Row("/report without it, slowest", _slowest(before[1])),
        Row("ingest meanwhile", f"{meanwhile[0].rate:,.0f} requests/s"),
        Row("ingest without it", f"{before[0].rate:,.0f} requests/s"),
    ]


async def fold_history(runs: int, history_rows: str, events: int) -> list[Row]:
    """Distinct keys upserted into the current month of histories of these sizes."""
    sizes = [int(size) for size in history_rows.split(",")]
    rates = {size: await _fold_rate(runs, size, events) for size in sizes}
    rows = [
        Row(f"fold, all keys distinct, {size:,} rows of history", f"{rate:,.0f} events/s")
        for size, rate in rates.items()
    ]
    share = rates[max(sizes)] / rates[min(sizes)]
    return [*rows, Row(f"fold, {max(sizes):,} / {min(sizes):,} rows of history", f"{share:.2f}")]


async def _fold_rate(runs: int, rows: int, events: int) -> float:
    found = []
    async with production() as settings:
        months = [Hour(hour_of(_NOW) - 24 * 30 * n) for n in range(_HISTORY_MONTHS)]
        for hour in months:
            await _fill(settings, hour, rows // len(months))
        log = distinct_log(settings.num_partitions, events)
        await append(settings, log)
        for _ in range(runs):
            await _unfold(settings)
            async with running(settings, "cli", "projector", serving=False) as projector:
                folded = await fold_all(settings, projector, log)
            found.append(events_of(log) / folded.seconds)
    return median(found)


async def _fill(settings: Settings, first: Hour, rows: int) -> int:
    # Rows of a day of the month that holds `first`.
    engine = open_engine(settings.rows_url)
    await MonthPartitions(engine).ensure(Generation(1), [first])
    await engine.dispose()
    table = month_name(Generation(1), month_of(to_datetime(first)))
    database = await open_database(settings)
    try:
        await database.execute("SET synchronous_commit = off")
        day = to_datetime(Hour(first - first % _PAGE_HOURS))
        await database.execute(_FILL.format(table=table), day, rows, timeout=3_600)
        await database.execute(f"VACUUM ANALYZE {table}", timeout=3_600)
        return int(await database.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await database.close()


async def _unfold(settings: Settings) -> None:
    # Begin anew on the same log and the same history.
    table = month_name(Generation(1), month_of(to_datetime(hour_of(_NOW))))
    database = await open_database(settings)
    try:
        await database.execute(f"DELETE FROM {table} WHERE page LIKE 'example.com/articles/%'")
        await database.execute(f"VACUUM ANALYZE {table}", timeout=3_600)
        await database.execute("TRUNCATE checkpoints, producer_positions, leases, projectors")
    finally:
        await database.close()


async def _meanwhile(ingest: Process, read_api: Process, seconds: float) -> tuple[Result, Result]:
    views, reports = await asyncio.gather(
        closed_loop(
            ingest.port,
            cycle(multi_requests(20)),
            connections=CONNECTIONS // 8,
            seconds=seconds,
            expect=b"202",
        ),
        closed_loop(read_api.port, cycle([_REPORT]), connections=2, seconds=seconds, expect=b"200"),
    )
    if views.failed or reports.failed or not (views.latencies and reports.latencies):
        raise RuntimeError(f"{views.failed} views and {reports.failed} reports failed")
    return views, reports


async def _retain(settings: Settings) -> float:
    started = perf_counter()
    days = (now_ms() - _KEPT_SINCE_MS) // (24 * HOUR_MS)
    environment = {**Process(settings).environment, "RETENTION_DAYS": str(days)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "retain", env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait():
        raise RuntimeError("footfall retain failed")
    return perf_counter() - started


async def _require_dropped(settings: Settings, rows: int) -> None:
    database = await open_database(settings)
    try:
        expired = await database.fetchval("SELECT expired_views FROM generations")
        left = await database.fetchval(
            "SELECT count(*) FROM hourly_views WHERE view_hour < '2025-01-01'"
        )
    finally:
        await database.close()
    if (expired, left) != (rows, 0):
        raise RuntimeError(f"{expired} views expired of {rows}, {left} rows are left")


def _slowest(found: Result) -> str:
    return f"{found.latencies[-1] * 1e3:.0f} ms of {len(found.latencies):,}"
