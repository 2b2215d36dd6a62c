"""SELECTs over the live generation, nothing else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from domain.page_rules import NO_RULES, PageRules
from domain.ports.reports import ReportReader
from domain.reports import HourlyViews
from rows.database import database_errors
from rows.live import IS_LIVE, read_horizon
from rows.reports.watermark import now_ms, read_watermark
from rows.tables import generations, hourly_views, retention
from rows.turns import Turns

# The generation is a value, not a subquery: so PostgreSQL plans over the tables of one.
_FOUND = (
    select(hourly_views.c.view_hour, func.sum(hourly_views.c.views).label("views"))
    .where(
        hourly_views.c.generation == bindparam("generation"),
        hourly_views.c.page == bindparam("page"),
        hourly_views.c.view_hour >= bindparam("first"),
        hourly_views.c.view_hour < bindparam("end"),
    )
    .group_by(hourly_views.c.view_hour)
    .subquery("found")
)
# Which generation is live, what is past, and how complete it is, from the snapshot of the rows.
_HOURLY = (
    select(
        generations.c.generation,
        generations.c.page_rules,
        retention.c.horizon,
        _FOUND.c.view_hour,
        _FOUND.c.views,
        generations.c.complete_ms,
        now_ms().label("now_ms"),
    )
    .select_from(generations.join(retention, true()).outerjoin(_FOUND, true()))
    .where(IS_LIVE)
)
_TRIES = 10


class SqlReportReader(ReportReader):
    """Reports from PostgreSQL or SQLite; remembers which generation was live last."""

    def __init__(self, engine: AsyncEngine, turns: Turns | None = None) -> None:
        self._engine = engine
        self._turns = turns or Turns(1)
        self._live = Generation(0)
        self._rules = NO_RULES

    async def hourly(self, page: str, first: Hour, end: Hour) -> HourlyViews:
        for _ in range(_TRIES):
            live, rules = self._live, self._rules
            rows = await self._read(live, rules.apply(page), first, end)
            if (rows[0].generation, rows[0].page_rules) == (live, rules.text):
                views = {
                    Hour(row.view_hour): int(row.views) for row in rows if row.view_hour is not None
                }
                watermark = read_watermark(rows[0])
                return HourlyViews(views, Hour(rows[0].horizon), watermark)
            # Another one is live now; its pages may be counted under other names.
            self._live = Generation(rows[0].generation)
            self._rules = PageRules(rows[0].page_rules)
        raise StoreUnavailable("the live generation changes again and again")

    async def _read(self, live: Generation, page: str, first: Hour, end: Hour) -> Sequence[Any]:
        values = {"generation": live, "page": page, "first": first, "end": end}
        async with self._turns.taken(), database_errors(), self._engine.connect() as connection:
            rows = (await connection.execute(_HOURLY, values)).all()
            if not rows:
                # That one says so, where it is the horizon which is missing.
                await read_horizon(connection)
        if not rows:
            raise StoreUnavailable("no generation is live: run footfall migrate")
        return rows
