"""The client library's own channel, with a broker that is made up."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiormq import Channel, Connection
from pamqp import commands
from pamqp.commands import Basic
from pamqp.frame import unmarshal
from pamqp.header import ContentHeader

from log.rabbitmq.channels import Opened
from log.rabbitmq.frames import Taker
from log.rabbitmq.outbox import Outbox
from log.rabbitmq.publishing import Publisher

FRAME_MAX = 4_096


class Wire:
    """Without a socket."""

    def __init__(self) -> None:
        self.takers: dict[int, Taker] = {}

    @contextmanager
    def taking(self, channel: int, taker: Taker) -> Iterator[None]:
        self.takers[channel] = taker
        yield
        del self.takers[channel]


class Broker:
    """Of one channel that has confirms."""

    def __init__(self, number: int = 1, frame_max: int = FRAME_MAX) -> None:
        connection: Any = Connection("amqp://nowhere/")
        connection.connection_tune = commands.Connection.Tune(frame_max=frame_max)
        connection.server_properties = {"capabilities": {"publisher_confirms": True}}
        self.connection: Connection = connection
        self.channel = Channel(connection, number)
        self.wire = Wire()

    def publisher(self, seconds: float = 10) -> Publisher:
        """One on the channel."""
        ours: Any = self
        opened = Opened(ours, self.channel, ours)
        return Publisher(opened, "views.0", Outbox(self.connection), seconds)

    @staticmethod
    def room(frame_max: int) -> int:
        """For a piece of a body, in a frame."""
        return frame_max - Channel.CONTENT_FRAME_SIZE

    def writes(self) -> list[bytes]:
        """What the client library would write now, a write each."""
        queue = self.connection.write_queue
        return [queue.get_nowait().payload for _ in range(queue.qsize())]

    def frames(self) -> list[Any]:
        """All that it would write, taken apart."""
        data = b"".join(self.writes())
        found = []
        while data:
            size, number, frame = unmarshal(data)
            assert number == self.channel.number
            found.append(frame)
            data = data[size:]
        return found

    async def says(self, *frames: Any) -> None:
        """Until the client library has made of it what it will."""
        for frame in frames:
            await self.channel.frames.put((0, frame))
        for _ in range(10):
            await asyncio.sleep(0)

    async def returns(self, message_id: str) -> None:
        method = Basic.Return(312, "NO_ROUTE", "", "views.0")
        await self.says(method, ContentHeader(properties=Basic.Properties(message_id=message_id)))
