"""Messages into streams faster than a client library sends them: frames written by hand.

Without confirms: whoever uses it checks afterwards what the log holds.
"""

import asyncio
from collections.abc import Iterable
from struct import pack
from typing import Any
from urllib.parse import unquote, urlsplit

from pamqp import commands, frame
from pamqp.header import ContentHeader

_CHANNEL = 1
_BUFFER_BYTES = 1_000_000


async def flood(url: str, stream: str, bodies: Iterable[bytes]) -> None:
    """Publish `bodies` to a stream, as fast as the broker reads."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 5672)
    user, password = unquote(parts.username or "guest"), unquote(parts.password or "guest")
    writer.write(b"AMQP\x00\x00\x09\x01")
    await _expect(reader, commands.Connection.Start)
    _send(writer, 0, commands.Connection.StartOk({}, "PLAIN", f"\0{user}\0{password}", "en_US"))
    tune: Any = await _expect(reader, commands.Connection.Tune)
    _send(writer, 0, commands.Connection.TuneOk(tune.channel_max, tune.frame_max, 0))
    _send(writer, 0, commands.Connection.Open(unquote(parts.path[1:]) or "/"))
    await _expect(reader, commands.Connection.OpenOk)
    _send(writer, _CHANNEL, commands.Channel.Open())
    await _expect(reader, commands.Channel.OpenOk)
    await _publish(writer, stream, bodies)
    _send(writer, _CHANNEL, commands.Channel.Close(200, "done", 0, 0))
    await _expect(reader, commands.Channel.CloseOk)
    writer.close()
    await writer.wait_closed()


async def _publish(writer: asyncio.StreamWriter, stream: str, bodies: Iterable[bytes]) -> None:
    publish = frame.marshal(commands.Basic.Publish(0, "", stream), _CHANNEL)
    pieces: list[bytes] = []
    size = 0
    for body in bodies:
        header = frame.marshal(ContentHeader(0, len(body), commands.Basic.Properties()), _CHANNEL)
        pieces += (publish, header, pack(">BHI", 3, _CHANNEL, len(body)), body, b"\xce")
        size += len(publish) + len(header) + len(body) + 8
        if size > _BUFFER_BYTES:
            writer.write(b"".join(pieces))
            await writer.drain()
            pieces.clear()
            size = 0
    writer.write(b"".join(pieces))
    await writer.drain()


def _send(writer: asyncio.StreamWriter, channel: int, method: Any) -> None:
    writer.write(frame.marshal(method, channel))


async def _expect(reader: asyncio.StreamReader, kind: type) -> object:
    while True:
        head = await reader.readexactly(7)
        rest = await reader.readexactly(int.from_bytes(head[3:7]) + 1)
        _, _, method = frame.unmarshal(head + rest)
        if isinstance(method, kind):
            return method
