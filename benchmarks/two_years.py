"""Two years of a skewed popularity, as hourly rows."""

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.fold import open_database
from domain.agents.classes import Agent, slot_of
from domain.events import Generation, Hour
from domain.hours import to_datetime
from domain.settings import Settings
from rows.engine import open_engine
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import month_of

PAGES = 100_000
SITES = 200
HOURS = 2 * 8_760
_SHARDS = 10
# Views of the page at a place among all: place ** -_SKEW.
_SKEW = 0.8
# Evenly over the hours, from an hour of its own on; every eighth row is of robots.
_ROW = f"""
    ({{first}} + (i * {HOURS} + phase) / n) AS hour,
    CASE WHEN (i + phase) % 8 = 0 THEN {slot_of(0, Agent.ROBOT)} ELSE {slot_of(0, Agent.PERSON)} END
        - i % {_SHARDS} AS slot,
    1 + (i * 7 + phase) % 9 AS views
"""
_MONTH = f"""
    INSERT INTO hourly_views (generation, page, view_hour, shard, views)
    SELECT 1, page, to_timestamp(hour * 3600.0), slot, views FROM (
        SELECT page, {_ROW.format(first="$1::bigint")} FROM popularity, generate_series(
            greatest((($2::bigint - $1) * n - phase + {HOURS} - 1) / {HOURS}, 0),
            (($3::bigint - $1) * n - phase + {HOURS} - 1) / {HOURS} - 1
        ) AS i
    ) AS found ORDER BY hour, md5(page)
"""
_ALL = f"""
    INSERT INTO hourly_views (generation, page, view_hour, shard, views)
    SELECT 1, page, hour, slot, views FROM (
        SELECT page, i, {_ROW.format(first=":first")}
        FROM popularity JOIN number ON i < n
    ) ORDER BY page, i
"""


def popularity(rows: int) -> list[tuple[str, int, int]]:
    """Pages, how many rows each has, and its phase: `rows` or a few less altogether."""
    scale = rows / sum(place**-_SKEW for place in range(1, PAGES + 1))
    return [
        (
            f"site-{place * 7 % SITES:03}.example/articles/2025/about-number-{place}",
            max(1, min(_SHARDS * HOURS, round(scale * place**-_SKEW))),
            place * 7_919 % HOURS,
        )
        for place in range(1, PAGES + 1)
    ]


async def fill_postgresql(settings: Settings, rows: int, first: Hour) -> None:
    """The live generation has `rows` in the `HOURS` from `first` on."""
    engine = open_engine(settings.rows_url)
    hours = [Hour(first + at) for at in range(HOURS)]
    await MonthPartitions(engine).ensure(Generation(1), hours)
    await engine.dispose()
    database = await open_database(settings)
    try:
        await database.execute("CREATE TABLE popularity (page text, n bigint, phase bigint)")
        await database.copy_records_to_table("popularity", records=popularity(rows))
        await database.execute("ANALYZE popularity")
    finally:
        await database.close()
    months: dict[tuple[int, int], list[Hour]] = {}
    for hour in hours:
        months.setdefault(month_of(to_datetime(hour)), []).append(hour)
    waiting = list(months.items())
    await asyncio.gather(*(_fill_months(settings, first, waiting) for _ in range(2)))
    database = await open_database(settings)
    await database.execute("DROP TABLE popularity")
    await database.close()


async def _fill_months(
    settings: Settings, first: Hour, waiting: list[tuple[tuple[int, int], list[Hour]]]
) -> None:
    database = await open_database(settings)
    try:
        await database.execute("SET synchronous_commit = off")
        await database.execute("SET work_mem = '256MB'")
        while waiting:
            (year, month), hours = waiting.pop()
            await database.execute(_MONTH, first, hours[0], hours[-1] + 1)
            await database.execute(f"VACUUM ANALYZE hourly_views_g1_{year:04}_{month:02}")
    finally:
        await database.close()


def fill_sqlite(file: Path, rows: int, first: Hour) -> None:
    """The same in a file."""
    database = sqlite3.connect(file)
    try:
        found = popularity(rows)
        database.execute("CREATE TEMP TABLE popularity (page TEXT, n INTEGER, phase INTEGER)")
        database.executemany("INSERT INTO popularity VALUES (?, ?, ?)", sorted(found))
        database.execute("CREATE TEMP TABLE number (i INTEGER PRIMARY KEY)")
        most = max(n for _, n, _ in found)
        database.executemany("INSERT INTO number VALUES (?)", ((i,) for i in range(most)))
        database.execute(_ALL, {"first": first})
        database.commit()
    finally:
        database.close()
