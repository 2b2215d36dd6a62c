"""The partitions of the embedded log: what streams are to the broker."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from domain.errors import LogUnavailable

BUSY_TIMEOUT_SECONDS = 30
_DECLARE = "INSERT INTO log_ends (partition, next_offset) VALUES (?, 0) ON CONFLICT DO NOTHING"


async def declare_partitions(path: Path, partitions: int) -> None:
    """Create the partitions that are missing in the log file. Raises `LogUnavailable`."""
    try:
        await asyncio.to_thread(_declare, path, partitions)
    except sqlite3.Error as error:
        raise LogUnavailable(f"the log file {path}: {error}") from error


def _declare(path: Path, partitions: int) -> None:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    opened = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS)
    with closing(opened) as connection, connection:
        connection.executemany(_DECLARE, [(partition,) for partition in range(partitions)])
