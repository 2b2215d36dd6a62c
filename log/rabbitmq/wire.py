"""The socket of a connection to the broker: what is said on it, and its end.

The client library keeps neither why a broker blocks a connection nor why it refuses a virtual host,
and offers no way to let a connection go that its peer has forgotten.
"""

import asyncio
from typing import Any, cast

import pamqp.frame
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from pamqp import commands
from yarl import URL

_OF_THE_CONNECTION = commands.Connection.frame_id.to_bytes(2)


class Wire(TransportFactory):
    """Opens the socket of one connection, and listens along."""

    def __init__(self) -> None:
        self.refusal: commands.Connection.Close | None = None
        """Why the broker closed the connection, if it said so."""
        self._blocked: str | None = None
        self._changed = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    @property
    def blocked(self) -> str | None:
        """Why the broker takes no messages now: an alarm of memory or disk."""
        return self._blocked

    async def until_blocked(self) -> str:
        """Wait for it; why."""
        while self._blocked is None:
            self._changed.clear()
            await self._changed.wait()
        return self._blocked

    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self._writer = await factory.create(url, **kwargs)
        # Of a reader the client library asks for no more than this.
        return cast(asyncio.StreamReader, _Listening(reader, self)), self._writer

    def abort(self) -> None:
        """Let the socket go without a goodbye: nobody waits for it any more."""
        if self._writer is not None:
            self._writer.transport.abort()

    def heard(self, frame: object) -> None:
        """The broker has said something of the connection."""
        match frame:
            case commands.Connection.Close():
                self.refusal = frame
            case commands.Connection.Blocked():
                self._blocked = frame.reason or "an alarm"
                self._changed.set()
            case commands.Connection.Unblocked():
                self._blocked = None


class _Listening:
    """A reader that passes on to `Wire` what is said of the connection.

    A frame is read in three parts: its type, its channel and length, the rest.
    """

    def __init__(self, reader: asyncio.StreamReader, wire: Wire) -> None:
        self._reader = reader
        self._wire = wire
        self._head: list[bytes] = []

    def at_eof(self) -> bool:
        return self._reader.at_eof()

    async def read(self, size: int = -1) -> bytes:
        return await self._reader.read(size)

    async def readexactly(self, size: int) -> bytes:
        part = await self._reader.readexactly(size)
        head = self._head
        if len(head) < 2:
            head.append(part)
            return part
        if part[:2] == _OF_THE_CONNECTION and head[1][:2] == b"\0\0":
            self._tell(b"".join((*head, part)))
        head.clear()
        return part

    def _tell(self, frame: bytes) -> None:
        try:
            self._wire.heard(pamqp.frame.unmarshal(frame)[2])
        except Exception:  # noqa: BLE001
            # Whoever reads it says what is wrong with it.
            return
