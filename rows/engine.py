"""One way to open the rows, whichever database the URL names."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import StoreUnavailable
from domain.version import VERSION

BUSY_TIMEOUT_SECONDS = 30
_RETRY_SECONDS = 0.01
# Shorter than a lease, or those who wait for the lock would lose their own meanwhile.
PAUSE_MS = "5000"


def open_engine(
    url: str,
    *,
    pool_size: int = 10,
    read_only: bool = False,
    patient: bool = False,
    name: str = f"footfall {VERSION}",
) -> AsyncEngine:
    """An engine for `url`; nothing connects yet.

    `read_only` engines run each statement by itself, which saves the round trips of a transaction.
    A statement may take a minute and a transaction may pause for some seconds; with `patient` a
    statement takes as long as it takes, and a transaction may pause for a minute (ten minutes where
    it is read-only). `name` is how PostgreSQL shows the connections.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url, read_only=read_only)
    isolation = {"isolation_level": "AUTOCOMMIT"} if read_only else {}
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,
        connect_args={
            "timeout": 5,
            "command_timeout": None if patient else 60,
            "server_settings": {
                "application_name": name,
                "jit": "off",
                # What a process that froze or vanished has locked is free again after this.
                "idle_in_transaction_session_timeout": _pause(read_only, patient),
                "tcp_keepalives_idle": "30",
                "tcp_keepalives_interval": "10",
                "tcp_keepalives_count": "3",
            },
        },
        **isolation,
    )


@asynccontextmanager
async def engine_at(url: str, *, read_only: bool = False) -> AsyncIterator[AsyncEngine]:
    """An engine for `url`, disposed of at the end."""
    engine = open_engine(url, read_only=read_only)
    try:
        yield engine
    finally:
        await engine.dispose()


def _pause(read_only: bool, patient: bool) -> str:
    if not patient:
        return PAUSE_MS
    # A snapshot locks nobody's rows, and the log is read meanwhile.
    return "600000" if read_only else "60000"


def _open_sqlite(url: str, *, read_only: bool) -> AsyncEngine:
    path = make_url(url).database
    if path:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"no folder for the files: {error}") from error
    engine = create_async_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.run_async(_prepare_sqlite)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that turns into a writer fails at once when another writer is
        # active; an immediate one waits for its turn.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


async def _prepare_sqlite(connection: aiosqlite.Connection) -> None:
    await _use_wal(connection)
    # NORMAL is enough for rows: losing the last commits to a power cut loses rows and
    # checkpoint together, and the log, which syncs on every commit, brings both back.
    await connection.execute_fetchall("PRAGMA synchronous=NORMAL")


async def _use_wal(connection: aiosqlite.Connection) -> None:
    # A new file is turned over under a read lock, where SQLite does not wait for others but fails
    # at once. Once one has done it, nobody needs a lock for it any more.
    deadline = monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            if await _is_new(connection):
                # Only before the first table, and in this order: WAL mode writes the file's header.
                await connection.execute_fetchall("PRAGMA auto_vacuum=INCREMENTAL")
            await connection.execute_fetchall("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_SECONDS)


async def _is_new(connection: aiosqlite.Connection) -> bool:
    # Asked first: setting it again would wait for its turn to write at each connection.
    ((pages,),) = await connection.execute_fetchall("PRAGMA page_count")
    return not pages
