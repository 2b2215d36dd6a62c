"""A backend with a log and rows, and retention with a clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.events import Entry, Epoch, Generation, Hour, PageViewed, Partition
from domain.hours import HOUR_MS, hour_of, parse_instant
from domain.ports.log import LogReader, LogWriter
from domain.positions import POSITION_WINDOW
from domain.projection import project
from domain.retention import Removal
from domain.settings import Settings
from domain.wire import decode, encode
from log.sqlite.trimmer import SqliteLogTrimmer
from projector.housekeeping.retention import Retention, retain
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, RETENTION, SqlJobs
from rows.postgresql import months
from rows.postgresql.making import MonthPartitions
from rows.postgresql.merging import finish
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from rows.reports.hourly import SqlReportReader
from rows.retention.expiry import SqlExpiry
from rows.tables import (
    checkpoints,
    dead_letters,
    generations,
    hourly_views,
    metadata,
    producer_positions,
)
from tests.conftest import PRODUCTION
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
        """A batch of a view at each moment, appended and folded.

        To what cuts the log it was recorded at `at_ms`, which may be before its views.
        """
        events = [event(page, moment) for moment in moments]
        body = self._body(events, max(moments))
        await self.writer.append(ONE, self._recorded(body, at_ms or max(moments)))
        await self.fold(body)

    async def fold(self, body: bytes) -> None:
        claim = await self.store.claim(ONE, Epoch(1))
        offset = claim.checkpoint.next_offset
        await self.store.apply(claim.checkpoint, project([Entry(offset, body)], claim.positions))

    def _body(self, events: Sequence[PageViewed], at_ms: int) -> bytes:
        self.offsets[ONE] = self.offsets.get(ONE, 0) + 1
        return encode(batch(*events, sequence=self.offsets[ONE], at_ms=at_ms))

    def _recorded(self, body: bytes, at_ms: int) -> bytes:
        return encode(replace(decode(body), recorded_ms=at_ms))

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


postgresql_only = pytest.mark.parametrize("site", [PRODUCTION], indirect=True)
embedded_only = pytest.mark.parametrize("site", ["embedded"], indirect=True)


async def hours(site: Site, moment: int) -> dict[Hour, int]:
    hour = hour_of(moment)
    return dict(await site.reports.hourly(PAGE, Hour(hour - 1), Hour(hour + 2)))


async def fill(site: Site) -> None:
    await site.count(LONG_PAST, JUST_PAST, at_ms=LONG_PAST)
    await site.count(JUST_PAST, JUST_KEPT, at_ms=LONG_PAST + 1)
    await site.count(NOW)
    async with site.engine.begin() as connection:
        await connection.execute(
            insert(producer_positions).values(position("gone", -POSITION_WINDOW))
        )
        await connection.execute(insert(dead_letters).values(letter(1, LONG_PAST)))
    if site.postgresql:
        # Made ahead by every run, so not what a dry run is to be measured by.
        ahead = [hour_of(NOW), hour_of(NOW + 31 * DAY_MS)]
        await MonthPartitions(site.engine).ensure(LIVE, ahead)


async def add_generation(
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
        tables = MonthPartitions(site.engine, loading=loading)
        await tables.ensure(generation, [hour_of(JUST_PAST), hour_of(JUST_KEPT)])
        if not loading:
            await finish(site.engine, generation)
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
        query = text(
            f"SELECT page, view_hour, shard, views FROM hourly_views WHERE generation = {LIVE}"
        )
        return (await connection.execute(query)).all()


def position(producer: str, offset: int) -> dict[str, Any]:
    return {
        "generation": LIVE,
        "partition": ONE,
        "producer": producer,
        "sequence": 1,
        "log_offset": offset,
    }


def letter(offset: int, created_ms: int) -> dict[str, Any]:
    return {
        "generation": LIVE,
        "partition": ONE,
        "log_offset": offset,
        "reason": "junk",
        "body": b"",
        "created_ms": created_ms,
    }
