"""Statistics over two years of 100,000 pages: from sums, and in plain SQL on the hourly rows."""

import asyncio
import dataclasses
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from statistics import median
from time import perf_counter
from urllib.parse import urlencode
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text

from benchmarks.dashboard import first_answers
from benchmarks.fold import Log, append, events_of, open_database, repeating_log
from benchmarks.load import Result, closed_loop, cycle, get
from benchmarks.processes import Process, production, running
from benchmarks.table import Row
from benchmarks.two_years import HOURS, fill_postgresql, fill_sqlite
from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.events import Hour
from domain.hours import hour_of, to_datetime
from domain.settings import Settings
from domain.wire import decode, encode
from rows.engine import engine_at

_PAGE = "site-007.example/articles/2025/about-number-401"
_SITE = "site-007.example"
# The size of hourly rows alone; the time that PostgreSQL may take.
_DISK, _SQLITE = 1.6, 3
_PLAIN_RUNS = 3
_ROLL_UP_SECONDS = 3_600
_FOLD_SECONDS = 180
_SUMS = ("page_months", "page_years", "site_days", "rolled_months")


class Question(Struct, frozen=True):
    """What the read API is asked, and what would answer it from the hourly rows."""

    name: str
    path: str
    plain: str
    milliseconds: int | None = None
    """What is wanted of PostgreSQL."""


def questions(last: Hour, *, postgresql: bool) -> list[Question]:
    """Of a history that ends before the hour `last`."""
    this_month = to_datetime(last).replace(day=1, hour=0)
    first = (this_month - timedelta(days=1)).replace(day=1)
    year = this_month.year - 1
    dates = {
        "month": (f"{first:%Y-%m-%d}", f"{this_month:%Y-%m-%d}"),
        "year": (f"{year}-01-01", f"{year + 1}-01-01"),
        "12 months and today": (f"{year}-{this_month.month:02}-01", _told(last)),
        "everything": (_told(Hour(last - HOURS)), _told(last)),
        "week": (_told(Hour(last - 168)), _told(last)),
        "2 years": (f"{to_datetime(Hour(last - HOURS + 24)):%Y-%m-%d}", _told(last)),
    }
    day = "date_trunc('day', view_hour)" if postgresql else "view_hour / 24"
    moment = "'{}'" if postgresql else "unixepoch('{}') / 3600"

    def within(name: str) -> str:
        start, end = (moment.format(date) for date in dates[name])
        return f"view_hour >= {start} AND view_hour < {end}"

    def asked(path: str, range_: str, **more: str | int) -> str:
        start, end = dates[range_]
        return f"/stats/{path}?" + urlencode({"from": start, "to": end, **more})

    def top(name: str, wanted: int | None = None) -> Question:
        plain = (
            "SELECT page, sum(views) AS views FROM hourly_views "
            f"WHERE generation = 1 AND {within(name)} GROUP BY page ORDER BY 2 DESC, 1 LIMIT 100"
        )
        return Question(f"top 100, {name}", asked("pages", name, limit=100), plain, wanted)

    page = f"page = '{_PAGE}'"
    site = f"(page = '{_SITE}' OR page >= '{_SITE}/' AND page < '{_SITE}0')"

    def series(name: str, range_: str, which: str, by: str, **more: str) -> Question:
        plain = (
            f"SELECT {by}, sum(views) FROM hourly_views "
            f"WHERE generation = 1 AND {within(range_)} AND {which} GROUP BY 1 ORDER BY 1"
        )
        return Question(name, asked("views", range_, **more), plain, 15)

    return [
        top("month"),
        top("year", 150),
        top("12 months and today"),
        top("everything"),
        series("a site by hour, 7 days", "week", site, "view_hour", site=_SITE, unit="hour"),
        series("a site by day, a year", "year", site, day, site=_SITE, unit="day"),
        series("a page by day, 2 years", "2 years", page, day, page=_PAGE, unit="day"),
    ]  # fmt: skip


def _told(hour: Hour) -> str:
    return f"{to_datetime(hour):%Y-%m-%dT%H:%M:%SZ}"


async def stats(rows: int, seconds: float) -> list[Row]:
    """On PostgreSQL `rows` and a tenth of them, on SQLite `rows`."""
    async with _on_postgresql(rows) as (many, last), _on_postgresql(rows // 10) as (few, _):
        found = await measured(many, last, seconds)
        tenth = await answered(few, last, seconds)
        first = await first_answers("PostgreSQL", many)
        meanwhile = await _while_folding(many, last, seconds)
        disk = await _disk(many)
    table = [
        *_told_of("PostgreSQL", found, tenth, meanwhile),
        *first,
        Row(f"disk with all sums / {rows:,} hourly rows alone", f"{disk:.2f}", f"at most {_DISK}"),
    ]
    async with _on_sqlite(rows) as (settings, last):
        table += _told_of("SQLite", await measured(settings, last, seconds))
        return [*table, *await first_answers("SQLite", settings)]


class Measured(Struct, frozen=True):
    """Of a question: answers over HTTP, and plain SQL in milliseconds."""

    question: Question
    answers: Result
    plain: float


async def measured(settings: Settings, last: Hour, seconds: float) -> Mapping[str, Measured]:
    """Each question, and right after it the same in plain SQL."""
    found = {}
    async with running(settings, "cli", "read-api") as read_api:
        for question in questions(last, postgresql=bool(settings.database_url)):
            answers = await _load(read_api, question, seconds)
            plain = await _plain(settings, question.plain)
            found[question.name] = Measured(question, answers, plain)
    return found


async def answered(settings: Settings, last: Hour, seconds: float) -> Mapping[str, Result]:
    """Each question over HTTP alone."""
    async with running(settings, "cli", "read-api") as read_api:
        return {
            question.name: await _load(read_api, question, seconds)
            for question in questions(last, postgresql=bool(settings.database_url))
        }


async def _load(read_api: Process, question: Question, seconds: float) -> Result:
    asked = cycle([get(question.path)])
    # What is cold and what is compiled the first time is not what is asked for.
    await closed_loop(read_api.port, asked, connections=1, seconds=0.1, expect=b"200")
    found = await closed_loop(read_api.port, asked, connections=1, seconds=seconds, expect=b"200")
    if found.failed or not found.latencies:
        raise RuntimeError(f"{question.path}: {found.failed} of {len(found.latencies)} failed")
    return found


async def _plain(settings: Settings, statement: str) -> float:
    taken = []
    for _ in range(_PLAIN_RUNS):
        if settings.database_url:
            database = await open_database(settings)
            started = perf_counter()
            await database.fetch(statement, timeout=600)
            taken.append(perf_counter() - started)
            await database.close()
        else:
            taken.append(await asyncio.to_thread(_plain_in_sqlite, settings, statement))
    return median(taken) * 1e3


def _plain_in_sqlite(settings: Settings, statement: str) -> float:
    database = sqlite3.connect(settings.rows_file)
    try:
        started = perf_counter()
        database.execute(statement).fetchall()
        return perf_counter() - started
    finally:
        database.close()


def _told_of(
    database: str,
    found: Mapping[str, Measured],
    tenth: Mapping[str, Result] | None = None,
    meanwhile: Mapping[str, Result] | None = None,
) -> list[Row]:
    rows = []
    postgresql = database == "PostgreSQL"
    for one in found.values():
        question, name = one.question, f"{database}: {one.question.name}"
        at_most = question.milliseconds and question.milliseconds * (1 if postgresql else _SQLITE)
        target = f"under {at_most} ms" if at_most else ""
        rows.append(Row(f"{name}, p50 / p99", _both(one.answers), target))
        if meanwhile:
            folding = _both(meanwhile[question.name])
            rows.append(Row(f"{name}, while views are folded, p50 / p99", folding))
        quicker = one.plain / one.answers.percentile(0.5)
        rows.append(Row(f"{name}, plain SQL", f"{one.plain:,.0f} ms"))
        rows.append(Row(f"{name}, quicker than plain SQL", f"{quicker:,.0f} times", "at least 20"))
        if tenth:
            ratio = one.answers.percentile(0.5) / tenth[question.name].percentile(0.5)
            wanted = "at most 2.0" if question.name.startswith("top") else ""
            rows.append(Row(f"{name}, against a tenth of the rows", f"{ratio:.2f}", wanted))
    return rows


def _both(found: Result) -> str:
    return f"{found.percentile(0.5):,.1f} / {found.percentile(0.99):,.1f} ms"


async def _while_folding(settings: Settings, last: Hour, seconds: float) -> Mapping[str, Result]:
    """A projector folds of one log after the other, and rests as long as each took."""
    log = repeating_log(settings.num_partitions, 200_000)
    stop = asyncio.Event()
    counted = "SELECT coalesce(sum(events), 0) FROM checkpoints"

    async def fold() -> None:
        folded = 0
        database = await open_database(settings)
        while not stop.is_set():
            started = perf_counter()
            await append(settings, _anew(log))
            folded += events_of(log)
            while await database.fetchval(counted) < folded:
                await asyncio.sleep(0.02)
            await asyncio.sleep(perf_counter() - started)
        await database.close()

    async with running(settings, "cli", "projector", serving=False):
        folding = asyncio.create_task(fold())
        try:
            return await answered(settings, last, seconds)
        finally:
            stop.set()
            async with asyncio.timeout(_FOLD_SECONDS):
                await folding


def _anew(log: Log) -> Log:
    """The same of another producer: of the same one it would be a repetition."""
    producer = uuid4().hex
    return {
        partition: [encode(replace(decode(body), producer=producer)) for body in bodies]
        for partition, bodies in log.items()
    }


@asynccontextmanager
async def _on_postgresql(rows: int) -> AsyncIterator[tuple[Settings, Hour]]:
    async with production() as settings:
        yield settings, await filled(settings, rows)


async def filled(settings: Settings, rows: int) -> Hour:
    """Two years on PostgreSQL, added up; the hour they end before."""
    last = Hour(hour_of(now_ms()) + 1)
    await fill_postgresql(settings, rows, Hour(last - HOURS))
    await roll_up(settings)
    database = await open_database(settings)
    # As after a replay of a log that begins later: audits of the projector have nothing to say.
    await database.execute(
        "UPDATE generations SET carried_views = (SELECT sum(views) FROM hourly_views)"
    )
    for table in _SUMS:
        await database.execute(f"VACUUM ANALYZE {table}")
    await database.close()
    return last


@asynccontextmanager
async def _on_sqlite(rows: int) -> AsyncIterator[tuple[Settings, Hour]]:
    async with production() as settings:
        alone = dataclasses.replace(settings, database_url=None, rabbitmq_url=None)
        await migrate(alone)
        last = Hour(hour_of(now_ms()) + 1)
        await asyncio.to_thread(fill_sqlite, alone.rows_file, rows, Hour(last - HOURS))
        await roll_up(alone)
        yield alone, last


async def roll_up(settings: Settings) -> None:
    """All that is over, as projectors do it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "roll-up", env={**os.environ, **Process(settings).environment},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(_ROLL_UP_SECONDS):
        if await process.wait():
            raise RuntimeError("footfall roll-up failed")


async def _disk(settings: Settings) -> float:
    """All tables of rows and sums by those of hourly rows."""
    async with engine_at(settings.rows_url, read_only=True) as engine, engine.connect() as found:
        sizes = await found.execute(
            text(
                "SELECT sum(pg_total_relation_size(oid)) FILTER (WHERE relname LIKE 'hourly%'), "
                "sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
                "(relname LIKE 'hourly%' OR relname = ANY(:sums))"
            ),
            {"sums": list(_SUMS)},
        )
        alone, together = sizes.one()
    return float(together / alone)
