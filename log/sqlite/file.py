"""The file of the embedded log: opened one way, and its errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from domain.errors import LogUnavailable

BUSY_TIMEOUT_SECONDS = 30


def connect(
    path: Path, mode: Literal["ro", "rw"], *, timeout_seconds: float = BUSY_TIMEOUT_SECONDS
) -> sqlite3.Connection:
    """Without transactions of its own; a file that is missing stays missing."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout_seconds, isolation_level=None)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as `LogUnavailable`, with their cause."""
    try:
        yield
    except sqlite3.Error as error:
        raise LogUnavailable(f"the log file {path}: {error}") from error
