"""A way to a server that can be cut: what is on it then is never heard of again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class Route:
    """Carries connections from a port of its own to `host` and `port`, until it is cut.

    `cut` leaves all connections open and forwards nothing any more, new ones included; `mend` lets
    new ones through again.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._cut_at: Callable[[bytes], bool] | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def port(self) -> int:
        """Where it begins."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """From now on."""
        self._open.clear()

    def cut_at(self, condition: Callable[[bytes], bool]) -> None:
        """As soon as a client sends such bytes, which do not arrive any more."""
        self._cut_at = condition

    def mend(self) -> None:
        """For connections to come; those of before stay lost."""
        self._cut_at = None
        for task in self._tasks:
            task.cancel()
        self._open.set()

    @property
    def is_cut(self) -> bool:
        """Has `cut_at` met its bytes?"""
        return not self._open.is_set()

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._writers.append(back)
        far, forth = await asyncio.open_connection(*self._target)
        self._writers.append(forth)
        for reader, writer, sent in ((near, forth, True), (far, back, False)):
            task = asyncio.create_task(self._copy(reader, writer, sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if sent and self._cut_at is not None and self._cut_at(data):
                    self.cut()
                if self.is_cut:
                    # Read and forgotten: neither end hears of it.
                    continue
                writer.write(data)
                await writer.drain()
        if not self.is_cut:
            writer.close()
