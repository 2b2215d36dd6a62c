"""GET /report over a short and a long history of the same site, and beside SELECT 1."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from statistics import median

from benchmarks.fold import open_database
from benchmarks.load import Result, closed_loop, cycle, get
from benchmarks.processes import production, running
from benchmarks.table import Row
from domain.events import Generation, Hour
from domain.hours import hour_of, to_datetime
from domain.settings import Settings
from rows.engine import open_engine
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import month_of

# A site that publishes an article an hour; each is read in all its first 114 hours, often enough
# for every shard to have a row of each: 1,140 rows an hour, 10 million a year.
FIRST = hour_of(1_735_689_600_000)
READ_HOURS = 114
SHARDS = 10
SHORT = 88
LONG = 8_760
_LOAD_SECONDS = 300
# As projectors write them: batch after batch, each of one shard and many pages.
_LOAD = """
    INSERT INTO hourly_views (generation, page, view_hour, shard, views)
    SELECT 1, 'example.com/articles/' || article, to_timestamp(hour * 3600.0), shard,
           1 + article % 9
    FROM generate_series($1::integer, $2::integer - 1) AS hour,
         generate_series(0, $3::integer - 1) AS shard,
         generate_series(hour - $4::integer + 1, hour) AS article
"""


async def report(runs: int, seconds: float) -> list[Row]:
    """One connection, one request at a time."""
    asked: dict[str, list[Result]] = {name: [] for name in ("long", "short", "any", "bare")}
    async with (
        _site(LONG) as (long, rows),
        _site(SHORT) as (short, few),
        running(long, "cli", "read-api") as read_api,
        running(short, "cli", "read-api") as beside,
        running(long, "benchmarks.bare", "PORT") as yardstick,
    ):
        loads = {
            "long": (read_api.port, _questions(LONG - SHORT, LONG)),
            "short": (beside.port, _questions(0, SHORT)),
            "bare": (yardstick.port, [get("/select-1")]),
            # Last, for it leaves PostgreSQL's buffers full of what nobody else asks for.
            "any": (read_api.port, _questions(0, LONG)),
        }
        for _ in range(runs):
            for name, (port, questions) in loads.items():
                await _load(port, questions, 1.0)
                asked[name].append(await _load(port, questions, seconds))
        peak = read_api.peak_mb()
    return [
        Row(f"/report, last days of {rows:,} rows, median", _milliseconds(asked["long"], 0.5)),
        Row(f"/report, last days of {rows:,} rows, p99", _milliseconds(asked["long"], 0.99)),
        Row(f"/report, {few:,} rows in all, median", _milliseconds(asked["short"], 0.5)),
        Row(f"/report, any day of {rows:,} rows, median", _milliseconds(asked["any"], 0.5)),
        Row(f"/report, any day of {rows:,} rows, p99", _milliseconds(asked["any"], 0.99)),
        Row("SELECT 1 through the same stack, median", _milliseconds(asked["bare"], 0.5)),
        Row(
            f"/report, last days of {rows:,} / {few:,} rows",
            _ratio(asked["long"], asked["short"]),
            "at most 1.30",
        ),
        Row(
            f"/report, any day of {rows:,} / {few:,} rows",
            _ratio(asked["any"], asked["short"]),
        ),
        Row("/report / SELECT 1", _ratio(asked["long"], asked["bare"]), "at most 3.00"),
        Row("read-api, peak memory (report)", f"{peak:.0f} MB", "at most 200 MB"),
    ]


def _milliseconds(found: list[Result], share: float) -> str:
    return f"{median(result.percentile(share) for result in found):.2f} ms"


def _ratio(above: list[Result], below: list[Result]) -> str:
    ratios = (a.percentile(0.5) / b.percentile(0.5) for a, b in zip(above, below, strict=True))
    return f"{median(ratios):.2f}"


@asynccontextmanager
async def _site(hours: int) -> AsyncIterator[tuple[Settings, int]]:
    # A database with the rows of the site's first `hours`, and how many they are.
    async with production() as settings:
        async with asyncio.timeout(_LOAD_SECONDS):
            rows = await _fill(settings, hours)
        yield settings, rows


async def _fill(settings: Settings, hours: int) -> int:
    engine = open_engine(settings.rows_url)
    await MonthPartitions(engine).ensure(
        Generation(1), (Hour(FIRST + hour) for hour in range(hours))
    )
    await engine.dispose()
    months: dict[tuple[int, int], list[int]] = {}
    for hour in range(FIRST, FIRST + hours):
        months.setdefault(month_of(to_datetime(Hour(hour))), []).append(hour)
    waiting = list(months.values())
    # Two side by side load 12 months a third faster than one here.
    await asyncio.gather(*(_fill_months(settings, waiting) for _ in range(2)))
    database = await open_database(settings)
    try:
        found: int = await database.fetchval("SELECT count(*) FROM hourly_views")
    finally:
        await database.close()
    return found


async def _fill_months(settings: Settings, waiting: list[list[int]]) -> None:
    database = await open_database(settings)
    try:
        await database.execute("SET synchronous_commit = off")
        while waiting:
            hours = waiting.pop()
            await database.execute(_LOAD, hours[0], hours[-1] + 1, SHARDS, READ_HOURS)
            year, month = month_of(to_datetime(Hour(hours[0])))
            await database.execute(f"VACUUM ANALYZE hourly_views_g1_{year:04}_{month:02}")
    finally:
        await database.close()


def _questions(first: int, end: int) -> list[bytes]:
    # Whole 24 hours of an article that was read in all of them, between two hours of the history.
    draw = Random(6)
    found = []
    for _ in range(2_000):
        now = FIRST + draw.randint(first + 24, end)
        article = draw.randint(now - READ_HOURS, now - 24)
        moment = to_datetime(Hour(now)).strftime("%Y-%m-%dT%H:%M:%SZ")
        found.append(get(f"/report?page=example.com/articles/{article}&now={moment}"))
    return found


async def _load(port: int, questions: list[bytes], seconds: float) -> Result:
    found = await closed_loop(port, cycle(questions), connections=1, seconds=seconds, expect=b"200")
    if found.failed or not found.latencies:
        raise RuntimeError(f"{found.failed} requests failed, {len(found.latencies)} were answered")
    return found
