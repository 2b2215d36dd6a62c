"""The database's errors in our words, its clock, and what it offers under different names.

Advisory locks of PostgreSQL, in the order they are taken by whoever needs more than one; SQLite has
one writer at a time anyway:

1. `STRUCTURE_LOCK`: a table with rows comes or goes; shared by whoever adds all rows up,
2. `MONTHS_LOCK`: a month's table is made,
3. `LEASES_LOCK`: leases of partitions change; alone,
4. the lock of `migrations/upgrade.py`: the tables change; alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    Table,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable

STRUCTURE_LOCK = 0x_F007_0003
MONTHS_LOCK = 0x_F007_0002
LEASES_LOCK = 0x_F007_1EA5

# Twice what LEASE_MS can be.
_LONGEST_LEASE_MS = 1_200_000

# What COPY raises, which goes past SQLAlchemy to the driver.
_OF_COPY = (asyncpg.PostgresError, asyncpg.InterfaceError)


@asynccontextmanager
async def database_errors() -> AsyncIterator[None]:
    """Driver and pool errors as `StoreUnavailable`, with their cause."""
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, TimeoutError, *_OF_COPY) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"the database: {type(cause).__name__}: {cause}") from error


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that is committed at the end, or rolled back on any error."""
    async with database_errors(), engine.begin() as connection:
        yield connection


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection whose statements all see one moment; what is not committed goes at the end."""
    async with database_errors(), engine.connect() as connection:
        if is_postgresql(engine.dialect):
            await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection
        # Temporary tables go with the transaction.
        await connection.rollback()


async def pause_at_most(connection: AsyncConnection, milliseconds: str) -> None:
    """Whoever stops for longer inside this transaction loses it, and others get its locks.

    SQLite has no such limit.
    """
    if is_postgresql(connection.dialect):
        await connection.exec_driver_sql(
            f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
        )


async def alone(connection: AsyncConnection, lock: int) -> None:
    """Nobody else has `lock` until the transaction ends, as SQLite has it anyway."""
    if is_postgresql(connection.dialect):
        await connection.execute(select(func.pg_advisory_xact_lock(lock)))


def insert_into(engine: AsyncEngine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if is_postgresql(engine.dialect) else sqlite.insert(table)


def is_postgresql(dialect: Dialect) -> bool:
    """PostgreSQL, or else SQLite."""
    return dialect.name == "postgresql"


def over(expires_ms: Column[int], now_ms: ColumnElement[int]) -> ColumnElement[bool]:
    """Is a lease over? Or was it written while the clock was ahead: none is that long."""
    return or_(expires_ms < now_ms, expires_ms > now_ms + _LONGEST_LEASE_MS)


def clock_ms(dialect: Dialect) -> ColumnElement[int]:
    """The database's clock, milliseconds since 1970."""
    if is_postgresql(dialect):
        seconds = func.extract("epoch", func.clock_timestamp())
        return cast(seconds * 1000, BigInteger)
    return literal_column(
        "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", BigInteger()
    )
