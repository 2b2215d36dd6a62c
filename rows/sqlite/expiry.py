"""Expired rows in SQLite: a few pages at a time, so that other writers get their turn between."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import aiosqlite
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Epoch, Generation, Hour
from domain.retention import ExpiredRows
from rows.database import database_errors, transaction
from rows.jobs import RETENTION, fence
from rows.rollups import HOURLY

_CHUNK_PAGES = 500
_CHUNK_ROWS = 5_000
# Fewer free pages than that are left for the rows to come.
_SPARE_PAGES = 256
_PAUSE_SECONDS = 0.02

# Hops from page to page instead of reading all rows.
_NEXT_PAGES = HOURLY.sql("""
    WITH RECURSIVE chunk (page) AS (
        SELECT min(page) FROM {table} WHERE generation = :generation AND page > :after
        UNION ALL
        SELECT (SELECT min(page) FROM {table}
                WHERE generation = :generation AND page > chunk.page)
        FROM chunk WHERE chunk.page IS NOT NULL
        LIMIT :pages
    )
    SELECT page, EXISTS (SELECT 1 FROM {table} AS past
                         WHERE past.generation = :generation AND past.page = chunk.page
                           AND past.{time} < :horizon) AS is_past
    FROM chunk WHERE page IS NOT NULL
""")
_DELETE = HOURLY.sql("""
    DELETE FROM {table} WHERE (generation, {keys}) IN (
        SELECT generation, {keys} FROM {table}
        WHERE generation = :generation AND page IN (SELECT value FROM json_each(:pages))
          AND {time} < :horizon
        LIMIT :rows
    ) RETURNING {time} AS hour, {sum} AS views
""")
_ADD_EXPIRED = """
    UPDATE generations SET expired_views = expired_views + :views WHERE generation = :generation
"""
_MEASURE = HOURLY.sql("""
    SELECT count(*), coalesce(sum({sum}), 0), min({time}), max({time})
    FROM {table} WHERE generation = :generation AND {time} < :horizon
""")


class ExpiryByPage:
    """Deletes rows and gives the space back to the file system."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def prepare(self, generation: Generation, now_ms: int) -> None:
        """Rows need nothing here."""

    def gone_before(self, horizon: Hour) -> Hour:
        """All that were past."""
        return horizon

    async def expired(self, generation: Generation, horizon: Hour) -> Sequence[ExpiredRows]:
        """One line, or none."""
        values = {"generation": generation, "horizon": horizon}
        async with self._driver() as driver:
            ((rows, views, first, last),) = await driver.execute_fetchall(_MEASURE, values)
        return [_rows(generation, rows, views, first, last)] if rows else []

    async def waiting(self, generation: Generation, horizon: Hour) -> int:
        """None: any row can go by itself."""
        return 0

    async def expire(
        self, epoch: Epoch, generation: Generation, horizon: Hour
    ) -> AsyncIterator[ExpiredRows]:
        """One sum for all chunks."""
        rows, views = 0, 0
        hours: set[int] = set()
        async for gone in self._chunks(epoch, generation, horizon):
            rows += len(gone)
            views += sum(row.views for row in gone)
            hours.update(row.hour for row in gone)
        if rows:
            await self._shrink()
            yield _rows(generation, rows, views, min(hours), max(hours))

    async def _chunks(
        self, epoch: Epoch, generation: Generation, horizon: Hour
    ) -> AsyncIterator[Sequence[Any]]:
        after = ""
        while pages := await self._next_pages(generation, horizon, after):
            after = pages[-1][0]
            past = json.dumps([page for page, is_past in pages if is_past])
            gone: Sequence[Any] = [None] * _CHUNK_ROWS if past != "[]" else []
            while len(gone) == _CHUNK_ROWS:
                started = monotonic()
                gone = await self._delete(epoch, generation, horizon, past)
                if gone:
                    yield gone
                # As long again as others were kept waiting.
                await asyncio.sleep(_PAUSE_SECONDS + monotonic() - started)

    async def _next_pages(self, generation: Generation, horizon: Hour, after: str) -> Sequence[Any]:
        values = {
            "generation": generation,
            "horizon": horizon,
            "after": after,
            "pages": _CHUNK_PAGES,
        }
        async with self._driver() as driver:
            return list(await driver.execute_fetchall(_NEXT_PAGES, values))

    async def _delete(
        self, epoch: Epoch, generation: Generation, horizon: Hour, pages: str
    ) -> Sequence[Any]:
        values = {
            "generation": generation,
            "horizon": horizon,
            "pages": pages,
            "rows": _CHUNK_ROWS,
        }
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            gone = (await connection.execute(text(_DELETE), values)).all()
            views = sum(row.views for row in gone)
            await connection.execute(text(_ADD_EXPIRED), {"generation": generation, "views": views})
            return gone

    async def _shrink(self) -> None:
        async with self._driver() as driver:
            while await _number(driver, "freelist_count") > _SPARE_PAGES:
                before = await _number(driver, "page_count")
                # As a script: executed as a statement it would free one page and stop.
                await driver.executescript(f"PRAGMA incremental_vacuum({_CHUNK_PAGES})")
                if await _number(driver, "page_count") == before:
                    # A file of an older version can only use its space again.
                    break
                await asyncio.sleep(_PAUSE_SECONDS)
            await driver.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[aiosqlite.Connection]:
        """Outside of transactions, which wait for their turn to write even where they only read."""
        async with database_errors(), self._engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver, aiosqlite.Connection)
            try:
                yield driver
            except sqlite3.Error as error:
                raise StoreUnavailable(f"the database: {error}") from error


async def _number(driver: aiosqlite.Connection, pragma: str) -> int:
    ((found,),) = await driver.execute_fetchall(f"PRAGMA {pragma}")
    return int(found)


def _rows(generation: Generation, rows: int, views: int, first: int, last: int) -> ExpiredRows:
    return ExpiredRows(generation, HOURLY.table.name, rows, views, Hour(first), Hour(last))
