"""SELECTs over the live generation, nothing else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.agents.classes import SLOTS, Agent
from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from domain.page_rules import NO_RULES, PageRules
from domain.ports.reports import ReportReader
from domain.reports import HourlyViews
from domain.stats.selection import site_of, sites_named
from domain.stats.units import Range
from rows.database import database_errors
from rows.live import IS_LIVE, read_horizon
from rows.reports.watermark import now_ms, read_watermark
from rows.tables import generations, hourly_views, retention
from rows.turns import Turns

_TRIES = 10


def _hourly(*made: ColumnElement[bool]) -> Select[Any]:
    # The generation is a value, not a subquery: so PostgreSQL plans over the tables of one.
    found = (
        select(hourly_views.c.view_hour, func.sum(hourly_views.c.views).label("views"))
        .where(
            hourly_views.c.generation == bindparam("generation"),
            hourly_views.c.page == bindparam("page"),
            hourly_views.c.view_hour >= bindparam("first"),
            hourly_views.c.view_hour < bindparam("end"),
            *made,
        )
        .group_by(hourly_views.c.view_hour)
        .subquery("found")
    )
    # Which generation is live, what is past, and how complete it is, from the rows' snapshot.
    return (
        select(
            generations.c.generation,
            generations.c.page_rules,
            retention.c.horizon,
            found.c.view_hour,
            found.c.views,
            generations.c.complete_ms,
            now_ms().label("now_ms"),
        )
        .select_from(generations.join(retention, true()).outerjoin(found, true()))
        .where(IS_LIVE)
    )


_HOURLY = _hourly()
_OF_AGENT = _hourly(hourly_views.c.shard.between(bindparam("slot"), bindparam("last_slot")))


class SqlReportReader(ReportReader):
    """Reports from PostgreSQL or SQLite; remembers which generation was live last."""

    def __init__(self, engine: AsyncEngine, turns: Turns | None = None) -> None:
        self._engine = engine
        self._turns = turns or Turns(1)
        self._live = Generation(0)
        self._rules = NO_RULES

    async def hourly(
        self,
        page: str,
        first: Hour,
        end: Hour,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
    ) -> HourlyViews:
        for _ in range(_TRIES):
            live, rules = self._live, self._rules
            named = rules.apply(page)
            known = sites is None or site_of(named) in sites_named(sites, rules)
            # Of another site no hour is asked for: of what there is, nothing is read.
            asked = Range(first, end if known else first)
            rows = await self._read(live, named, asked, agent)
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

    async def _read(
        self, live: Generation, page: str, asked: Range, agent: Agent | None
    ) -> Sequence[Any]:
        values = {"generation": live, "page": page, "first": asked.start, "end": asked.end}
        statement = _HOURLY
        if agent is not None:
            statement = _OF_AGENT
            values |= dict(zip(("slot", "last_slot"), SLOTS[agent], strict=True))
        async with self._turns.taken(), database_errors(), self._engine.connect() as connection:
            rows: Sequence[Any] = (await connection.execute(statement, values)).all()
            if not rows:
                # That one says so, where it is the horizon which is missing.
                await read_horizon(connection)
        if not rows:
            raise StoreUnavailable("no generation is live: run footfall migrate")
        return rows
