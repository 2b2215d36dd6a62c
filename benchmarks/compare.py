"""The comparison before a promotion: two generations of the same rows, in PostgreSQL."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.fold import open_database
from benchmarks.processes import peak_mb, production
from benchmarks.table import Row
from benchmarks.two_years import HOURS, fill_postgresql
from cli.wiring.process import now_ms
from domain.events import Generation, Hour
from domain.hours import hour_of
from domain.settings import Settings
from rows.database import transaction
from rows.engine import engine_at
from rows.postgresql.layout import LayoutByMonth
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import Month, month_name, months
from rows.rebuild.comparison import SqlComparison
from rows.tables import generations
from tests.fakes import FakeLog

_LIVE, _NEW = Generation(1), Generation(2)
_SAMPLE_SECONDS = 0.2
_PROCESSES = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


async def compare(runs: int, rows: int) -> list[Row]:
    """Of so many rows on each side that all agree."""
    async with production() as settings:
        first = Hour(hour_of(now_ms()) + 1 - HOURS)
        await fill_postgresql(settings, rows, first)
        await _copy(settings)
        async with (
            engine_at(settings.rows_url, patient=True, read_only=True) as engine,
            _peaks(settings) as peaks,
        ):
            taken = [await _compared(engine, first) for _ in range(runs)]
    return [
        Row(f"comparison of {rows:,} rows, s", f"{median(taken):.1f}", "under 20"),
        Row("comparison, peak memory of the process", f"{peak_mb(os.getpid()):.0f} MB"),
        Row(
            "comparison, peak memory of PostgreSQL's processes, shared buffers apart",
            f"{max(peaks, default=0.0):.0f} MB",
        ),
    ]


async def _compared(engine: AsyncEngine, first: Hour) -> float:
    started = perf_counter()
    diff = await SqlComparison(engine).compare(_NEW, FakeLog(), first)
    seconds = perf_counter() - started
    if diff.differs or not diff.new_rows:
        raise RuntimeError(f"{diff.differing:,} pages and hours differ of {diff.new_rows:,} rows")
    return seconds


async def _copy(settings: Settings) -> None:
    """The live generation once more, as a rebuild leaves it."""
    async with engine_at(settings.rows_url, patient=True) as engine:
        layout = LayoutByMonth(engine)
        async with transaction(engine) as connection:
            await layout.create(connection, _NEW)
            row = {"generation": _NEW, "state": "catching-up", "purpose": "replay"}
            zero = ("created_ms", "carried_views", "expired_views", "kept_until_ms")
            values = {**row, "page_rules": "", **dict.fromkeys(zero, 0)}
            await connection.execute(insert(generations).values(values))
            found = list(await months(connection, _LIVE))
        await MonthPartitions(engine, loading=True).ensure_months(_NEW, found)
        await asyncio.gather(*(_copy_months(engine, found) for _ in range(2)))
        await layout.finish(_NEW)
    database = await open_database(settings)
    await database.execute("VACUUM ANALYZE")
    await database.close()


async def _copy_months(engine: AsyncEngine, waiting: list[Month]) -> None:
    while waiting:
        month = waiting.pop()
        copy = (
            f"INSERT INTO {month_name(_NEW, month)} SELECT {_NEW}, page, view_hour, shard, views "
            f"FROM {month_name(_LIVE, month)}"
        )
        async with transaction(engine) as connection:
            await connection.execute(text(copy))


@asynccontextmanager
async def _peaks(settings: Settings) -> AsyncIterator[list[float]]:
    """What the server's processes take together now and then; 0 where it is another machine's."""
    peaks: list[float] = []
    database = await open_database(settings)

    async def watch() -> None:
        while True:
            pids = [row["pid"] for row in await database.fetch(_PROCESSES)]
            peaks.append(sum(map(_private_mb, pids)))
            await asyncio.sleep(_SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield peaks
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await database.close()


def _private_mb(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1_024
    return 0.0
