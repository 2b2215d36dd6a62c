"""SQLite: sums are made some pages at a time, so that other writers get their turn between.

Nobody reads a day before all of it is done, and who begins again begins anew.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import TextClause, bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.aggregates import Turn
from domain.calendar import days_in, first_day
from domain.dimensions import Dimension
from domain.errors import Interrupted
from rows.aggregates.fenced import writing
from rows.aggregates.sums import bounds, page_sums, site_sums, year_sums
from rows.aggregates.values import value_sums
from rows.database import reading
from rows.tables import page_months, rolled_months, site_days

_PAGES = 200
# Each has many more rows than a page.
_SITES = 10
_ROWS = 5_000
_PAUSE_SECONDS = 0.005

# Hops from name to name instead of reading all rows.
_NEXT = """
    WITH RECURSIVE chunk (name) AS (
        SELECT min({name}) FROM {table} WHERE generation = :generation {of} AND {name} {behind}
        UNION ALL
        SELECT (SELECT min({name}) FROM {table}
                WHERE generation = :generation {of} AND {name} > chunk.name)
        FROM chunk WHERE chunk.name IS NOT NULL
        LIMIT :names
    )
    SELECT name, EXISTS (SELECT 1 FROM {table} AS seen
                         WHERE seen.generation = :generation {of} AND seen.{name} = chunk.name
                           AND seen.view_hour >= :first AND seen.view_hour <= :last) AS is_seen
    FROM chunk WHERE name IS NOT NULL
"""
_PAGE = {"table": "hourly_views", "name": "page", "of": ""}
_SITE = {"table": "dimension_views", "name": "site"}
_OF_PAGES = "AND page IN (SELECT value FROM json_each(:names))"
_UP_TO = "AND page > :after AND page <= :last"


class Parts:
    """What one transaction does in PostgreSQL."""

    def __init__(self, engine: AsyncEngine, turn: Turn, stopped: Callable[[], bool]) -> None:
        self._engine = engine
        self._turn = turn
        self._stopped = stopped

    async def add_up(self, month: int, days: int) -> None:
        """The sums of these days."""
        values = bounds(self._turn.generation, month, days)
        # Parts of a site's day are added to each other: from nothing.
        for day in days_in(days):
            await self._clear(month, day)
        of_pages = (partial(sums, more=_OF_PAGES) for sums in (page_sums, site_sums))
        await self._write(month, days, [*of_pages], self._names(_PAGE, _PAGES, values))
        for dimension in Dimension:
            of_sites = partial(value_sums, dimension=dimension, of_sites=True)
            site = {**_SITE, "of": f"AND dimension = {dimension:d}"}
            await self._write(month, days, [of_sites], self._names(site, _SITES, values))

    async def _write(
        self,
        month: int,
        days: int,
        made: Sequence[Callable[..., TextClause]],
        parts: AsyncGenerator[Sequence[str], None],
    ) -> None:
        """What is made of each of the parts, in a transaction for each."""
        values = bounds(self._turn.generation, month, days)
        async with aclosing(parts):
            async for names in parts:
                started = monotonic()
                async with writing(self._engine, self._turn) as connection:
                    left = await self._left(connection, month, days)
                    for sums in made if left else ():
                        statement = sums(connection.dialect, month=month, days=left)
                        await connection.execute(statement, {**values, "names": json.dumps(names)})
                if not left:
                    return
                await self._let_others(started)

    async def _left(self, connection: AsyncConnection, month: int, days: int) -> int:
        """The days that are still being built: of others nothing may be changed.

        Something has come to them, or whoever slept finds them true again: made by a rebuild that
        had the generation meanwhile.
        """
        found = await connection.execute(
            select(rolled_months.c.building.bitwise_and(days)).where(
                rolled_months.c.generation == self._turn.generation,
                rolled_months.c.month == month,
            )
        )
        return found.scalar_one_or_none() or 0

    async def _names(
        self, of: Mapping[str, str], most: int, values: dict[str, Any]
    ) -> AsyncGenerator[Sequence[str], None]:
        """Those with views in these hours, so many at a time."""
        after: str | None = ""
        # A site may have no name; of pages all are behind it.
        behind = ">= :after"
        while after is not None:
            statement = text(_NEXT.format(behind=behind, **of))
            async with reading(self._engine) as connection:
                found = await connection.execute(
                    statement, {**values, "after": after, "names": most}
                )
                rows = found.all()
            after, behind = rows[-1].name if rows else None, "> :after"
            if names := [row.name for row in rows if row.is_seen]:
                yield names

    async def _clear(self, month: int, number: int) -> None:
        day = first_day(month) + number - 1
        key = (site_days.c.generation == self._turn.generation) & (site_days.c.day == day)
        some = select(site_days.c.site).where(key).limit(_ROWS)
        gone = _ROWS
        while gone:
            started = monotonic()
            async with writing(self._engine, self._turn) as connection:
                if not await self._left(connection, month, 1 << (number - 1)):
                    return
                gone = (
                    await connection.execute(
                        delete(site_days).where(key, site_days.c.site.in_(some))
                    )
                ).rowcount
            if gone:
                await self._let_others(started)

    async def add_up_month(self, month: int) -> None:
        """The month's column in its year."""
        after: str | None = ""
        while after is not None:
            started = monotonic()
            async with writing(self._engine, self._turn) as connection:
                last = await self._last(connection, month, after)
                if last is not None:
                    values = {"generation": self._turn.generation, "after": after, "last": last}
                    await connection.execute(year_sums(connection.dialect, [month], _UP_TO), values)
            after = last
            await self._let_others(started)

    async def _last(self, connection: Any, month: int, after: str) -> str | None:
        rows = page_months.c
        chunk = (
            select(rows.page)
            .where(
                rows.generation == self._turn.generation,
                rows.month == month,
                rows.page > bindparam("after", after),
            )
            .order_by(rows.page)
            .limit(_ROWS)
            .subquery("chunk")
        )
        found = await connection.execute(
            select(chunk.c.page).order_by(chunk.c.page.desc()).limit(1)
        )
        last: str | None = found.scalar_one_or_none()
        return last

    async def _let_others(self, started: float) -> None:
        """As long again as they were kept waiting. Raises `Interrupted` once stopped."""
        if self._stopped():
            raise Interrupted
        await asyncio.sleep(_PAUSE_SECONDS + monotonic() - started)
