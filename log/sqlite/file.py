"""The file of the embedded log: opened one way, and its errors in our words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from domain.errors import LogUnavailable

BUSY_TIMEOUT_SECONDS = 30

# What somebody must do, by the primary code of SQLite's error. The others pass, or nobody knows.
_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_READONLY: "let this process write it and its folder",
    sqlite3.SQLITE_PERM: "let this process write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "see that it and its folder are there and may be written",
    sqlite3.SQLITE_IOERR: "look at its disk, and at the room on it",
    sqlite3.SQLITE_CORRUPT: "stop, and bring back a copy of it",
    sqlite3.SQLITE_NOTADB: "stop, and bring back a copy of it",
    sqlite3.SQLITE_ERROR: "run footfall migrate",
}
# A transaction is committed by the last page that is written; what is synced may have been.
_NOT_WRITTEN = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)


def connect(
    path: Path, mode: Literal["ro", "rw"], *, timeout_seconds: float = BUSY_TIMEOUT_SECONDS
) -> sqlite3.Connection:
    """Without transactions of its own; a file that is missing stays missing."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout_seconds, isolation_level=None)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there, None: there is none. Another may have taken its place."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as `LogUnavailable`, with their cause."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(path, error) from error


def translated(path: Path, error: sqlite3.Error, *, committing: bool = False) -> LogUnavailable:
    """The error in our words, and whether the log took nothing of what was written.

    One that came while `committing` may have come after the disk had everything, but for those
    that say it did not take it.
    """
    # Errors of the module itself, such as one of a closed connection, have no code.
    exact = getattr(error, "sqlite_errorcode", -1)
    code = exact & 0xFF
    message = f"the log file {path}: {error}"
    if remedy := _REMEDIES.get(code):
        message = f"{message}: {remedy}"
        nothing = not committing or exact in _NOT_WRITTEN
        return LogUnavailable(message, told=f"the log file: {remedy}", took_nothing=nothing)
    return LogUnavailable(message, told="the log file cannot be used now")
