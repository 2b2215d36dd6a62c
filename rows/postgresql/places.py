"""Where the table of a month hangs: put into its generation's, and taken out again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Generation
from rows.database import STRUCTURE_LOCK, database_errors, lock_key, outside_transaction
from rows.postgresql.months import (
    FIRST_MONTH,
    LAST_MONTH,
    Month,
    month_end,
    month_name,
    parent_name,
)
from rows.postgresql.schema import placement, schema_of

_RETRY_SECONDS = 0.1
_DETACH_TRIES = 20


async def attach(connection: AsyncConnection, generation: Generation, month: Month) -> None:
    """Put a month into the table of its generation."""
    lower = "MINVALUE" if month < FIRST_MONTH else f"'{_start(month)}'"
    upper = "MAXVALUE" if month >= LAST_MONTH else f"'{month_end(month).isoformat()}'"
    bounds = f"FROM ({lower}) TO ({upper})"
    schema = await schema_of(connection)
    parent = f"{schema}.{parent_name(generation)}"
    name = f"{schema}.{month_name(generation, month)}"
    await connection.exec_driver_sql(
        f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES {bounds}"
    )


async def detach(
    engine: AsyncEngine, parent: str, name: str, patience_seconds: int | None = None
) -> None:
    """Take a partition out of its table, waiting for its readers but not in their way.

    Repeatable: what an earlier try left half done is finished; a loose table is left as it is.
    Whoever still reads after `patience_seconds` ends the try.
    """
    async with database_errors(), engine.connect() as connection:
        found = await placement(connection, name)
        schema = await schema_of(connection)
        await connection.rollback()
        if found not in ("attached", "pending"):
            return
        how = "FINALIZE" if found == "pending" else "CONCURRENTLY"
        statement = f"ALTER TABLE {schema}.{parent} DETACH PARTITION {schema}.{name} {how}"
        await outside_transaction(connection, statement, patience_seconds)


async def detach_by_any(engine: AsyncEngine, parent: str, name: str) -> None:
    """The same where others may be at it too: whoever is quicker, it is done when this returns."""
    for left in reversed(range(_DETACH_TRIES)):
        try:
            await detach(engine, parent, name)
        except StoreUnavailable:
            async with database_errors(), engine.connect() as connection:
                if await placement(connection, name) not in ("attached", "pending"):
                    return
            if not left:
                raise
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


@asynccontextmanager
async def structure_held(engine: AsyncEngine) -> AsyncIterator[None]:
    """Nobody adds rows up, and no other changes tables with rows, meanwhile."""
    key = lock_key(STRUCTURE_LOCK)
    async with database_errors(), engine.connect() as connection:
        # Between its statements such a transaction has no snapshot, for which the last step of a
        # detachment would wait. Nor is a session's lock held: proxies lend sessions to others.
        await connection.execution_options(isolation_level="READ COMMITTED")
        # Tried again instead of waited for: a statement that waits keeps its snapshot.
        while not await _flag(connection, f"SELECT pg_try_advisory_xact_lock({key})"):
            await connection.rollback()
            await asyncio.sleep(_RETRY_SECONDS)
        await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
        await connection.rollback()


def _start(month: Month) -> str:
    return datetime(month[0], month[1], 1, tzinfo=UTC).isoformat()


async def _flag(connection: AsyncConnection, statement: str) -> bool:
    return bool((await connection.execute(text(statement))).scalar_one())
