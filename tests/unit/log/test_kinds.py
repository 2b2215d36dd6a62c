"""A partition of another kind than pages is not there, for whoever reads and writes pages."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import LogUnavailable
from domain.events import Offset, Partition
from domain.partitioning import PartitionKind
from log.sqlite.partitions import declare_partitions
from log.sqlite.reader import SqliteLogReader
from log.sqlite.writer import SqliteLogWriter
from migrations.upgrade import upgrade
from rows.engine import open_engine
from tests.conftest import embedded

ONE, OTHER = Partition(0), Partition(1)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A log of two partitions, the second of which is of a kind that is not known here."""
    settings = embedded(tmp_path)
    engine = open_engine(settings.log_url)
    await upgrade(engine, "log")
    await engine.dispose()
    await declare_partitions(settings.log_file, 2)
    with closing(sqlite3.connect(settings.log_file)) as connection, connection:
        connection.execute("UPDATE log_ends SET kind = 'visitors' WHERE partition = 1")
        connection.execute("UPDATE log_ends SET next_offset = 1 WHERE partition = 1")
        connection.execute("INSERT INTO log_entries VALUES (1, 0, 'a token')")
    return settings.log_file


async def test_nothing_is_appended_to_it(file: Path) -> None:
    writer = SqliteLogWriter(file, 2)
    assert writer.kind is PartitionKind.PAGES
    await writer.append(ONE, b"a page")
    with pytest.raises(LogUnavailable, match="partition 1 does not exist"):
        await writer.append(OTHER, b"a page")
    with pytest.raises(LogUnavailable):
        await writer.ping()
    await writer.close()


async def test_it_ends_where_it_begins(file: Path) -> None:
    reader = SqliteLogReader(file)
    assert reader.kind is PartitionKind.PAGES
    assert (await reader.bounds(OTHER)).end == 0
    async with reader.subscribe(OTHER, Offset(0)) as subscription:
        assert list(await subscription.take(1, 0.2)) == []
    await reader.close()
