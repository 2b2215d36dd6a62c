"""What is beside pages goes as they do: what is past, and all of a generation that is dropped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    and_,
    cast,
    delete,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Epoch, Generation, Hour
from domain.hours import HOUR_MS
from rows.database import transaction
from rows.jobs import RETENTION, fence
from rows.tables import checkpoints, dimension_views, generations, new_pages

# Rows a transaction deletes, so that others get their turn.
_ROWS = 5_000
_PAUSE_SECONDS = 0.005
KNOWN_BEYOND_HOURS = 96
"""A rebuild begins with the pages that were known where the log begins, up to two days before the
horizon (`domain.retention`), and by then they were known for a day."""

Opening = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


async def remove_beside(engine: AsyncEngine, generation: Generation) -> None:
    """All of a generation that is dropped. Can be repeated."""
    for table in (dimension_views, new_pages):
        await _delete(lambda: transaction(engine), table, table.c.generation == generation)


async def expire_beside(
    engine: AsyncEngine, epoch: Epoch, generation: Generation, gone_before: Hour
) -> None:
    """What is of hours before this one, under the job's epoch; what somebody has locked goes later.

    Views are added to the ledger in the transaction in which they go.
    """

    @asynccontextmanager
    async def fenced() -> AsyncIterator[AsyncConnection]:
        async with transaction(engine) as connection:
            await fence(connection, RETENTION, epoch)
            yield connection

    views, pages = dimension_views.c, new_pages.c
    past = and_(views.generation == generation, views.view_hour < gone_before)
    await _delete(fenced, dimension_views, past, ledger_of=generation)
    forgotten = pages.last_hour < gone_before - KNOWN_BEYOND_HOURS
    await _delete(
        fenced, new_pages, and_(pages.generation == generation, forgotten, _is_left_behind())
    )


def _is_left_behind() -> ColumnElement[bool]:
    """Is a page no longer known where the fold is? It may be late, or the clock wrong."""
    of, until = checkpoints.c, (cast(new_pages.c.last_hour, BigInteger) + KNOWN_BEYOND_HOURS)
    return (
        select(of.partition)
        .where(
            of.generation == new_pages.c.generation,
            of.partition == new_pages.c.partition,
            of.recorded_ms >= until * HOUR_MS,
        )
        .exists()
    )


async def _delete(
    opening: Opening,
    table: Table,
    chosen: ColumnElement[bool],
    ledger_of: Generation | None = None,
) -> None:
    """Some rows at a time; each transaction keeps nobody waiting for longer than it rests after."""
    key = tuple_(*table.primary_key.columns)
    some = (
        select(*table.primary_key.columns)
        .where(chosen)
        .limit(_ROWS)
        .with_for_update(skip_locked=True)
    )
    counted: Any = delete(table).where(key.in_(some))
    if ledger_of is not None:
        counted = counted.returning(table.c.views)
    while True:
        started = monotonic()
        async with opening() as connection:
            if ledger_of is not None:
                # Before the rows, as everybody does: for these a flush may wait, for its checkpoint
                # a claim, and that has this row.
                await _hold(connection, ledger_of)
            gone = await connection.execute(counted)
            if ledger_of is None:
                rows = gone.rowcount
            else:
                views = gone.scalars().all()
                rows = len(views)
                await _add_expired(connection, ledger_of, sum(views))
        if rows < _ROWS:
            return
        await asyncio.sleep(_PAUSE_SECONDS + monotonic() - started)


async def _hold(connection: AsyncConnection, generation: Generation) -> None:
    of = generations.c.generation
    await connection.execute(select(of).where(of == generation).with_for_update())


async def _add_expired(connection: AsyncConnection, generation: Generation, views: int) -> None:
    if views:
        expired = generations.c.expired_dimension_views
        await connection.execute(
            update(generations)
            .where(generations.c.generation == generation)
            .values(expired_dimension_views=expired + views)
        )
