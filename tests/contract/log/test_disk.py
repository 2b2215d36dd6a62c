"""A log file that cannot be written says so at once, and goes on by itself when it can be."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.wiring.migrate import migrate
from domain.checkpoint import Bounds
from domain.errors import LogUnavailable, LogWentBackward
from domain.events import Offset, Partition
from domain.settings import Settings
from log.sqlite import writer as writer_module
from log.sqlite.file import connect
from log.sqlite.reader import SqliteLogReader
from log.sqlite.writer import SqliteLogWriter
from tests.conftest import embedded

ONE = Partition(1)
BATCH = b"x" * 100_000
Limit = Callable[[sqlite3.Connection], object]


class Disk:
    """What limits every connection that writes, from the next statement on."""

    def __init__(self) -> None:
        self.limit: Limit = lambda _: None

    def connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        found = connect(*arguments, **named)
        self.limit(found)
        return found


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    found = embedded(tmp_path)
    await migrate(found)
    return found


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(writer_module, "connect", found.connect)
    return found


@pytest.fixture
async def writer(
    settings: Settings, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SqliteLogWriter]:
    monkeypatch.setattr(writer_module, "_FRESH_SECONDS", 0.0)
    found = SqliteLogWriter(settings.log_file, settings.num_partitions)
    yield found
    await found.close()


def move_away(file: Path) -> None:
    """The file, and those that SQLite has beside it."""
    for name in ("", "-wal", "-shm"):
        Path(f"{file}{name}").rename(f"{file}.old{name}")


def full(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1").close()


def nearly_full(connection: sqlite3.Connection) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 10}").close()


def read_only(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = ON").close()


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (full, "disk is full: make room"),
        (nearly_full, "disk is full: make room"),
        (read_only, "readonly database: let this process write it"),
    ],
)
async def test_what_cannot_be_written_is_said_at_once_by_appends_and_by_readiness(
    writer: SqliteLogWriter, disk: Disk, limit: Limit, says: str
) -> None:
    disk.limit = limit
    for _ in range(2):
        async with asyncio.timeout(5):
            with pytest.raises(LogUnavailable, match=says) as refused:
                await writer.append(ONE, BATCH)
            assert refused.value.took_nothing
            with pytest.raises(LogUnavailable, match=says):
                await writer.ping()
    disk.limit = lambda _: None
    await writer.ping()
    await writer.append(ONE, BATCH)


async def test_nothing_of_what_was_refused_or_tried_is_read(
    settings: Settings, writer: SqliteLogWriter, disk: Disk
) -> None:
    disk.limit = nearly_full
    with pytest.raises(LogUnavailable):
        await writer.append(ONE, BATCH)
    with pytest.raises(LogUnavailable):
        await writer.ping()
    disk.limit = lambda _: None
    await writer.ping()
    await writer.append(ONE, b"b")
    reader = SqliteLogReader(settings.log_file)
    assert await reader.bounds(ONE) == Bounds(Offset(0), Offset(1))
    await reader.close()
    with closing(sqlite3.connect(settings.log_file)) as connection:
        assert connection.execute("SELECT partition FROM log_entries").fetchall() == [(1,)]


@pytest.mark.parametrize("content", [b"no database at all, and long enough to be one" * 10, b""])
async def test_a_file_that_is_no_log_any_more_is_not_written(
    settings: Settings, writer: SqliteLogWriter, content: bytes
) -> None:
    await writer.append(ONE, b"a")
    move_away(settings.log_file)
    settings.log_file.write_bytes(content)
    with pytest.raises(LogUnavailable, match="log file"):
        await writer.append(ONE, b"b")
    with pytest.raises(LogUnavailable, match="log file"):
        await writer.ping()


async def test_a_log_that_was_taken_away_takes_nothing_more(
    settings: Settings, writer: SqliteLogWriter
) -> None:
    await writer.append(ONE, b"a")
    away = settings.log_file.with_name("away.sqlite3")
    settings.log_file.rename(away)
    for _ in range(2):
        with pytest.raises(LogUnavailable, match="unable to open database file: see that"):
            await writer.append(ONE, b"b")
    with pytest.raises(LogUnavailable, match="unable to open database file"):
        await writer.ping()
    away.rename(settings.log_file)
    await writer.ping()
    await writer.append(ONE, b"b")
    reader = SqliteLogReader(settings.log_file)
    assert await reader.bounds(ONE) == Bounds(Offset(0), Offset(2))
    await reader.close()


async def test_a_log_that_was_replaced_stops_its_readers(
    settings: Settings, writer: SqliteLogWriter
) -> None:
    for _ in range(3):
        await writer.append(ONE, b"a")
    reader = SqliteLogReader(settings.log_file)
    async with reader.subscribe(ONE, Offset(3)) as subscription:
        assert await subscription.take(1, 0.2) == []
        move_away(settings.log_file)
        await migrate(settings)
        await writer.append(ONE, b"other")
        with pytest.raises(LogWentBackward, match="replaced"):
            await subscription.take(1, 10)
    assert await reader.bounds(ONE) == Bounds(Offset(0), Offset(1))
    await reader.close()


async def test_readiness_that_is_asked_again_and_again_writes_once_a_second(
    settings: Settings,
) -> None:
    writer = SqliteLogWriter(settings.log_file, settings.num_partitions)
    await writer.ping()
    connection = writer._connection
    assert connection is not None
    before = connection.total_changes
    for _ in range(5):
        await writer.ping()
    assert connection.total_changes == before
    await writer.close()
