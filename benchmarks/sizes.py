"""What is kept of a view: bytes in the stream, by events a message, and bytes of a row."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks import fold
from benchmarks.contenders import started
from benchmarks.flood import flood
from benchmarks.measured import places
from benchmarks.processes import Process
from benchmarks.servers import Servers, production_on, servers
from benchmarks.table import Row
from domain.events import Batch, PageViewed, Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from domain.wire import FORMAT, encode
from log.opening import open_reader

EVENTS_A_MESSAGE = (1, 10, 100, 500)
_EVENTS = 100_000
_ROWS = 200_000
_PAGES = 5_000
_AT_MS = 1_752_660_000_000
_PRODUCER = "0123456789abcdef0123456789abcdef"
# The hourly rows and their key, a table for each month.
_HOURLY = """
    SELECT sum(pg_total_relation_size(oid)), sum(pg_relation_size(oid)) FROM pg_class
    WHERE relkind = 'r' AND relname LIKE 'hourly_views%'
"""


async def sizes() -> list[Row]:
    """On servers of its own, where nothing else is written."""
    async with servers(places()[-1]) as found:
        streams = [await _in_stream(found, number) for number in EVENTS_A_MESSAGE]
        return [*streams, await _in_rows(found)]


async def _in_stream(found: Servers, events: int) -> Row:
    messages = _EVENTS // events
    async with production_on(found) as settings:
        stream = stream_name(settings.stream_prefix, Partition(0))
        before = _bytes_of_streams(found)
        bodies = list(_messages(messages, events))
        await flood(found.rabbitmq.url, stream, bodies)
        await _until_there(settings, messages)
        each = (_bytes_of_streams(found) - before) / messages
    body = sum(map(len, bodies)) / messages
    value = (
        f"{each:,.0f} bytes a message ({body:,.0f} of them the batch), {each / events:,.1f} a view"
    )
    return Row(f"in the stream, {events} views a message, one replica", value)


def _messages(messages: int, events: int) -> Iterator[bytes]:
    draw = Random(8)
    for sequence in range(1, messages + 1):
        viewed = [
            PageViewed(f"example.com/articles/{draw.randrange(_PAGES)}", _AT_MS + sequence, 1)
            for _ in range(events)
        ]
        yield encode(Batch(FORMAT, _PRODUCER, sequence, _AT_MS + sequence, sequence % 10, viewed))


async def _until_there(settings: Settings, messages: int) -> None:
    reader = open_reader(settings)
    try:
        async with asyncio.timeout(60):
            while (await reader.bounds(Partition(0))).end < messages:
                await asyncio.sleep(0.1)
    finally:
        await reader.close()


def _bytes_of_streams(found: Servers) -> int:
    folder: Path = found.rabbitmq.folder / "mnesia"
    return sum(file.stat().st_size for file in folder.glob("**/stream/**/*") if file.is_file())


async def _in_rows(found: Servers) -> Row:
    async with production_on(found) as settings:
        log = fold.distinct_log(settings.num_partitions, _ROWS)
        await fold.append(settings, log)
        process = Process(settings, "cli", "projector")
        async with started(process, serving=False) as projector:
            await fold.fold_all(settings, projector, log)
        database = await fold.open_database(settings)
        together, alone = await database.fetchrow(_HOURLY)
        rows = await database.fetchval("SELECT count(*) FROM hourly_views")
        await database.close()
    value = f"{together / rows:,.0f} bytes a row ({alone / rows:,.0f} without its key)"
    return Row("hourly rows in PostgreSQL, pages of 28 bytes", value)
