"""The partitions of the embedded log: what streams are to the broker."""

import asyncio
from contextlib import closing
from pathlib import Path

from log.sqlite.file import connect, file_errors

_DECLARE = "INSERT INTO log_ends (partition, next_offset) VALUES (?, 0) ON CONFLICT DO NOTHING"


async def declare_partitions(path: Path, partitions: int) -> None:
    """Create the partitions that are missing in the log file. Raises `LogUnavailable`."""
    with file_errors(path):
        await asyncio.to_thread(_declare, path, partitions)


def _declare(path: Path, partitions: int) -> None:
    with closing(connect(path, "rw")) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_DECLARE, [(partition,) for partition in range(partitions)])
