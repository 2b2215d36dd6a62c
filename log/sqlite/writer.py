"""The embedded log's append side: one thread, one transaction for all that waits."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.ports.log import LogWriter
from log.sqlite.file import connect, file_errors

_NEXT_OFFSET = """
    UPDATE log_ends SET next_offset = next_offset + 1 WHERE partition = ?
    RETURNING next_offset - 1
"""
_DECLARED = "SELECT count(*) FROM log_ends WHERE partition < ?"
_APPEND = "INSERT INTO log_entries (partition, log_offset, body) VALUES (?, ?, ?)"

_Waiting = tuple[Partition, bytes, "asyncio.Future[None]"]


class SqliteLogWriter(LogWriter):
    """Appends to the log file with `synchronous=FULL`; appends that wait share a commit."""

    def __init__(self, path: Path, partitions: int) -> None:
        self._path = path
        self._partitions = partitions
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-writer")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None

    async def append(self, partition: Partition, body: bytes) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((partition, body, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await done

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                bodies = [(partition, body) for partition, body, _ in group]
                try:
                    appended = await loop.run_in_executor(self._thread, self._commit, bodies)
                # Whatever it is, somebody waits for it.
                except Exception as error:  # noqa: BLE001
                    foreseen = isinstance(error, sqlite3.Error)
                    what = str(error) if foreseen else f"{type(error).__name__}: {error}"
                    _fail(group, f"the log file {self._path}: {what}")
                else:
                    _settle(group, appended)
        finally:
            self._committing = None

    def _commit(self, bodies: list[tuple[Partition, bytes]]) -> list[bool]:
        # For each body: was there a partition to append it to?
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            appended = [_append(connection, partition, body) for partition, body in bodies]
            connection.execute("COMMIT")
        except Exception:
            # A connection in an unknown state is not worth saving.
            self._disconnect()
            raise
        return appended

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, "rw")
            self._connection.execute("PRAGMA journal_mode=WAL").close()
            self._connection.execute("PRAGMA synchronous=FULL").close()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _probe(self) -> int:
        (declared,) = self._connect().execute(_DECLARED, (self._partitions,)).fetchone()
        return int(declared)

    async def ping(self) -> None:
        with file_errors(self._path):
            declared = await asyncio.get_running_loop().run_in_executor(self._thread, self._probe)
        if declared < self._partitions:
            raise LogUnavailable(_missing(Partition(self._partitions - 1)))

    async def close(self) -> None:
        if self._committing is not None:
            await self._committing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()


def _append(connection: sqlite3.Connection, partition: Partition, body: bytes) -> bool:
    found = connection.execute(_NEXT_OFFSET, (partition,)).fetchone()
    if found is not None:
        connection.execute(_APPEND, (partition, found[0], body))
    return found is not None


def _missing(partition: Partition) -> str:
    # Nobody would fold it: projectors fold what migrate has entered.
    return f"partition {partition} does not exist in the log file: run footfall migrate"


def _settle(group: list[_Waiting], appended: list[bool]) -> None:
    for waiting, was_appended in zip(group, appended, strict=True):
        partition, _, done = waiting
        if not was_appended:
            _fail([waiting], _missing(partition))
        elif not done.done():
            done.set_result(None)


def _fail(group: list[_Waiting], message: str) -> None:
    for _, _, done in group:
        if not done.done():
            done.set_exception(LogUnavailable(message))
