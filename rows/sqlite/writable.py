"""Can the file of the rows be written? Only a write tells: a full disk still answers reports."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from domain.errors import StoreUnavailable

# Whoever holds the file longer is writing.
_BUSY_SECONDS = 0.1
_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_READONLY: "let this process write it and its folder",
    sqlite3.SQLITE_IOERR: "look at its disk, and at the room on it",
    sqlite3.SQLITE_CORRUPT: "stop, and bring back a copy of it, or delete it and footfall replay",
    sqlite3.SQLITE_NOTADB: "stop, and bring back a copy of it, or delete it and footfall replay",
}


async def require_writable(path: Path) -> None:
    """Raises `StoreUnavailable` when nothing can be folded into the file at `path`.

    It does not wait for one that is writing: that one can.
    """
    await asyncio.to_thread(_try, path)


def _try(path: Path) -> None:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE clock SET id = id")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", -1) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return
        remedy = f": {_REMEDIES[code]}" if code in _REMEDIES else ""
        message = f"the rows cannot be written, {path}: {error}{remedy}"
        raise StoreUnavailable(message, told=f"the rows cannot be written{remedy}") from error
