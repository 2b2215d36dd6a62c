"""A change of the tables waits for its turn: one at a time, and not in the way of who uses them."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable

LOCK = 0x_F007_FA11
WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
# Below the server's deadlock_timeout of a second: it is the migration that gives way, and who uses
# the tables is held up no longer than this at a time.
_LOCK_MS = 500
_SQLITE_BUSY = 5  # SQLite: result codes

# Each schema has a lock of its own; in `public` it is the number that it ever was.
_KEY = """
    CASE current_schema() WHEN 'public' THEN :lock
    ELSE hashtextextended(current_schema()::text, :lock) END
"""

Say = Callable[[str], None]
T = TypeVar("T")

_HOLDERS = """
    SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), 'no name') AS name,
           extract(epoch FROM clock_timestamp() - a.xact_start)::int AS seconds
    FROM pg_locks AS l
    JOIN pg_stat_activity AS a USING (pid)
    JOIN pg_class AS c ON c.oid = l.relation
    WHERE l.granted AND a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.xact_start IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'i', 'I')
      AND c.relnamespace = (
          SELECT relnamespace FROM pg_class WHERE oid = to_regclass('generations')
      )
    ORDER BY seconds DESC
"""


async def in_turn(
    engine: AsyncEngine,
    change: Callable[[Connection], T],
    say: Say,
    wait_seconds: float = WAIT_SECONDS,
) -> T:
    """What `change` returns, done in one transaction: wholly or not at all.

    Raises `StoreUnavailable` where others use the tables all the time.
    """
    deadline = monotonic() + wait_seconds
    while True:
        try:
            async with engine.begin() as connection:
                await _prepare(connection, say)
                return await connection.run_sync(change)
        except DBAPIError as error:
            if not _in_use(error):
                raise
            # SQLite has waited already.
            if monotonic() > deadline or engine.dialect.name == "sqlite":
                raise StoreUnavailable(await _explained(engine, wait_seconds)) from error
        await asyncio.sleep(_PAUSE_SECONDS)


async def _prepare(connection: AsyncConnection, say: Say) -> None:
    if connection.dialect.name != "postgresql":
        return
    # Two roles that start together must not both create the tables.
    asked = text(f"SELECT pg_try_advisory_xact_lock({_KEY})")
    # Without a schema there is no key, and nothing to wait for.
    if (await connection.execute(asked, {"lock": LOCK})).scalar_one() is False:
        say("another footfall migrates this database: waiting for it")
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_KEY})"), {"lock": LOCK})
    for setting in (
        f"lock_timeout = {_LOCK_MS}",
        "statement_timeout = 0",
        "maintenance_work_mem = '256MB'",
    ):
        await connection.execute(text(f"SET LOCAL {setting}"))


def _in_use(error: DBAPIError) -> bool:
    # A lock that was not given in time, a deadlock; a file that others write to.
    locked = getattr(error.orig, "sqlstate", "") in ("55P03", "40P01")
    return locked or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == _SQLITE_BUSY


async def _explained(engine: AsyncEngine, wait_seconds: float) -> str:
    holders = "other processes"
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            found = (await connection.execute(text(_HOLDERS))).all()
        listed = [f"pid {row.pid} ({row.name}, for {row.seconds} s)" for row in found]
        holders = ", ".join(listed[:5]) or holders
    return (
        f"the tables are in use by {holders}: stop what runs on the database, and run footfall "
        f"migrate again (it waited {wait_seconds:g} s and changed nothing)"
    )
