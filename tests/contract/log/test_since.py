"""Where reading begins for what was recorded from a moment on."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from domain.events import Batch, Offset, Partition
from domain.settings import Settings
from domain.wire import encode, recorded_ms
from log.opening import open_reader, open_writer
from tests.contract.log.test_log import Log
from tests.fakes import FakeLog

ONE, TWO = Partition(1), Partition(2)
MINUTE_MS = 60_000


@pytest.fixture
async def log(backend_or_fake: Settings | None) -> AsyncIterator[Log]:
    if backend_or_fake is None:
        fake = FakeLog()
        yield Log(fake, fake)
        return
    found = Log(open_writer(backend_or_fake), open_reader(backend_or_fake))
    yield found
    await found.writer.close()
    await found.reader.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def append(log: Log, recorded_ms: int, partition: Partition = ONE) -> None:
    await log.writer.append(partition, encode(Batch(1, "p", 1, recorded_ms, 0, [])))


async def read_from(log: Log, offset: Offset, seconds: float = 1.0) -> list[bytes]:
    found: list[bytes] = []
    async with log.reader.subscribe(ONE, offset) as subscription:
        while entries := await subscription.take(100, seconds):
            found += [entry.body for entry in entries]
    return found


async def test_an_empty_partition_begins_at_its_beginning(log: Log) -> None:
    await append(log, now_ms(), TWO)
    assert await log.reader.offset_since(ONE, now_ms() - MINUTE_MS) == 0


async def test_what_was_recorded_since_is_read_from_there(log: Log) -> None:
    begun = now_ms()
    for _ in range(30):
        await append(log, now_ms())
    assert await log.reader.offset_since(ONE, begun - MINUTE_MS) == 0
    # The broker knows whole seconds: what is older shall be of one before.
    moment = (now_ms() // 1_000 + 1) * 1_000
    while now_ms() < moment:
        await asyncio.sleep(0.01)
    for _ in range(30):
        await append(log, now_ms())
    offset = await log.reader.offset_since(ONE, moment)
    assert offset > 0
    recorded = [recorded_ms(body) for body in await read_from(log, offset)]
    assert len([at for at in recorded if at >= moment]) == 30
    assert all(before <= after for before, after in pairwise(recorded))


async def test_where_nothing_was_recorded_since_what_comes_then_is_read(log: Log) -> None:
    for _ in range(3):
        await append(log, now_ms())
    moment = now_ms() + MINUTE_MS
    offset = await log.reader.offset_since(ONE, moment)
    await append(log, moment)
    assert [recorded_ms(body) for body in await read_from(log, offset)][-1] == moment


async def test_what_is_no_batch_is_in_nobodys_way(log: Log) -> None:
    moment = now_ms()
    await log.writer.append(ONE, b"no batch")
    await append(log, moment)
    await log.writer.append(ONE, b"[99,")
    await append(log, moment)
    offset = await log.reader.offset_since(ONE, moment)
    assert [body for body in await read_from(log, offset) if body.startswith(b"[1,")] == [
        encode(Batch(1, "p", 1, moment, 0, []))
    ] * 2
