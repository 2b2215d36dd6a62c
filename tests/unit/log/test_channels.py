"""Channels of connections that were lost or left, on a broker that is made up."""

import asyncio
import gc
import weakref
from collections.abc import Collection
from typing import Any

import pytest

from log.rabbitmq.channels import Channels, Opened

NODES = ["amqp://one/", "amqp://two/"]


class Channel:
    """Ours and the client library's in one."""

    def __init__(self) -> None:
        self.is_closed = False

    async def get_underlay_channel(self) -> "Channel":
        return self

    async def close(self) -> None:
        self.is_closed = True


class Connection:
    """To one node."""

    most_channels = 100

    def __init__(self, node: str) -> None:
        self.node = node
        self.lost = False
        self.closed = asyncio.Event()
        self.silent = False

    async def channel(self, **_: bool) -> Channel:
        if self.silent:
            await asyncio.Future()
        return Channel()


class Broker:
    """Its nodes in the order in which they are asked, the doubtful ones last."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    async def connect(
        self, url: str, name: str, patience: float | None, doubtful: Collection[str]
    ) -> Connection:
        node = min(url.split(","), key=lambda node: node in doubtful)
        self.connections.append(Connection(node))
        return self.connections[-1]

    async def close(self, connection: Any) -> None:
        connection.closed.set()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr("log.rabbitmq.channels.connect", found.connect)
    monkeypatch.setattr("log.rabbitmq.channels.close", found.close)
    return found


@pytest.fixture
def channels(broker: Broker) -> Channels:
    return Channels(",".join(NODES), "tests", channel_seconds=0.05)


def node_of(opened: Opened) -> str:
    return opened.connection.node


async def test_all_channels_are_on_one_connection_while_it_is_well(
    broker: Broker, channels: Channels
) -> None:
    opened = [await channels.open() for _ in range(3)]
    assert len(broker.connections) == 1
    assert all(channels.stays(one) for one in opened)


async def test_after_a_silence_the_next_is_to_another_node_and_the_others_end_in_peace(
    broker: Broker, channels: Channels
) -> None:
    unanswered, under_way = await channels.open(), await channels.open()
    channels.leave(unanswered)
    assert node_of(await channels.open()) == NODES[1]
    # What is under way there may be answered; what comes next goes elsewhere.
    assert under_way.usable
    assert not channels.stays(under_way)
    left = broker.connections[0]
    async with asyncio.timeout(5):
        while not unanswered.underlay.is_closed:
            await asyncio.sleep(0)
    assert not left.closed.is_set()
    channels.give_back(under_way)
    async with asyncio.timeout(5):
        await left.closed.wait()


async def test_a_node_that_was_lost_is_asked_last(broker: Broker, channels: Channels) -> None:
    await channels.open()
    broker.connections[0].lost = True
    assert node_of(await channels.open()) == NODES[1]
    assert broker.connections[0].closed.is_set()
    # Where both were lost, the first one is as good.
    broker.connections[1].lost = True
    assert node_of(await channels.open()) in NODES


async def test_a_node_that_opens_no_channel_is_left(broker: Broker, channels: Channels) -> None:
    opened = await channels.open()
    broker.connections[0].silent = True
    with pytest.raises(Exception, match="in time"):
        await channels.open()
    assert node_of(await channels.open()) == NODES[1]
    assert opened.usable


async def test_nothing_is_kept_of_a_connection_that_was_left_after_it_was_lost(
    broker: Broker, channels: Channels
) -> None:
    opened = await channels.open()
    lost = broker.connections.pop()
    lost.lost = True
    await channels.open()
    # Who waited on it hears only now that nothing was answered.
    channels.leave(opened)
    await lost.closed.wait()
    gone = weakref.ref(lost)
    del opened, lost
    async with asyncio.timeout(5):
        while gone() is not None:
            gc.collect()
            await asyncio.sleep(0.01)
