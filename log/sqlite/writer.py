"""The embedded log's append side: one thread, one transaction for all that waits."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import TypeVar

from domain.errors import LogUnavailable, NotDeclared
from domain.events import Partition
from domain.partitioning import PartitionKind
from domain.ports.log import LogWriter
from domain.shown import error_words
from log.sqlite.file import connect, identity, translated

_NEXT_OFFSET = """
    UPDATE log_ends SET next_offset = next_offset + 1 WHERE partition = ? AND kind = ?
    RETURNING next_offset - 1
"""
_DECLARED = "SELECT count(*) FROM log_ends WHERE partition < ? AND kind = ?"
_APPEND = "INSERT INTO log_entries (partition, log_offset, body) VALUES (?, ?, ?)"
# Of no partition: nobody reads it.
_TRY = "INSERT OR REPLACE INTO log_entries VALUES (-1, 0, zeroblob(?))"
_TRIED = "DELETE FROM log_entries WHERE partition = -1"
# What an ordinary batch takes.
_LEAST_BYTES = 16_384
# Whoever asks more often gets the answer of the last time.
_FRESH_SECONDS = 1.0

_Waiting = tuple[Partition, bytes, "asyncio.Future[None]"]
T = TypeVar("T")


class SqliteLogWriter(LogWriter):
    """Appends to the log file with `synchronous=FULL`; appends that wait share a commit."""

    def __init__(self, path: Path, partitions: int) -> None:
        self._path = path
        self._partitions = partitions
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-writer")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._written = -_FRESH_SECONDS
        self._failed_bytes = 0

    def append(self, partition: Partition, body: bytes) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((partition, body, done))
        if self._committing is None:
            # It begins once round the loop: what is appended in the same round shares a commit.
            self._committing = loop.create_task(self._commit_all())
        return done

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                bodies = [(partition, body) for partition, body, _ in group]
                try:
                    appended = await self._run(lambda bodies=bodies: self._commit(bodies))  # type: ignore[misc]
                except LogUnavailable as error:
                    self._failed_bytes = max(len(body) for _, body in bodies)
                    _fail(group, error)
                # Whatever it is, somebody waits for it.
                except Exception as error:  # noqa: BLE001
                    what = f"the log file {self._path}: {error_words(error)}"
                    told = "the log file cannot be used now"
                    _fail(group, LogUnavailable(what, told=told))
                else:
                    self._failed_bytes = 0
                    _settle(group, appended)
        finally:
            self._committing = None

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _commit(self, bodies: list[tuple[Partition, bytes]]) -> list[bool]:
        # For each body: was there a partition to append it to?
        return self._transaction(lambda c: [_append(c, p, self.kind, body) for p, body in bodies])

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """`work`, committed. Raises `LogUnavailable`; nothing is left of it then."""
        committing = False
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            found = work(connection)
            committing = True
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # A connection in an unknown state is not worth saving.
            self._disconnect()
            raise translated(self._path, error, committing=committing) from error
        except BaseException:
            self._disconnect()
            raise
        self._written = monotonic()
        return found

    def _connect(self) -> sqlite3.Connection:
        # What is appended to a file that was moved away, nobody will read.
        if self._connection is not None and identity(self._path) != self._file:
            self._disconnect()
        if self._connection is None:
            self._connection = connect(self._path, "rw")
            self._file = identity(self._path)
            self._connection.execute("PRAGMA journal_mode=WAL").close()
            self._connection.execute("PRAGMA synchronous=FULL").close()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _probe(self) -> int:
        """How many partitions there are; something as large as what failed last can be written."""
        if self._failed_bytes or monotonic() - self._written >= _FRESH_SECONDS:
            size = max(_LEAST_BYTES, self._failed_bytes)
            self._transaction(lambda c: c.execute(_TRY, (size,)))
            self._transaction(lambda c: c.execute(_TRIED))
            self._failed_bytes = 0
        try:
            (declared,) = (
                self._connect().execute(_DECLARED, (self._partitions, self.kind)).fetchone()
            )
        except sqlite3.Error as error:
            self._disconnect()
            raise translated(self._path, error) from error
        return int(declared)

    async def ping(self) -> None:
        declared = await self._run(self._probe)
        if declared < self._partitions:
            raise _missing(Partition(self._partitions - 1))

    async def close(self) -> None:
        if self._committing is not None:
            await self._committing
        await self._run(self._disconnect)
        self._thread.shutdown()


def _append(
    connection: sqlite3.Connection, partition: Partition, kind: PartitionKind, body: bytes
) -> bool:
    found = connection.execute(_NEXT_OFFSET, (partition, kind)).fetchone()
    if found is not None:
        connection.execute(_APPEND, (partition, found[0], body))
    return found is not None


def _missing(partition: Partition) -> NotDeclared:
    # Nobody would fold it: projectors fold what migrate has entered.
    message = f"partition {partition} does not exist in the log file: run footfall migrate"
    return NotDeclared(message, took_nothing=True)


def _settle(group: list[_Waiting], appended: list[bool]) -> None:
    for waiting, was_appended in zip(group, appended, strict=True):
        partition, _, done = waiting
        if not was_appended:
            _fail([waiting], _missing(partition))
        elif not done.done():
            done.set_result(None)


def _fail(group: list[_Waiting], error: LogUnavailable) -> None:
    for _, _, done in group:
        if not done.done():
            done.set_exception(error)
