"""Clients that send bytes of their own making to a real process."""

import asyncio
import re


def post(body: bytes, headers: bytes = b"", path: str = "/page-views/single") -> bytes:
    line = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    return line + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


class Stranger:
    """A connection that sends bytes."""

    def __init__(self, port: int, data: bytes = b"") -> None:
        self._port = port
        self._data = data

    async def begin(self) -> "Stranger":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self.send(self._data)
        return self

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Nothing more will be sent."""
        self._writer.write_eof()

    async def rest(self, seconds: float = 30) -> bytes:
        """All that comes until the connection is closed."""
        try:
            async with asyncio.timeout(seconds):
                return await self._reader.read()
        finally:
            self.leave()

    def leave(self) -> None:
        self._writer.transport.abort()
