"""The embedded log's read side: one poll of all ends wakes every waiting subscription."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from domain import wire
from domain.checkpoint import Bounds
from domain.errors import HistoryTruncated, LogWentBackward, Undecodable, UnknownFormat
from domain.events import Entry, Offset, Partition
from domain.ports.log import LogReader, Subscription
from log.sqlite.file import connect, file_errors, identity

POLL_SECONDS = 0.05
# Readers wait for nobody but one who opens the file.
_BUSY_SECONDS = 5
# SQLite keeps what it is given: a body that somebody wrote as text comes back as bytes.
_TAKE = """
    SELECT log_offset, CAST(body AS BLOB) FROM log_entries
    WHERE partition = ? AND log_offset >= ? ORDER BY log_offset LIMIT ?
"""
_ENDS = "SELECT partition, next_offset FROM log_ends WHERE kind = ?"
_FIRST = "SELECT min(log_offset) FROM log_entries WHERE partition = ?"


class SqliteLogReader(LogReader):
    """Reads the log file; ends are polled every 50 ms, by whoever waits first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-reader")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._ends: dict[int, int] = {}
        self._polling: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        bounds = await self.bounds(partition)
        if offset > bounds.end:
            raise LogWentBackward(_shorter(partition, bounds.end, offset))
        if offset < bounds.first:
            message = (
                f"partition {partition}: the log begins at offset {bounds.first}, offsets from "
                f"{offset} on were deleted before they were folded"
            )
            raise HistoryTruncated(message)
        yield _SqliteSubscription(self, partition, offset)

    async def bounds(self, partition: Partition) -> Bounds:
        end = dict(await self.run(_ENDS, self.kind)).get(partition, 0)
        first = (await self.run(_FIRST, partition))[0][0]
        return Bounds(Offset(end if first is None else first), Offset(end))

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        found = await self.run(_TAKE, partition, offset, 1)
        return Entry(Offset(found[0][0]), found[0][1]) if found else None

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        bounds = await self.bounds(partition)
        low, high = bounds.first, bounds.end
        while low < high:
            middle = Offset((low + high) // 2)
            found = await self._recorded(partition, middle, high)
            if found is None or found[1] >= recorded_ms:
                high = middle
            else:
                low = Offset(found[0] + 1)
        return low

    async def _recorded(
        self, partition: Partition, offset: Offset, end: Offset
    ) -> tuple[Offset, int] | None:
        """Where the first batch from `offset` up to `end` stands, and when it was recorded."""
        while offset < end and (entry := await self.entry_at(partition, offset)) is not None:
            with suppress(Undecodable, UnknownFormat):
                return (entry.offset, wire.recorded_ms(entry.body)) if entry.offset < end else None
            offset = Offset(entry.offset + 1)
        return None

    async def ping(self) -> None:
        await self.run("SELECT count(*) FROM log_ends")

    async def close(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def run(self, statement: str, *values: int | str) -> list[Any]:
        """All rows of a query. Raises `LogUnavailable`."""
        loop = asyncio.get_running_loop()
        with file_errors(self._path):
            return await loop.run_in_executor(self._thread, self._fetch, statement, values)

    async def grown(self, partition: Partition, offset: Offset) -> None:
        """Return once the partition reaches beyond `offset`.

        Raises `LogWentBackward` where it ends before.
        """
        polls = 0
        while self._ends.get(partition, 0) <= offset:
            # The first may have been under way before anybody asked for this offset.
            if polls > 1 and self._ends.get(partition, 0) < offset:
                raise LogWentBackward(_shorter(partition, self._ends.get(partition, 0), offset))
            polls += 1
            if self._polling is None or self._polling.done():
                self._polling = asyncio.create_task(self._poll())
            await asyncio.shield(self._polling)

    async def _poll(self) -> None:
        await asyncio.sleep(POLL_SECONDS)
        self._ends = dict(await self.run(_ENDS, self.kind))

    def _fetch(self, statement: str, values: tuple[int | str, ...]) -> list[Any]:
        # A file that took its place is another log, and this one grows no more.
        if self._connection is not None and identity(self._path) != self._file:
            self._disconnect()
        if self._connection is None:
            self._connection = connect(self._path, "ro", timeout_seconds=_BUSY_SECONDS)
            self._file = identity(self._path)
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _shorter(partition: Partition, end: int, offset: Offset) -> str:
    return (
        f"partition {partition}: the log ends at offset {end}, the checkpoint is "
        f"{offset}: the log file was replaced or lost its tail"
    )


class _SqliteSubscription(Subscription):
    def __init__(self, reader: SqliteLogReader, partition: Partition, offset: Offset) -> None:
        self._reader = reader
        self._partition = partition
        self._next = offset

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._reader.grown(self._partition, self._next)
        except TimeoutError:
            return []
        found = await self._reader.run(_TAKE, self._partition, self._next, limit)
        entries = [Entry(Offset(offset), body) for offset, body in found]
        if entries:
            self._next = Offset(entries[-1].offset + 1)
        return entries
