"""The broker itself: its nodes, connections to them, and why there are none."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import aio_pika
from yarl import URL

from domain.errors import LogUnavailable
from domain.setting_values import virtual_host
from domain.shown import address
from domain.version import VERSION
from log.rabbitmq import properties
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.racing import first
from log.rabbitmq.refusals import why_not
from log.rabbitmq.tls import PARAMETERS as TLS_PARAMETERS
from log.rabbitmq.tls import context_of
from log.rabbitmq.wire import Wire

RPC_SECONDS = 10.0
# For goodbyes; a broker that vanished answers none.
CLOSE_SECONDS = 3.0
# What a connection's name begins with, and who tells its version.
PRODUCT = "footfall"
# So long a node has the question to itself. One that is about to end takes connections and says no
# word on them.
_NEXT_SECONDS = 0.5
# A broker that vanished is missed after about three of these.
_HEARTBEAT_SECONDS = 10

_Found = TypeVar("_Found")


class BrokerConnection(aio_pika.Connection):
    """A plain connection, and the wire below it.

    Not a robust one: that would consume again from the offset of the first attach after a
    reconnect, and hold publishes back long after the client has gone.
    """

    def __init__(self, url: URL, **kwargs: Any) -> None:
        super().__init__(url, **kwargs)
        properties.tolerate()
        self.wire = Wire()
        self.node = ""
        """As RABBITMQ_URL names it."""
        self.kwargs["transport_factory"] = self.wire

    @property
    def lost(self) -> bool:
        """Was it closed, by whom ever?"""
        # `is_closed` only tells of our own `close`: it stays False when the broker goes away.
        return not self.connected.is_set()

    @property
    def most_channels(self) -> int:
        """As agreed with the broker."""
        assert self.transport is not None
        # The tune frame is no part of the abstract class; 0 in it means no limit.
        underlay: Any = self.transport.connection
        return underlay.connection_tune.channel_max or 65_535

    @property
    def version(self) -> str:
        """Of the broker, as it says; empty where it does not."""
        assert self.transport is not None
        return str(self.transport.connection.server_properties.get("version", ""))


def nodes_of(url: str) -> list[str]:
    """The URLs of the nodes that RABBITMQ_URL names, in any order."""
    nodes = url.split(",")
    random.shuffle(nodes)
    return nodes


async def connect(
    url: str,
    name: str,
    patience_seconds: float | None = None,
    doubtful: Collection[str] = (),
) -> BrokerConnection:
    """A plain connection to the first node that answers, shown as `name` in the management pages.

    They are asked in random order, the `doubtful` ones last. Raises `LogUnavailable`, with what the
    first one that was asked has said, after `patience_seconds` for each, `RPC_SECONDS` where none
    are given.
    """
    nodes = sorted(nodes_of(url), key=lambda node: node in doubtful)
    patience = patience_seconds or RPC_SECONDS
    tries = [partial(connect_node, node, name, patience) for node in nodes]
    return await first(tries, _NEXT_SECONDS, close)


async def connect_node(node: str, name: str, patience_seconds: float) -> BrokerConnection:
    """A plain connection to the one node at `node`. Raises `LogUnavailable`."""
    url = node_url(node)
    # Reads files.
    context = await asyncio.to_thread(context_of, url)
    connection = BrokerConnection(
        url.without_query_params(*TLS_PARAMETERS),
        ssl_context=context,
        client_properties={"connection_name": name, "product": PRODUCT, "version": VERSION},
    )
    connection.node = node
    try:
        async with broker_errors():
            await within(patience_seconds, connection.connect(), connection.wire.abort)
    except LogUnavailable as error:
        await close(connection)
        message = f"RabbitMQ at {place_of(node)}: {why_not(error, connection.wire.refusal, url)}"
        told = "RabbitMQ cannot be reached: footfall check says why"
        raise LogUnavailable(_without_secrets(message, url), told=told) from error.__cause__
    return connection


@asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[BrokerConnection]:
    """As `connect`, closed at the end."""
    connection = await connect(url, name)
    try:
        yield connection
    finally:
        await close(connection)


async def close(connection: BrokerConnection) -> None:
    """Say goodbye; who does not answer in time is left without."""
    try:
        async with broker_errors():
            await within(CLOSE_SECONDS, connection.close(), connection.wire.abort)
    except LogUnavailable:
        # It is gone.
        return


async def within(seconds: float, work: Awaitable[_Found], abort: Callable[[], None]) -> _Found:
    """What `work` returns, or `TimeoutError`.

    Unlike `asyncio.timeout` it does not wait for what is cancelled to come to its end: over TLS
    the client library then waits half a minute for a peer that has vanished. `abort` is to end it.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            abort()
            task.cancel()
            task.add_done_callback(forget)
    if not task.done():
        raise TimeoutError
    return task.result()


def forget(task: "asyncio.Future[Any]") -> None:
    """Nobody is left to hear what came of it."""
    if not task.cancelled():
        task.exception()


def place_of(node: str) -> str:
    """Host and port of the one node at `node`. Raises `LogUnavailable`."""
    url = node_url(node)
    return address(url.host or "", url.port or (5671 if url.scheme == "amqps" else 5672))


def node_url(node: str) -> URL:
    try:
        url = URL(node)
        path = "/" + quote(virtual_host(node), safe="")
        query: dict[str, str] = {"heartbeat": str(_HEARTBEAT_SECONDS), **url.query}
        return url.with_path("/" if path == "/%2F" else path, encoded=True).with_query(query)
    except (ValueError, TypeError):
        # Its text may hold a piece of the password.
        message = "RABBITMQ_URL is no URL that the client library understands"
        raise LogUnavailable(message) from None


def _without_secrets(message: str, url: URL) -> str:
    for secret in (url.password, url.raw_password):
        if secret and len(secret) > 2 and secret != url.user:
            message = message.replace(secret, "***")
    return message
