"""One way to open the rows, whichever database the URL names."""

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_TIMEOUT_SECONDS = 30


def open_engine(url: str, *, pool_size: int = 10, read_only: bool = False) -> AsyncEngine:
    """An engine for `url`; nothing connects yet.

    `read_only` engines run each statement by itself, which saves the round trips of a transaction.
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
            "command_timeout": 60,
            "server_settings": {"application_name": "footfall", "jit": "off"},
        },
        **isolation,
    )


def _open_sqlite(url: str, *, read_only: bool) -> AsyncEngine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # NORMAL is enough for rows: losing the last commits to a power cut loses rows and
        # checkpoint together, and the log, which syncs on every commit, brings both back.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that turns into a writer fails at once when another writer is
        # active; an immediate one waits for its turn.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
