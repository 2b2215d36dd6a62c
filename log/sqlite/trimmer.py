"""The beginning of the embedded log goes when it is old enough and nobody needs it."""

import asyncio
import sqlite3
from bisect import bisect_left
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from domain import wire
from domain.errors import Undecodable, UnknownFormat
from domain.events import Offset, Partition
from domain.ports.log import LogTrimmer
from log.sqlite.file import connect, file_errors

_CHUNK_ENTRIES = 200
_CHUNK_PAGES = 500
# Fewer free pages than that are left for the entries to come.
_SPARE_PAGES = 256
_PAUSE_SECONDS = 0.02
# Later than anything was recorded.
_NEVER = 2**62

_FIRST = "SELECT min(log_offset) FROM log_entries WHERE partition = ?"
_BODIES = """
    SELECT log_offset, CAST(body AS BLOB) FROM log_entries
    WHERE partition = ? AND log_offset >= ? AND log_offset < ? ORDER BY log_offset
"""
_DELETE = "DELETE FROM log_entries WHERE partition = ? AND log_offset < ?"

T = TypeVar("T")


class SqliteLogTrimmer(LogTrimmer):
    """Deletes in short transactions, each in a thread, with a pause for the writer between.

    The last entry that is old enough stays: when it was recorded tells a rebuild that all that
    was recorded later is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def excess(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        first, end = await self._run(lambda log: _excess(log, partition, cut_ms, limit))
        return end - first

    async def trim(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        first, end = await self._run(lambda log: _excess(log, partition, cut_ms, limit))
        reached = first
        while reached < end:
            start, stop = reached, min(reached + _CHUNK_ENTRIES, end)
            reached = await self._run(
                lambda log, start=start, stop=stop: _delete(log, partition, cut_ms, start, stop)  # type: ignore[misc]
            )
            if reached < stop:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        while reached > first and await self._run(_shrink):
            await asyncio.sleep(_PAUSE_SECONDS)
        return reached - first

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._connected, work)

    def _connected(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with file_errors(self._path), closing(connect(self._path, "rw")) as log:
            return work(log)


def _excess(log: sqlite3.Connection, partition: int, cut_ms: int, limit: Offset) -> tuple[int, int]:
    """The offsets that may go: from the first up to the last old entry below `limit`."""
    (first,) = log.execute(_FIRST, (partition,)).fetchone()
    if first is None or first >= limit:
        return 0, 0

    def recorded(offset: int) -> int:
        for _, body in log.execute(_BODIES, (partition, offset, limit)):
            if (found := _recorded_ms(body)) is not None:
                return found
        return _NEVER

    # Appends follow each other in time but for clocks that differ, for which there is slack.
    end = first + bisect_left(range(first, limit), cut_ms, key=recorded)
    return first, max(first, _last_readable(log, partition, first, end))


def _last_readable(log: sqlite3.Connection, partition: int, first: int, end: int) -> int:
    while end > first:
        end -= 1
        ((_, body),) = log.execute(_BODIES, (partition, end, end + 1)).fetchall()
        if _recorded_ms(body) is not None:
            break
    return end


def _delete(log: sqlite3.Connection, partition: int, cut_ms: int, start: int, end: int) -> int:
    """Up to `end`, or to an entry that is too young: one clock may have been far behind."""
    for offset, body in log.execute(_BODIES, (partition, start, end)).fetchall():
        if (_recorded_ms(body) or 0) >= cut_ms:
            end = offset
            break
    # One statement, one transaction.
    log.execute(_DELETE, (partition, end))
    return end


def _shrink(log: sqlite3.Connection) -> bool:
    """Give some free pages back to the file system; False when there is no more to give."""
    (free,) = log.execute("PRAGMA freelist_count").fetchone()
    (pages,) = log.execute("PRAGMA page_count").fetchone()
    if free > _SPARE_PAGES:
        # As a script: executed as a statement it would free one page and stop.
        log.executescript(f"PRAGMA incremental_vacuum({_CHUNK_PAGES})")
    log.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    # A file of an older version can only use its space again.
    return bool(log.execute("PRAGMA page_count").fetchone()[0] < pages)


def _recorded_ms(body: bytes) -> int | None:
    """None for what is no batch; never for one that only a newer Footfall can read."""
    try:
        return wire.recorded_ms(body)
    except Undecodable:
        return None
    except UnknownFormat:
        return _NEVER
