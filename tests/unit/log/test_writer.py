"""A writer that is asked whether it can append, on a broker that is made up."""

import asyncio
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from domain.errors import LogUnavailable
from log.rabbitmq.writer import RabbitLogWriter

ONE, TWO = "amqp://one/", "amqp://two/"


class Wire:
    """Without an alarm."""

    blocked: str | None = None

    async def until_blocked(self) -> None:
        await asyncio.Future()

    def taking(self, *_: object) -> AbstractContextManager[None]:
        return nullcontext()


class Channel:
    """Ours and the client library's in one, of a node that may be `silent`."""

    is_closed = False
    number = 1
    max_content_size = 100

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.delivery_tag = 0
        self.confirmations: dict[int, asyncio.Future[None]] = {}
        self.message_id_delivery_tag: dict[str, int] = {}
        self.closing: asyncio.Future[None] = asyncio.Future()
        # The client library's connection and its queue of frames.
        self.connection = self
        self.write_queue = self

    async def get_underlay_channel(self) -> "Channel":
        return self

    def put_nowait(self, _: object) -> None:
        self._connection.answer()
        for confirmed in self.confirmations.values():
            confirmed.set_result(None)

    async def basic_publish(self, _: bytes, **__: object) -> None:
        self._connection.answer()

    async def declare_queue(self, *_: object, **__: object) -> None:
        self._connection.answer()

    async def close(self) -> None:
        self.is_closed = True


class Connection:
    """To one node."""

    most_channels = 100
    lost = False

    def __init__(self, node: str, silent: set[str]) -> None:
        self.node = node
        self.wire = Wire()
        self.closed = False
        self._silent = silent

    async def channel(self, **_: bool) -> Channel:
        self.answer()
        return Channel(self)

    def answer(self) -> None:
        if self.node in self._silent:
            raise TimeoutError


class Broker:
    """Two nodes, the second asked where the first is doubtful."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.connections: list[Connection] = []

    async def connect(
        self, url: str, name: str, patience: float | None, doubtful: Collection[str]
    ) -> Connection:
        node = min(url.split(","), key=lambda node: node in doubtful)
        self.connections.append(Connection(node, self.silent))
        return self.connections[-1]

    async def close(self, connection: Any) -> None:
        connection.closed = True


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr("log.rabbitmq.channels.connect", found.connect)
    monkeypatch.setattr("log.rabbitmq.channels.close", found.close)
    return found


async def test_a_node_that_answers_no_question_is_not_asked_for_ever(broker: Broker) -> None:
    writer = RabbitLogWriter(f"{ONE},{TWO}", "views", 1, confirm_timeout_seconds=1)
    await writer.ping()
    # Views go on elsewhere: the confirm of a moment ago stands.
    broker.silent.add(ONE)
    with pytest.raises(LogUnavailable, match="in time"):
        await writer.ping()
    await writer.ping()
    left, *_ = broker.connections
    async with asyncio.timeout(5):
        while not left.closed:
            await asyncio.sleep(0)
    await writer.close()
