"""SQLite: a statement goes no further than somebody waits for it, as PostgreSQL's driver has it."""

import asyncio
from typing import Any

import aiosqlite
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection


async def execute(
    connection: AsyncConnection, statement: Executable, seconds: float
) -> CursorResult[Any]:
    """The statement's result. Raises `TimeoutError` where it takes longer, on SQLite.

    On PostgreSQL the limit is the connection's own.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, aiosqlite.Connection):
        return await connection.execute(statement)
    # In a task of its own: if it were cancelled itself, its connection would be closed, which waits
    # in the driver's thread until the statement is through.
    asked = asyncio.ensure_future(connection.execute(statement))
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(asked)
    except (TimeoutError, asyncio.CancelledError):
        await driver.interrupt()
        await asyncio.wait([asked])
        # It says that it was interrupted, or came too late.
        if not asked.cancelled():
            asked.exception()
        raise
