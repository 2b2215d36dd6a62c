"""The database's errors in our words, its clock, and what it offers under different names.

Advisory locks of PostgreSQL, each schema has its own, in the order they are taken by whoever needs
more than one; SQLite has one writer at a time anyway:

1. `STRUCTURE_LOCK`: a table with rows comes or goes; shared by whoever adds all rows up,
2. `MONTHS_LOCK`: a month's table is made,
3. `LEASES_LOCK`: leases of partitions change; alone,
4. the lock of `migrations/turn.py`: the tables change; alone.
"""

import asyncio
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
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreReadOnly, StoreUnavailable, Unstorable
from rows.connecting import Connection, driver_errors
from rows.engine import ONLY_READS
from rows.reasons import CANNOT, reason
from rows.refusals import OF_VALUES, READ_ONLY, kind_of

STRUCTURE_LOCK = 0x_F007_0003
MONTHS_LOCK = 0x_F007_0002
LEASES_LOCK = 0x_F007_1EA5

# Twice what LEASE_MS can be.
_LONGEST_LEASE_MS = 1_200_000

# Where the rows are: the schema in which `search_path` finds them, or else the one in which they
# would be made.
_HOME = """
    coalesce(
        (SELECT nspname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE pg_class.oid = to_regclass('generations')),
        current_schema()::text
    )
"""

NOT_ALLOWED = "42501"
# Undone by the database: serialization, deadlock, a lock or a statement that took too long.
_CONFLICTS = ("40001", "40P01", "55P03", "57014")
_HINTS = {
    READ_ONLY: ". The server takes no writes: it is a replica, a former primary, or set to be "
    "read-only (default_transaction_read_only). It is connected to anew each time; DATABASE_URL "
    "must lead to the primary",
    NOT_ALLOWED: ". docs/postgresql.md has the grants that a role needs; footfall check says which "
    "are missing",
}

_NO_WRITE = text("UPDATE generations SET state = state WHERE false")

# What COPY raises, which goes past SQLAlchemy to the driver.
_OF_COPY = (asyncpg.PostgresError, asyncpg.InterfaceError)


@asynccontextmanager
async def database_errors() -> AsyncIterator[None]:
    """Driver and pool errors as `StoreUnavailable`, of the kind they are, with their cause."""
    try:
        yield
    except PoolTimeout as error:
        message = "the database: every connection of this process is busy"
        raise StoreUnavailable(message) from error
    except (DBAPIError, OSError, TimeoutError, *OF_VALUES, *_OF_COPY) as error:
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None)
        hint = _HINTS.get(state or "", "")
        found = unavailable(cause, hint)
        found.conflict = state in _CONFLICTS
        raise found from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Nobody asked for it: the driver lets go so of what was under way on a lost connection.
        raise StoreUnavailable("the database: a connection was lost") from error


def unavailable(cause: BaseException, hint: str = "") -> StoreUnavailable:
    """What a driver raised, in our words; its own are behind them."""
    kind = kind_of(cause)
    if kind in (StoreUnavailable, StoreReadOnly):
        message = CANNOT
    elif kind is Unstorable:
        message = "the database cannot hold what it was given"
    else:
        message = "the database refuses the statement: footfall check says what is missing"
    # The hint is ours.
    return kind(f"the database: {reason(cause)}{hint}", told=message + hint)


def state_of(error: StoreUnavailable) -> str | None:
    """The SQLSTATE that PostgreSQL gave, if it was that."""
    cause = error.__cause__
    return getattr(getattr(cause, "orig", None) or cause, "sqlstate", None)


async def try_to_write(engine: AsyncEngine) -> None:
    """Write nothing at all: raises what a write would. SQLite is not asked, where writers queue."""
    if is_postgresql(engine.dialect):
        async with transaction(engine) as connection:
            await connection.execute(_NO_WRITE)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that is committed at the end, or rolled back on any error."""
    async with database_errors(), engine.begin() as connection:
        yield connection


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that only reads, of an engine that also writes.

    In SQLite it does not queue with those who write. Who waits there is not served in turn, and a
    projector that waited for each of its questions would lose its leases meanwhile.
    """
    async with database_errors(), engine.connect() as connection:
        await connection.execution_options(**{ONLY_READS: True})
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


async def outside_transaction(
    connection: AsyncConnection, statement: str, patience_seconds: int | None = None
) -> None:
    """A statement of PostgreSQL that cannot run inside a transaction.

    It waits so long for each of its locks; through a pooler, where nothing can be set for it, it
    takes no longer as a whole.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection)
    async with driver_errors():
        if driver.settings_in_transactions:
            await driver.execute(statement, timeout=patience_seconds)
            return
        await driver.execute(f"SET lock_timeout = '{patience_seconds or 0}s'")
        try:
            await driver.execute(statement)
        finally:
            await driver.execute("RESET lock_timeout")


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
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({lock_key(lock)})"))


def lock_key(lock: int) -> str:
    """The key of an advisory lock, in SQL: each schema of a PostgreSQL database has its own.

    In `public` it is the number itself, as it ever was: processes of an older release may run
    beside.
    """
    return (
        f"(SELECT CASE home WHEN 'public' THEN {lock} ELSE hashtextextended(home, {lock}) END "
        f"FROM (SELECT {_HOME} AS home) AS found)"
    )


def insert_into(
    engine: AsyncEngine | AsyncConnection, table: Table
) -> postgresql.Insert | sqlite.Insert:
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
        return cast(seconds * literal_column("1000"), BigInteger)
    return literal_column(
        "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", BigInteger()
    )
