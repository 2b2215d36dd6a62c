"""What the driver raises at its edge, and the URLs that it is given."""

import asyncio
import ssl
import struct

import pytest
from aiormq import Connection

from domain.errors import HistoryTruncated, LogUnavailable
from domain.setting_values import virtual_host
from log.rabbitmq.broker import connect_node, node_url
from log.rabbitmq.errors import broker_errors
from tests.servers import free_port

RAISED = [
    StopAsyncIteration(),
    asyncio.CancelledError(),
    GeneratorExit(),
    asyncio.InvalidStateError(),
    struct.error("no"),
    KeyError("x"),
    AssertionError(),
    ssl.SSLError(),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"),
    EOFError(),
    MemoryError(),
    RecursionError(),
]


async def _raise(error: BaseException) -> None:
    async with broker_errors():
        await asyncio.sleep(0)
        raise error


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_whatever_the_driver_raises_is_ours_afterwards(error: BaseException) -> None:
    with pytest.raises(LogUnavailable, match="RabbitMQ") as caught:
        await _raise(error)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), HistoryTruncated("x")])
async def test_what_is_not_the_drivers_passes(error: BaseException) -> None:
    with pytest.raises(type(error)):
        await _raise(error)


async def test_who_is_cancelled_is_cancelled() -> None:
    async def wait() -> None:
        async with broker_errors():
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_coroutine_that_is_thrown_away_is_thrown_away() -> None:
    async def wait() -> None:
        async with broker_errors():
            await asyncio.Future()

    loop = asyncio.new_event_loop()
    coroutine = wait()
    task = loop.create_task(coroutine)
    loop.run_until_complete(asyncio.wait([task], timeout=0))
    coroutine.close()
    task.cancel()
    with pytest.raises((asyncio.CancelledError, RuntimeError)):
        loop.run_until_complete(task)
    loop.close()


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/%2F", "/%2f", "/%252F", "/a", "/a%2Fb", "/50%25", "/50%25%2F"]
)
async def test_the_client_library_enters_the_virtual_host_that_we_name(path: str) -> None:
    node = f"amqp://u:p@h{path}"
    assert Connection(node_url(node)).vhost == virtual_host(node)


async def test_what_a_url_holds_reaches_the_client_library() -> None:
    url = node_url("amqp://me%40home:p%40ss%2Fw%2C%25@[::1]:5/v?heartbeat=5&name=mine")
    assert (url.user, url.password, url.host, url.port) == ("me@home", "p@ss/w,%", "::1", 5)
    assert dict(url.query) == {"heartbeat": "5", "name": "mine"}


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "no-such-host.invalid"])
async def test_a_node_that_is_away_is_named_without_the_password(host: str) -> None:
    port = free_port()
    with pytest.raises(LogUnavailable, match="RabbitMQ at ") as caught:
        await connect_node(f"amqp://me:p%40sswd@{host}:{port}/", "tests", 5)
    assert f"{host}:{port}: " in str(caught.value)
    assert "sswd" not in str(caught.value)
