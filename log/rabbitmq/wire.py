"""The socket of a connection to the broker: what is said on it, and its end.

The client library keeps neither why a broker blocks a connection nor why it refuses a virtual host,
and offers no way to let a connection go that its peer has forgotten.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pamqp.frame
from aiormq.connection import TransportFactory
from aiormq.exceptions import AMQPConnectionError
from pamqp import commands
from yarl import URL

from log.rabbitmq.frames import Frames, Taker


class Wire(TransportFactory):
    """Opens the socket of one connection, and listens along."""

    def __init__(self) -> None:
        self.refusal: commands.Connection.Close | None = None
        """Why the broker closed the connection, if it said so."""
        self._blocked: str | None = None
        self._changed = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._takers: dict[int, Taker] = {}

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
        # As the client library's own factories do, with a reader of ours.
        contexts = kwargs.pop("ssl_context_provider")
        context = await contexts.get_context() if url.scheme == "amqps" else None
        loop = asyncio.get_running_loop()
        reader = Frames(self._takers, self._tell)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, url.host or "", url.port or 0, ssl=context, **kwargs
            )
        except OSError as error:
            raise AMQPConnectionError(*error.args) from error
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        return reader, self._writer

    @contextmanager
    def taking(self, channel: int, taker: Taker) -> Iterator[None]:
        """Meanwhile methods of the channel are shown to `taker` before the library reads them."""
        self._takers[channel] = taker
        try:
            yield
        finally:
            if self._takers.get(channel) is taker:
                del self._takers[channel]

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

    def _tell(self, frame: bytes) -> None:
        try:
            self.heard(pamqp.frame.unmarshal(frame)[2])
        except Exception:  # noqa: BLE001
            # Whoever reads it says what is wrong with it.
            return
