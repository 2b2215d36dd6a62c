"""Sums go: those of a generation that is dropped, and those of what is past."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic

from sqlalchemy import ColumnElement, Table, and_, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.calendar import day_of, month_of_day, year_of
from domain.events import Epoch, Generation, Hour
from rows.aggregates.marks import distrust
from rows.database import is_postgresql, transaction
from rows.jobs import RETENTION, fence
from rows.tables import dimension_months, page_months, page_years, rolled_months, site_days

# Rows a transaction of SQLite deletes, so that others get their turn.
_ROWS = 5_000
_PAUSE_SECONDS = 0.005
_WIDE = (page_months, page_years, site_days, dimension_months)

Opening = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


async def remove_sums(engine: AsyncEngine, generation: Generation) -> None:
    """All of a generation that is dropped; which days they were goes with the rest of it."""
    await clear_sums(lambda: transaction(engine), generation)


async def clear_sums(opening: Opening, generation: Generation) -> None:
    """All of a generation of which none is true any more, in transactions from `opening`.

    Adding up only touches names that have rows: sums of others would stay as they are.
    """
    for table in _WIDE:
        await _delete(opening, table, table.c.generation == generation)


async def remove_past(
    engine: AsyncEngine, epoch: Epoch, generation: Generation, horizon: Hour
) -> None:
    """The days, months and years that end at the horizon or before: nobody reads them any more."""

    def fenced() -> AbstractAsyncContextManager[AsyncConnection]:
        return _fenced(engine, epoch)

    for table, past in _before(generation, horizon):
        await _delete(fenced, table, past)


async def forget_sums(connection: AsyncConnection, generation: Generation, before: Hour) -> None:
    """Hours are kept again whose sums are gone, and before this one rows may be: all are made anew.

    Those up to then are deleted first: a page that lost its rows would else keep its sum.
    """
    await distrust(connection, generation)
    last, _ = month_of_day(day_of(before))
    for table, column, end in (
        (page_months, page_months.c.month, last),
        (page_years, page_years.c.year, year_of(last)[0]),
        (site_days, site_days.c.day, day_of(before)),
        (dimension_months, dimension_months.c.month, last),
    ):
        await connection.execute(
            delete(table).where(table.c.generation == generation, column <= end)
        )


def _before(generation: Generation, horizon: Hour) -> list[tuple[Table, ColumnElement[bool]]]:
    day = day_of(horizon)
    month, _ = month_of_day(day)
    bounds = (
        (page_months, page_months.c.month < month),
        (page_years, page_years.c.year < year_of(month)[0]),
        (site_days, site_days.c.day < day),
        (dimension_months, dimension_months.c.month < month),
        (rolled_months, rolled_months.c.month < month),
    )
    return [(table, and_(table.c.generation == generation, past)) for table, past in bounds]


@asynccontextmanager
async def _fenced(engine: AsyncEngine, epoch: Epoch) -> AsyncIterator[AsyncConnection]:
    async with transaction(engine) as connection:
        await fence(connection, RETENTION, epoch)
        yield connection


async def _delete(opening: Opening, table: Table, chosen: ColumnElement[bool]) -> None:
    """In one statement, or in SQLite some rows at a time."""
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(chosen).limit(_ROWS)
    while True:
        started = monotonic()
        async with opening() as connection:
            at_once = is_postgresql(connection.dialect)
            gone = await connection.execute(
                delete(table).where(chosen if at_once else key.in_(some))
            )
        if at_once or gone.rowcount < _ROWS:
            return
        await asyncio.sleep(_PAUSE_SECONDS + monotonic() - started)
