"""A broker that vanished without a word: its connections stay open, and nothing comes any more."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from cli.wiring.migrate import migrate
from domain.errors import LogUnavailable
from domain.events import Offset, Partition
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.acceptance.processes import Role, until
from tests.acceptance.test_exactly_once import folded
from tests.conftest import embedded, stream_prefix
from tests.servers import address, rabbitmq_url

pytestmark = pytest.mark.rabbitmq

ONLY = Partition(0)
CONFIRM_SECONDS = 1.0
# What `Role` sets.
REQUEST_SECONDS = 5.0


class Route:
    """The way to the broker; what is on it when it breaks is never heard of again."""

    def __init__(self, heartbeat_seconds: int = 1) -> None:
        self._heartbeat = heartbeat_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._gone = False

    async def __aenter__(self) -> "Route":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self.vanish()
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        parts = urlsplit(rabbitmq_url())
        login = parts.netloc.rpartition("@")[0]
        netloc = f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}"
        return urlunsplit(parts._replace(netloc=netloc, query=f"heartbeat={self._heartbeat}"))

    def vanish(self, *, for_good: bool = False) -> None:
        """For the connections of now; new ones find their way, unless it is for good."""
        self._gone = for_good
        for task in self._tasks:
            task.cancel()

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self._gone:
            self._writers.append(back)
            return
        far, forth = await asyncio.open_connection(*address(rabbitmq_url()))
        self._writers += [back, forth]
        for reader, writer in ((near, forth), (far, back)):
            task = asyncio.create_task(_copy(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def prefix() -> AsyncIterator[str]:
    async with stream_prefix() as found:
        await declare_streams(rabbitmq_url(), found, 1)
        yield found


async def test_reading_ends_and_goes_on(prefix: str) -> None:
    writer = RabbitLogWriter(rabbitmq_url(), prefix, 1, confirm_timeout_seconds=CONFIRM_SECONDS)
    async with Route() as route:
        reader = RabbitLogReader(route.url, prefix)
        await writer.append(ONLY, b"before")
        async with reader.subscribe(ONLY, Offset(0)) as subscription:
            assert [entry.body for entry in await subscription.take(10, 5)] == [b"before"]
            route.vanish()
            await writer.append(ONLY, b"after")
            with pytest.raises(LogUnavailable):
                assert not await subscription.take(10, 20)
        async with reader.subscribe(ONLY, Offset(1)) as subscription:
            assert [entry.body for entry in await subscription.take(10, 5)] == [b"after"]
        await reader.close()
    await writer.close()


@pytest.mark.parametrize("size", [1, 8_000_000], ids=["a little", "more than the network holds"])
async def test_appending_fails_in_time_and_goes_on(prefix: str, size: int) -> None:
    async with Route() as route:
        writer = RabbitLogWriter(route.url, prefix, 1, confirm_timeout_seconds=CONFIRM_SECONDS)
        await writer.append(ONLY, b"before")
        route.vanish()
        began = time.monotonic()
        with pytest.raises(LogUnavailable):
            await writer.append(ONLY, bytes(size))
        await writer.append(ONLY, b"after")
        assert time.monotonic() - began < 2 * CONFIRM_SECONDS
        await writer.close()


@pytest.mark.timeout(120)
async def test_every_role_ends_in_time_whatever_has_become_of_the_broker(tmp_path: Path) -> None:
    view = {"page": "example.com/x", "timestamp": "2025-07-16T10:00:00Z"}
    async with stream_prefix() as prefix, Route(heartbeat_seconds=60) as route:
        settings = replace(embedded(tmp_path), rabbitmq_url=route.url, stream_prefix=prefix)
        await migrate(settings)
        async with (
            Role(settings, "ingest") as ingest,
            Role(settings, "projector") as projector,
            httpx.AsyncClient(base_url=ingest.url, timeout=30) as client,
        ):
            await projector.start()
            await ingest.serving()
            assert (await client.post("/page-views/single", json=view)).status_code == 202
            await until(lambda: folded(settings), "the view being folded")
            route.vanish(for_good=True)
            asked = asyncio.create_task(client.post("/page-views/single", json=view))
            await until(lambda: _asked(asked), "the request being under way")
            began = time.monotonic()
            codes = list(await asyncio.gather(ingest.stop(), projector.stop()))
            assert time.monotonic() - began < REQUEST_SECONDS + 5
            assert codes == [0, 0]
            assert (await asked).status_code == 503
            for role in (ingest, projector):
                assert "Traceback" not in role.log(), role.log()


async def _asked(task: "asyncio.Task[httpx.Response]") -> bool:
    # The request has left once its client waits for the answer.
    await asyncio.sleep(0.5)
    return not task.done()
