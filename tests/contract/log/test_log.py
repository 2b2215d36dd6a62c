"""What every log promises, whatever holds it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.wiring.migrate import migrate
from domain.checkpoint import Bounds
from domain.errors import HistoryTruncated, LogUnavailable, LogWentBackward, NotDeclared
from domain.events import Entry, Offset, Partition
from domain.partitioning import stream_name
from domain.ports.log import LogReader, LogWriter
from domain.settings import Settings
from log.opening import open_log, open_reader, open_writer
from log.rabbitmq.broker import connect
from log.sqlite.trimmer import SqliteLogTrimmer
from log.sqlite.writer import SqliteLogWriter
from tests.conftest import embedded
from tests.fakes import FakeLog

ONE, TWO = Partition(1), Partition(2)


class Log(NamedTuple):
    writer: LogWriter
    reader: LogReader


@pytest.fixture
async def log(backend_or_fake: Settings | None) -> AsyncIterator[Log]:
    backend = backend_or_fake
    if backend is None:
        fake = FakeLog()
        yield Log(fake, fake)
        return
    found = Log(open_writer(backend), open_reader(backend))
    yield found
    await found.writer.close()
    await found.reader.close()


async def read(log: Log, partition: Partition, offset: int, number: int) -> list[Entry]:
    entries: list[Entry] = []
    async with log.reader.subscribe(partition, Offset(offset)) as subscription:
        async with asyncio.timeout(10):
            while len(entries) < number:
                entries += await subscription.take(number - len(entries), 5)
    return entries


async def test_what_was_appended_is_read_in_order(log: Log) -> None:
    bodies = [b"%d" % i for i in range(20)]
    for body in bodies:
        await log.writer.append(ONE, body)
    entries = await read(log, ONE, 0, 20)
    assert [entry.body for entry in entries] == bodies
    assert [entry.offset for entry in entries] == list(range(20))


async def test_reading_begins_at_the_offset_asked_for(log: Log) -> None:
    for i in range(5):
        await log.writer.append(ONE, b"%d" % i)
    assert [entry.body for entry in await read(log, ONE, 3, 2)] == [b"3", b"4"]


@pytest.mark.parametrize(
    ("written", "read_back"),
    [
        ('[1,"p",1,9,0,[["例え/a",1,1]]]', '[1,"p",1,9,0,[["例え/a",1,1]]]'.encode()),
        ("", b""),
        (7, b"7"),
        (1.5, b"1.5"),
    ],
)
async def test_a_body_that_somebody_wrote_as_another_type_is_read_as_bytes(
    tmp_path: Path, written: object, read_back: bytes
) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    with closing(sqlite3.connect(settings.log_file)) as file, file:
        file.execute("INSERT INTO log_entries VALUES (1, 0, ?)", (written,))
        file.execute("UPDATE log_ends SET next_offset = 1 WHERE partition = 1")
    log = Log(open_writer(settings), open_reader(settings))
    assert await read(log, ONE, 0, 1) == [Entry(Offset(0), read_back)]
    assert await log.reader.entry_at(ONE, Offset(0)) == Entry(Offset(0), read_back)
    # The trimmer looks at when it was recorded, or passes over what says nothing of that.
    assert await SqliteLogTrimmer(settings.log_file).trim(ONE, 1_000, Offset(1)) == 0
    await log.writer.close()
    await log.reader.close()


async def test_an_append_that_fails_as_nobody_foresaw_is_answered(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    writer = open_writer(settings)
    with pytest.raises(LogUnavailable, match="OverflowError"):
        await asyncio.wait_for(writer.append(Partition(2**64), b"x"), 10)
    # And so are those after it.
    await asyncio.wait_for(writer.append(ONE, b"x"), 10)
    await writer.close()


async def test_partitions_do_not_see_each_other(log: Log) -> None:
    await log.writer.append(ONE, b"one")
    await log.writer.append(TWO, b"two")
    assert [entry.body for entry in await read(log, TWO, 0, 1)] == [b"two"]


async def test_what_is_appended_later_arrives(log: Log) -> None:
    await log.writer.append(ONE, b"a")
    async with log.reader.subscribe(ONE, Offset(1)) as subscription:
        assert list(await subscription.take(10, 0.01)) == []
        await log.writer.append(ONE, b"b")
        assert [entry.body for entry in await subscription.take(10, 10)] == [b"b"]


async def test_an_empty_partition_has_equal_bounds_and_nothing_to_read(log: Log) -> None:
    assert await log.reader.bounds(ONE) == Bounds(Offset(0), Offset(0))
    assert await log.reader.entry_at(ONE, Offset(0)) is None


async def test_bounds_and_entries_can_be_asked_for(log: Log) -> None:
    await asyncio.gather(*(log.writer.append(ONE, b"x") for _ in range(300)))
    assert await log.reader.bounds(ONE) == Bounds(Offset(0), Offset(300))
    assert await log.reader.entry_at(ONE, Offset(7)) == Entry(Offset(7), b"x")


async def test_bounds_are_found_while_others_append(log: Log) -> None:
    appended = 0

    async def append() -> None:
        nonlocal appended
        while True:
            await log.writer.append(ONE, b"x")
            appended += 1

    await log.writer.append(ONE, b"x")
    appending = [asyncio.create_task(append()) for _ in range(3)]
    try:
        for _ in range(3):
            before = appended
            async with asyncio.timeout(20):
                bounds = await log.reader.bounds(ONE)
            assert bounds.first == 0
            assert before <= bounds.end <= appended + len(appending) + 1
    finally:
        for task in appending:
            task.cancel()
        await asyncio.gather(*appending, return_exceptions=True)


async def test_a_checkpoint_beyond_the_end_is_refused(log: Log) -> None:
    await log.writer.append(ONE, b"x")
    with pytest.raises(LogWentBackward):
        await read(log, ONE, 9, 1)


async def test_any_bytes_come_back_as_they_were(log: Log) -> None:
    body = bytes(range(256)) * 100
    await log.writer.append(ONE, body)
    assert (await read(log, ONE, 0, 1))[0].body == body


async def test_it_says_that_it_is_there(log: Log) -> None:
    await log.writer.ping()
    await log.reader.ping()


async def test_a_partition_that_was_never_declared_takes_nothing(
    backend: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    undeclared = Partition(backend.num_partitions)
    more = replace(backend, num_partitions=backend.num_partitions + 1)
    writer = open_writer(more)
    results = await asyncio.gather(
        writer.append(ONE, b"x"), writer.append(undeclared, b"x"), return_exceptions=True
    )
    assert results[0] is None
    with pytest.raises(NotDeclared, match="run footfall migrate") as refused:
        raise results[1] or AssertionError
    # Where no node can be just starting, waiting does not help: whoever sent it is told at once.
    assert refused.value.took_nothing == (backend.rabbitmq_url is None)
    monkeypatch.setattr("log.rabbitmq.writer._STARTING_SECONDS", 0.0)
    with pytest.raises(NotDeclared) as refused:
        await writer.append(undeclared, b"x")
    assert refused.value.took_nothing
    with pytest.raises(LogUnavailable, match="run footfall migrate"):
        await writer.ping()
    with pytest.raises(NotDeclared, match="run footfall migrate"):
        await open_log(more).require_declared()
    await migrate(more)
    await open_log(more).require_declared()
    await writer.append(undeclared, b"x")
    await writer.ping()
    await writer.close()


async def test_a_deleted_beginning_is_refused(tmp_path: Path) -> None:
    backend = embedded(tmp_path)
    await migrate(backend)
    writer, reader = open_writer(backend), open_reader(backend)
    for _ in range(5):
        await writer.append(ONE, b"x")
    with closing(sqlite3.connect(backend.log_file)) as connection, connection:
        connection.execute("DELETE FROM log_entries WHERE log_offset < 3")
    with pytest.raises(HistoryTruncated):
        await read(Log(writer, reader), ONE, 2, 1)
    assert [e.offset for e in await read(Log(writer, reader), ONE, 3, 1)] == [3]
    await writer.append(ONE, b"y")
    assert await reader.bounds(ONE) == Bounds(Offset(3), Offset(6))
    await writer.close()
    await reader.close()


async def test_the_embedded_log_is_synced_at_every_commit(tmp_path: Path) -> None:
    backend = embedded(tmp_path)
    await migrate(backend)
    writer = SqliteLogWriter(backend.log_file, backend.num_partitions)
    with closing(writer._connect()) as connection:
        # FULL: a commit is on the disk when it returns, in WAL mode too.
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_what_the_embedded_log_did_not_foresee_is_answered_at_once(tmp_path: Path) -> None:
    backend = embedded(tmp_path)
    await migrate(backend)
    writer = SqliteLogWriter(backend.log_file, backend.num_partitions)
    async with asyncio.timeout(10):
        with pytest.raises(LogUnavailable, match="too large"):
            await writer.append(Partition(2**70), b"x")
        await writer.append(ONE, b"x")
    await writer.close()


@pytest.mark.rabbitmq
@pytest.mark.postgres
async def test_a_stream_declared_anew_stops_its_readers(production: Settings) -> None:
    writer, reader = open_writer(production), open_reader(production)
    for _ in range(3):
        await writer.append(ONE, b"x")
    connection = await connect(production.rabbitmq_url or "", "footfall tests")
    async with connection, connection.channel() as channel:
        async with reader.subscribe(ONE, Offset(3)) as subscription:
            await channel.queue_delete(stream_name(production.stream_prefix, ONE))
            with pytest.raises(LogUnavailable):
                await take_until_it_fails(lambda: subscription.take(1, 1))
    with pytest.raises(LogUnavailable, match="footfall migrate"):
        await writer.append(ONE, b"x")
    with pytest.raises(LogUnavailable, match="footfall migrate"):
        await read(Log(writer, reader), ONE, 3, 1)
    await migrate(production)
    await writer.append(ONE, b"x")
    with pytest.raises(LogWentBackward, match="declared anew"):
        await read(Log(writer, reader), ONE, 3, 1)
    await writer.close()
    await reader.close()


async def take_until_it_fails(take: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(10):
        while True:
            await take()
