"""One way to open the rows, whichever database the URL names."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.database_files import file_of
from domain.database_urls import DRIVER, parse_url
from domain.errors import FootfallError, StoreUnavailable
from domain.version import VERSION
from rows.connecting import Connector
from rows.postgresql.session import ISOLATION, NO_LIMITS, adapt
from rows.reasons import CANNOT, reason
from rows.sqlite.private import make_file, make_folder

BUSY_TIMEOUT_SECONDS = 30
_RETRY_SECONDS = 0.01
# Shorter than a lease, or those who wait for the lock would lose their own meanwhile.
PAUSE_MS = "5000"
# Those of a pool close one after the other.
DISPOSE_SECONDS = 3.0
RECYCLE_SECONDS = 300
# What a connection is told that only reads, on an engine that also writes.
ONLY_READS = "footfall_only_reads"


def open_engine(
    url: str,
    *,
    pool_size: int = 10,
    read_only: bool = False,
    patient: bool = False,
    application_name: str = f"footfall {VERSION}",
) -> AsyncEngine:
    """An engine for `url`; nothing connects yet.

    `read_only` engines run each statement by itself, which saves the round trips of a transaction.
    A statement may take a minute and a transaction may pause for some seconds; with `patient` a
    statement takes as long as it takes, and a transaction may pause for a minute (ten minutes where
    it is read-only). PostgreSQL shows the connections under `application_name`, unless the URL has
    one.
    """
    # It tells of lost connections with tracebacks; what is raised says the same.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    if file := file_of(url):
        return _open_sqlite(file, read_only=read_only)
    connector = Connector(
        parse_url("the database's URL", url),
        _session(read_only, patient),
        application_name,
        patient=patient,
    )
    engine = create_async_engine(
        DRIVER,
        async_creator=connector.connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        # A name that leads to another server by now is asked again.
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,
        # Not what is set for the role: whoever waits for a lock must see what was done under it.
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
    )
    adapt(engine)
    _set_in_transactions(engine)
    _translate(engine)
    return engine


@asynccontextmanager
async def engine_at(
    url: str, *, read_only: bool = False, patient: bool = False
) -> AsyncIterator[AsyncEngine]:
    """An engine for `url`, disposed of at the end."""
    engine = open_engine(url, read_only=read_only, patient=patient)
    try:
        yield engine
    finally:
        await dispose(engine)


async def dispose(engine: AsyncEngine) -> None:
    """Close every connection; what does not close within some seconds is left to the system."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DISPOSE_SECONDS):
            await engine.dispose()


def _session(read_only: bool, patient: bool) -> dict[str, str]:
    """Settings of PostgreSQL for each session, or for each transaction through a pooler."""
    # A DBA's limit on how long a report may take stands.
    limits = read_only and not patient
    return {
        "jit": "off",
        **ISOLATION,
        **({} if limits else NO_LIMITS),
        # What a process that froze or vanished has locked is free again after this.
        "idle_in_transaction_session_timeout": _pause(read_only, patient),
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }


def _pause(read_only: bool, patient: bool) -> str:
    if not patient:
        return PAUSE_MS
    # A snapshot locks nobody's rows, and the log is read meanwhile.
    return "600000" if read_only else "60000"


def _set_in_transactions(engine: AsyncEngine) -> None:
    """Through a pooler a transaction brings its settings along; so reads need one too."""

    @event.listens_for(engine.sync_engine, "checkout")
    def checkout(connection: Any, _: object, __: object) -> None:
        if connection.driver_connection.settings_in_transactions and connection.autocommit:
            engine.dialect.set_isolation_level(connection, "READ COMMITTED")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        settings = connection.connection.driver_connection.settings_in_transactions
        if settings:
            calls = ", ".join(
                f"set_config({_literal(name)}, {_literal(value)}, true)"
                for name, value in settings.items()
            )
            connection.exec_driver_sql(f"SELECT {calls}")


def _literal(text: str) -> str:
    doubled = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{doubled}'"


def _translate(engine: AsyncEngine) -> None:
    """What is none of the database's errors, such as what the driver makes of garbage."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def handle(context: ExceptionContext) -> None:
        error = context.original_exception
        if context.sqlalchemy_exception is None and isinstance(error, Exception):
            # Only this one: a statement that took too long says nothing of the others.
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = False
            if not isinstance(error, (FootfallError, TimeoutError)):
                raise StoreUnavailable(f"the database: {reason(error)}", told=CANNOT) from error


def _open_sqlite(file: Path, *, read_only: bool) -> AsyncEngine:
    # Absolute: SQLite would read a name that begins with file: as a URL.
    path = file.absolute()
    try:
        make_folder(path.parent)
    except OSError as error:
        message = f"no folder for the files: {error}"
        raise StoreUnavailable(message, told="no folder for the files") from error
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def make(*_: object) -> None:
        # Here, and not before: an engine that never connects leaves nothing behind.
        with suppress(OSError):
            # SQLite says it in its own words, which are translated.
            make_file(path)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.run_async(_prepare_sqlite)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that turns into a writer fails at once when another writer is
        # active; an immediate one waits for its turn.
        reads = read_only or connection.get_execution_options().get(ONLY_READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

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
