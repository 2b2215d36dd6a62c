"""A broker made of bytes: the client library's own connection and channels over no socket."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import aiormq
import pamqp.frame
from aiormq.connection import TransportFactory
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

_START = commands.Connection.Start(
    server_properties={"capabilities": {"publisher_confirms": True, "basic.nack": True}}
)


def method(channel: int, frame: Any) -> bytes:
    """The bytes of a frame."""
    return pamqp.frame.marshal(frame, channel)


def delivery(
    channel: int,
    tag: int,
    body: bytes,
    headers: Any = None,
    sizes: tuple[int, ...] = (),
    **properties: Any,
) -> list[bytes]:
    """The frames of a delivery; those of its body have the `sizes` in turn, the last the rest."""
    frames = [
        method(channel, commands.Basic.Deliver("me", tag, False, "", "a.0")),
        method(
            channel,
            ContentHeader(0, len(body), commands.Basic.Properties(headers=headers, **properties)),
        ),
    ]
    for size in (*sizes, len(body)):
        if part := body[:size]:
            frames.append(method(channel, ContentBody(part)))
            body = body[size:]
    return frames


class Answering:
    """The side that is written to: answers at once what a connection and a channel ask."""

    transport = cast(Any, None)

    def __init__(self, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        self._closing = False
        self.written: list[Any] = []

    def write(self, data: bytes) -> None:
        if data.startswith(b"AMQP"):
            self._answer(method(0, _START))
            return
        while data:
            size, channel, frame = pamqp.frame.unmarshal(data)
            self.written.append(frame)
            for found in _answers(frame):
                self._answer(method(channel, found))
            data = data[size:]

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self._closing = True

    async def wait_closed(self) -> None:
        pass


def _answers(frame: object) -> list[Any]:
    match frame:
        case commands.Connection.StartOk():
            return [commands.Connection.Tune(0, 131_072, 0)]
        case commands.Connection.Open():
            return [commands.Connection.OpenOk()]
        case commands.Connection.Close():
            return [commands.Connection.CloseOk()]
        case commands.Channel.Open():
            return [commands.Channel.OpenOk()]
        case commands.Channel.Close():
            return [commands.Channel.CloseOk()]
        case commands.Basic.Consume():
            return [commands.Basic.ConsumeOk("me")]
        case _:
            return []


class OverBytes(TransportFactory):
    """What stands in for a socket: `reader` is fed by whoever plays the broker."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.reader = reader
        self.writer = Answering(reader.feed_data)

    async def create(self, *_: Any, **__: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return self.reader, cast(asyncio.StreamWriter, self.writer)


async def connected(transport: OverBytes) -> aiormq.Connection:
    """A connection of the client library over it."""
    connection = aiormq.Connection("amqp://127.0.0.1/?heartbeat=0", transport_factory=transport)
    await connection.connect()
    return connection
