"""The database's errors in our words, and its clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import BigInteger, ColumnElement, Dialect, cast, func, literal_column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable

# What COPY raises, which goes past SQLAlchemy to the driver.
_OF_COPY = (asyncpg.PostgresError, asyncpg.InterfaceError)


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Driver and pool errors as `StoreUnavailable`, with their cause."""
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, TimeoutError, *_OF_COPY) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"the database: {type(cause).__name__}: {cause}") from error


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that is committed at the end, or rolled back on any error."""
    async with translated(), engine.begin() as connection:
        yield connection


def now_ms(dialect: Dialect) -> ColumnElement[int]:
    """The database's clock, milliseconds since 1970."""
    if dialect.name == "postgresql":
        seconds = func.extract("epoch", func.clock_timestamp())
        return cast(seconds * 1000, BigInteger)
    return literal_column(
        "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", BigInteger()
    )
