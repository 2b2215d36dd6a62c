"""Rolls up as a projector does, and adds the same up by hand."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.agents.classes import agent_of
from domain.aggregates import RolledUp, Turn
from domain.calendar import day_of, days_in, first_day, month_of_day
from domain.events import Epoch, Generation
from domain.stats.selection import site_of
from projector.aggregates.rolling import Silent
from projector.aggregates.rolling import roll_up as roll_up_story
from rows.aggregates.refresh import SqlAggregates
from rows.jobs import ROLLUP, SqlJobs
from rows.tables import (
    dimension_months,
    dimension_views,
    hourly_views,
    page_months,
    page_years,
    rolled_months,
    site_days,
)

LIVE = Generation(1)
Sums = Mapping[tuple[Any, ...], int]


async def roll_up(engine: AsyncEngine, now_ms: int | None = None) -> RolledUp:
    """All that is due of the live generation, as a projector does it at `now_ms`."""
    turn = await turn_of(engine)
    try:
        return await roll_up_story(SqlAggregates(engine), turn, lambda: False, Silent(), now_ms)
    finally:
        await SqlJobs(engine, 60_000).release(ROLLUP, "tests", turn.epoch)


async def turn_of(engine: AsyncEngine) -> Turn:
    """The job, for the live generation."""
    epoch: Epoch | None = await SqlJobs(engine, 60_000).acquire(ROLLUP, "tests")
    assert epoch is not None
    return Turn(ROLLUP, epoch, await SqlAggregates(engine).live())


async def assert_true(engine: AsyncEngine, generation: Generation = LIVE) -> None:
    """What is said to be true is what the hourly rows add up to."""
    async with engine.connect() as connection:
        rows = (
            await connection.execute(
                select(hourly_views).where(hourly_views.c.generation == generation)
            )
        ).all()
        months = (
            await connection.execute(
                select(rolled_months).where(rolled_months.c.generation == generation)
            )
        ).all()
        pages = await _wide(connection, page_months, generation)
        years = await _wide(connection, page_years, generation)
        sites = await _wide(connection, site_days, generation)
        values = await _wide(connection, dimension_months, generation)
        beside = (
            await connection.execute(
                select(dimension_views).where(dimension_views.c.generation == generation)
            )
        ).all()
    rolled = {first_day(row.month) + day - 1 for row in months for day in days_in(row.rolled)}
    whole = {row.month for row in months if row.whole}
    by_day: Counter[tuple[Any, ...]] = Counter()
    by_month: Counter[tuple[Any, ...]] = Counter()
    by_hour: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        day, agent = day_of(row.view_hour), int(agent_of(row.shard))
        month, bit = month_of_day(day)
        if day in rolled:
            by_day[month, row.page, agent, bit.bit_length()] += row.views
            by_hour[day, site_of(row.page), agent, row.view_hour % 24] += row.views
        if month in whole:
            by_month[1970 + month // 12, row.page, agent, month % 12 + 1] += row.views
    assert {k: v for k, v in pages.items() if first_day(k[0]) + k[3] - 1 in rolled} == by_day
    assert {k: v for k, v in sites.items() if k[0] in rolled} == by_hour
    assert {k: v for k, v in years.items() if (k[0] - 1970) * 12 + k[3] - 1 in whole} == by_month
    by_value: Counter[tuple[Any, ...]] = Counter()
    for row in beside:
        month, bit = month_of_day(day_of(row.view_hour))
        if day_of(row.view_hour) in rolled:
            key = (row.dimension, month, row.site, row.value, row.agent, bit.bit_length())
            by_value[key] += row.views
    assert {k: v for k, v in values.items() if first_day(k[1]) + k[5] - 1 in rolled} == by_value
    for row in months:
        assert not row.rolled & row.due
        assert not row.rolled & row.building
        assert not row.due & row.building
        assert not (row.whole and (row.due or row.building))
    # And a month that is whole has rows on no other days.
    days = {day_of(row.view_hour) for row in rows}
    assert {day for day in days if month_of_day(day)[0] in whole} <= rolled


async def rolled_days(engine: AsyncEngine, generation: Generation = LIVE) -> set[int]:
    """Whole days since 1970 that are said to be true."""
    async with engine.connect() as connection:
        found = await connection.execute(
            select(rolled_months).where(rolled_months.c.generation == generation)
        )
        return {first_day(row.month) + day - 1 for row in found for day in days_in(row.rolled)}


async def _wide(connection: Any, table: Any, generation: Generation) -> Sums:
    found = await connection.execute(select(table).where(table.c.generation == generation))
    sums: dict[tuple[Any, ...], int] = {}
    for row in found:
        names = [column.name for column in table.c if not column.primary_key]
        key, values = row[1 : -len(names)], row[-len(names) :]
        for name, value in zip(names, values, strict=True):
            if value is not None:
                sums[(*key, int(name[1:]))] = value
    return sums
