"""A connection without a socket: bytes in, bytes out, in reads that a test chooses."""

import asyncio
from typing import Any

from cli.processes.server import server_of

DATE = [(b"date", b"Mon, 30 Nov 2026 10:00:00 GMT")]


class Pipe:
    """What a connection takes for its transport; `written` has each write."""

    def __init__(self, client: tuple[str, int]) -> None:
        self._client = client
        self.written: list[bytes] = []
        self.closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"sockname": ("127.0.0.1", 80), "peername": self._client}.get(name, default)

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = write_eof = close

    def pause_reading(self) -> None:
        """Nothing comes by itself."""

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return 0


class Wire:
    """One connection to an application."""

    def __init__(self, app: Any, client: str = "127.0.0.1", seconds: int = 1) -> None:
        self.server = server_of(app, seconds)
        config = self.server.config
        config.load()
        self.state = self.server.server_state
        self.state.default_headers = DATE
        self.pipe = Pipe((client, 4711))
        made: Any = config.http_protocol_class
        self.connection: Any = made(config=config, server_state=self.state, app_state={})
        self.connection.connection_made(self.pipe)

    def feed(self, data: bytes) -> None:
        """One read."""
        self.connection.data_received(data)

    @property
    def is_brief(self) -> bool:
        """Did the last request go the short way?"""
        return type(self.connection.cycle).__name__ == "Brief"

    async def answered(self, times: int) -> bytes:
        """All that was written once so many requests are answered, ever."""
        async with asyncio.timeout(5):
            while self.state.total_requests < times:
                await asyncio.sleep(0)
        return b"".join(self.pipe.written)

    async def ask(self, data: bytes) -> bytes:
        """What is answered to one request that comes in one read."""
        self.pipe.written.clear()
        before = self.state.total_requests
        self.feed(data)
        return await self.answered(before + 1)

    async def ask_in_two(self, data: bytes) -> bytes:
        """The same, head and body each in a read of its own: the long way."""
        self.pipe.written.clear()
        before = self.state.total_requests
        end = data.find(b"\r\n\r\n") + 4
        self.feed(data[:end])
        self.feed(data[end:])
        assert not self.is_brief
        return await self.answered(before + 1)
