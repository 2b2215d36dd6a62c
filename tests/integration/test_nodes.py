"""Several broker nodes in one URL."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.settings import Settings
from log.opening import open_reader
from log.rabbitmq.broker import close, connect
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.conftest import stream_prefix
from tests.odd_servers import OddServer
from tests.servers import free_port, rabbitmq_url

pytestmark = pytest.mark.rabbitmq

ONE = Partition(0)


@pytest.fixture
async def prefix() -> AsyncIterator[str]:
    async with stream_prefix() as found:
        yield found


async def test_a_node_that_is_gone_is_passed_over(prefix: str) -> None:
    gone = [f"amqp://guest:guest@127.0.0.1:{free_port()}/" for _ in range(3)]
    url = ",".join([*gone, rabbitmq_url()])
    await declare_streams(url, prefix, 1)
    writer = RabbitLogWriter(url, prefix, 1, confirm_timeout_seconds=5)
    await writer.append(ONE, b"x")
    await writer.close()
    reader = RabbitLogReader(url, prefix)
    assert (await reader.bounds(ONE)).end == 1
    await reader.close()
    with pytest.raises(LogUnavailable):
        await connect(",".join(gone), "footfall tests")


@pytest.mark.parametrize("oddity", ["accepts and closes", "garbage", "silence"])
async def test_a_node_that_is_odd_is_passed_over(
    prefix: str, oddity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("log.rabbitmq.broker.RPC_SECONDS", 3.0)
    with OddServer("amqp", oddity) as odd:
        url = f"amqp://guest:guest@127.0.0.1:{odd.port}/,{rabbitmq_url()}"
        for _ in range(2):
            writer = RabbitLogWriter(url, prefix, 1, confirm_timeout_seconds=5)
            await declare_streams(rabbitmq_url(), prefix, 1)
            await writer.append(ONE, b"x")
            await writer.ping()
            await writer.close()
        given = Settings(rabbitmq_url=url, stream_prefix=prefix, num_partitions=1)
        reader = open_reader(given)
        assert (await reader.bounds(ONE)).end == 2
        await reader.close()


@pytest.mark.parametrize("oddity", ["silence", "a greeting, then silence"])
async def test_a_node_that_is_silent_does_not_hold_up_the_next(
    oddity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.shuffle", lambda nodes: None)
    with OddServer("amqp", oddity) as odd:
        silent = f"amqp://guest:guest@127.0.0.1:{odd.port}/"
        async with asyncio.timeout(60):
            found = await connect(f"{silent},{rabbitmq_url()}", "footfall tests", 600)
        assert found.node == rabbitmq_url()
        await close(found)


async def test_a_node_that_is_doubtful_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.shuffle", lambda nodes: None)
    twin = f"{rabbitmq_url()}?heartbeat=11"
    for doubtful in (twin, rabbitmq_url()):
        url = f"{twin},{rabbitmq_url()}"
        found = await connect(url, "footfall tests", doubtful={doubtful})
        assert found.node != doubtful
        await close(found)
