"""What a writer of a real broker appends to know that it can."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from cli.wiring.migrate import migrate
from domain import wire
from domain.errors import LogUnavailable
from domain.events import Entry, Offset, Partition
from log.rabbitmq import probing
from log.rabbitmq.broker import connected
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.acceptance.processes import footfall
from tests.conftest import embedded, stream_prefix
from tests.servers import free_port, rabbitmq_url

pytestmark = pytest.mark.rabbitmq

PARTITIONS = 3
MOMENT = 1_752_660_000_000


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[str, RabbitLogWriter, RabbitLogReader]]:
    moments = count(MOMENT)
    async with stream_prefix() as prefix:
        await declare_streams(rabbitmq_url(), prefix, PARTITIONS)
        writer = RabbitLogWriter(
            rabbitmq_url(),
            prefix,
            PARTITIONS,
            confirm_timeout_seconds=5,
            now_ms=lambda: next(moments),
        )
        reader = RabbitLogReader(rabbitmq_url(), prefix)
        try:
            yield prefix, writer, reader
        finally:
            await writer.close()
            await reader.close()


async def appended(reader: RabbitLogReader) -> list[list[Entry]]:
    """What stands in each partition."""
    found: list[list[Entry]] = []
    for partition in map(Partition, range(PARTITIONS)):
        end = (await reader.bounds(partition)).end
        async with reader.subscribe(partition, Offset(0)) as subscription:
            found.append([*await subscription.take(100, 5)] if end else [])
    return found


async def test_an_idle_writer_that_is_asked_appends_one_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "FRESH_SECONDS", 600.0)
    async with opened() as (_, writer, reader):
        for _ in range(3):
            await writer.ping()
        (probe,), *others = await appended(reader)
        assert others == [[], []]
        batch = wire.decode(probe.body)
        assert (batch.events, batch.sequence, batch.recorded_ms) == ([], 1, MOMENT)


async def test_one_that_appends_views_appends_nothing_else() -> None:
    async with opened() as (_, writer, reader):
        await writer.append(Partition(1), b"views")
        await writer.ping()
        assert [[entry.body for entry in found] for found in await appended(reader)] == [
            [],
            [b"views"],
            [],
        ]


async def test_all_partitions_are_tried_and_the_one_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as (prefix, writer, reader):
        await writer.try_all()
        assert [len(found) for found in await appended(reader)] == [1, 1, 1]
        async with connected(rabbitmq_url(), "tests") as connection:
            await (await connection.channel()).queue_delete(f"{prefix}.1")
        monkeypatch.setattr("log.rabbitmq.writer.RPC_SECONDS", 2.0)
        with pytest.raises(LogUnavailable, match=r"nothing of partition 1 .* run footfall migrate"):
            await writer.try_all()


async def test_a_stream_that_is_lost_is_noticed_in_its_turn_and_again_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "FRESH_SECONDS", 0.0)
    async with stream_prefix() as prefix:
        await declare_streams(rabbitmq_url(), prefix, 2)
        writer = RabbitLogWriter(
            rabbitmq_url(), prefix, 2, confirm_timeout_seconds=5, patience_seconds=0.0
        )
        await writer.ping()
        async with connected(rabbitmq_url(), "tests") as connection:
            await (await connection.channel()).queue_delete(f"{prefix}.0")
        # The other one's turn, then that of the first.
        await writer.ping()
        with pytest.raises(LogUnavailable, match=r"nothing of partition 0 .* does not exist"):
            await writer.ping()
        await declare_streams(rabbitmq_url(), prefix, 2)
        await writer.ping()
        await writer.close()


async def test_check_names_the_nodes_that_are_away_also_where_nothing_can_be_appended(
    tmp_path: Path,
) -> None:
    async with stream_prefix() as prefix:
        there = replace(embedded(tmp_path), rabbitmq_url=rabbitmq_url(), stream_prefix=prefix)
        await migrate(there)
    ports = free_port(), free_port()
    away = replace(there, rabbitmq_url=",".join(f"amqp://127.0.0.1:{port}" for port in ports))
    code, out, _ = await footfall(away, "check")
    assert code == 1
    assert "ERROR log, appending" in out
    for port in ports:
        assert f"WARN  log, nodes: 127.0.0.1:{port} of RABBITMQ_URL does not answer" in out
