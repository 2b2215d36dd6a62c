"""Channels on as many connections as the broker's limit of them asks for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Generic, NamedTuple, TypeVar

from aio_pika.abc import AbstractChannel
from aiormq import Channel

from domain.errors import LogUnavailable
from log.rabbitmq.broker import (
    CLOSE_SECONDS,
    RPC_SECONDS,
    BrokerConnection,
    close,
    connect,
    forget,
)
from log.rabbitmq.errors import broker_errors

# A node that was lost or left is asked last for so long: it may be about to end, or to begin.
_DOUBT_SECONDS = 30.0

_Found = TypeVar("_Found")


class Shared(Generic[_Found]):
    """Work that several ask for at the same time and that is done once for all of them."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _Found]]) -> None:
        self._work = work
        self._task: asyncio.Task[_Found] | None = None

    async def done(self) -> _Found:
        """What came of it. Raises what it raised, or `LogUnavailable` where it was cancelled."""
        if self._task is None:
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(self._ended)
        async with broker_errors():
            return await asyncio.shield(self._task)

    def cancel(self) -> None:
        """Give it up, for all of them."""
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[_Found]) -> None:
        self._task = None
        # Nobody may be left who waits for it.
        forget(task)


class Opened(NamedTuple):
    """A channel that is open: ours, the client library's below it, and its connection."""

    channel: AbstractChannel
    underlay: Channel
    connection: BrokerConnection

    @property
    def usable(self) -> bool:
        """Is it still open?"""
        return not self.underlay.is_closed and not self.connection.lost


class Channels:
    """Opens connections when they are needed and after a loss.

    A broker may allow fewer channels to a connection (`channel_max`) than all partitions take;
    whoever opens one more loses the connection and with it all the others.
    """

    def __init__(
        self,
        url: str,
        name: str,
        patience_seconds: float | None = None,
        channel_seconds: float = RPC_SECONDS,
    ) -> None:
        self._url = url
        self._patience = patience_seconds
        self._channel_seconds = channel_seconds
        self._name = name
        # How many channels of each are in use, or not yet closed.
        self._used: dict[BrokerConnection, int] = {}
        self._left: set[BrokerConnection] = set()
        # Nodes, and until when.
        self._doubtful: dict[str, float] = {}
        # One for all who wait: a broker that answers nothing is waited for once, not by every
        # partition in turn.
        self._connecting = Shared(self._connect)
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[Opened]:
        """One without confirms, closed at the end. Raises `LogUnavailable` while it is opened."""
        opened = await self.open(publisher_confirms=False)
        try:
            yield opened
        finally:
            self.give_back(opened)

    async def open(self, **options: bool) -> Opened:
        """One with `options` of the client library, until `give_back` or `leave`."""
        connection = await self._reserve()
        try:
            async with broker_errors(), asyncio.timeout(self._channel_seconds):
                # What is cancelled here is closed by the client library itself.
                channel: Any = await connection.channel(**options)
                return Opened(channel, await channel.get_underlay_channel(), connection)
        except LogUnavailable:
            self._leave(connection)
            self._release(connection)
            raise
        except BaseException:
            self._release(connection)
            raise

    def give_back(self, opened: Opened) -> None:
        """Close the channel; a broker that vanished answers no goodbye, so nobody waits for it."""
        self._later(self._close(opened))

    def leave(self, opened: Opened) -> None:
        """As `give_back`, and no other is opened on its connection: the broker is silent there.

        Those that are open there stay, for they may yet be answered; the connection ends with the
        last of them. The next one is to another node, if there is one.
        """
        self._leave(opened.connection)
        self.give_back(opened)

    def stays(self, opened: Opened) -> bool:
        """Is it open, and nobody has left its connection?"""
        return opened.usable and opened.connection not in self._left

    async def close(self) -> None:
        """Everything, within `CLOSE_SECONDS`."""
        self._connecting.cancel()
        for connection in list(self._used):
            self._drop(connection)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_SECONDS)

    async def _reserve(self) -> BrokerConnection:
        while True:
            for connection, used in list(self._used.items()):
                if connection.lost:
                    self._doubt(connection)
                    self._drop(connection)
                elif connection not in self._left and used < connection.most_channels:
                    self._used[connection] += 1
                    return connection
            await self._connecting.done()

    async def _connect(self) -> None:
        now = asyncio.get_running_loop().time()
        doubtful = {node for node, until in self._doubtful.items() if until > now}
        self._used[await connect(self._url, self._name, self._patience, doubtful)] = 0

    async def _close(self, opened: Opened) -> None:
        try:
            async with broker_errors(), asyncio.timeout(RPC_SECONDS):
                if opened.usable:
                    await opened.channel.close()
        finally:
            self._release(opened.connection)

    def _release(self, connection: BrokerConnection) -> None:
        if connection in self._used:
            self._used[connection] -= 1
            if connection in self._left and not self._used[connection]:
                self._drop(connection)

    def _leave(self, connection: BrokerConnection) -> None:
        self._doubt(connection)
        # One that was dropped meanwhile is gone.
        if connection in self._used:
            self._left.add(connection)

    def _doubt(self, connection: BrokerConnection) -> None:
        self._doubtful[connection.node] = asyncio.get_running_loop().time() + _DOUBT_SECONDS

    def _drop(self, connection: BrokerConnection) -> None:
        """Close it with all its channels; nobody waits for that either."""
        self._left.discard(connection)
        if self._used.pop(connection, None) is not None:
            self._later(close(connection))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        # A channel whose connection is gone is gone with it.
        forget(task)
