"""The partitions of the embedded log: what streams are to the broker."""

import asyncio
from contextlib import closing
from pathlib import Path

from domain.errors import NotDeclared
from domain.partitioning import PartitionKind
from log.sqlite.file import connect, file_errors

_DECLARE = "INSERT INTO log_ends (partition, next_offset) VALUES (?, 0) ON CONFLICT DO NOTHING"

_DECLARED = "SELECT count(*) FROM log_ends WHERE partition < ? AND kind = ?"


async def require_partitions(path: Path, partitions: int) -> None:
    """Raises `NotDeclared` where the log file has fewer, `LogUnavailable` where nobody can tell."""
    with file_errors(path):
        declared = await asyncio.to_thread(_declared, path, partitions)
    if declared < partitions:
        message = (
            f"NUM_PARTITIONS is {partitions}, the log file has {declared} of them: "
            "run footfall migrate"
        )
        raise NotDeclared(message)


def _declared(path: Path, partitions: int) -> int:
    with closing(connect(path, "ro")) as connection:
        (found,) = connection.execute(_DECLARED, (partitions, PartitionKind.PAGES)).fetchone()
    return int(found)


async def declare_partitions(path: Path, partitions: int) -> None:
    """Create the partitions that are missing in the log file. Raises `LogUnavailable`."""
    with file_errors(path):
        await asyncio.to_thread(_declare, path, partitions)


def _declare(path: Path, partitions: int) -> None:
    with closing(connect(path, "rw")) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_DECLARE, [(partition,) for partition in range(partitions)])
