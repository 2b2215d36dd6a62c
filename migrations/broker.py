"""The broker itself: its connections, its streams, and its errors in our words."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.abc import ArgumentsType
from aiormq.exceptions import AMQPError, ChannelNotFoundEntity
from yarl import URL

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.partitioning import stream_name

RPC_SECONDS = 10.0
# A broker that vanished is missed after about three of these.
_HEARTBEAT_SECONDS = 10
# Segments are the unit of retention and cannot be changed after the declaration. In a cluster a
# stream has a replica on every node where no argument says otherwise.
STREAM_ARGUMENTS: ArgumentsType = {
    "x-queue-type": "stream",
    "x-stream-max-segment-size-bytes": 64_000_000,
}


def nodes_of(url: str) -> list[str]:
    """The URLs of the nodes that RABBITMQ_URL names, in any order."""
    nodes = url.split(",")
    random.shuffle(nodes)
    return nodes


async def connect(url: str, name: str) -> AbstractConnection:
    """A plain connection to the first node that answers, shown as `name` in the management pages.

    Not a robust one: that would consume again from the offset of the first attach after a
    reconnect, and hold publishes back long after the client has gone.
    """
    nodes = nodes_of(url)
    failures = []
    for node in nodes:
        try:
            return await _connect(node, name, RPC_SECONDS / len(nodes))
        except LogUnavailable as error:
            failures.append(error)
    raise failures[0]


async def _connect(node: str, name: str, patience_seconds: float) -> AbstractConnection:
    found = URL(node)
    async with translated():
        return await aio_pika.connect(
            found.with_query({"heartbeat": _HEARTBEAT_SECONDS, **found.query}),
            timeout=patience_seconds,
            client_properties={"connection_name": name},
        )


def is_lost(connection: AbstractConnection) -> bool:
    """Was the connection closed, by whom ever?"""
    # `is_closed` only tells of our own `close`: it stays False when the broker goes away.
    return not connection.connected.is_set()


async def declare_streams(
    url: str, prefix: str, partitions: int, max_age: str | None = None
) -> None:
    """Create the streams that are missing, bounded by `max_age`. Raises `LogUnavailable`.

    One that is there stays as it is: its arguments cannot be changed any more.
    """
    async with translated(), AsyncExitStack() as stack:
        connections = await _connect_all(url, stack)
        for partition in range(partitions):
            stream = stream_name(prefix, Partition(partition))
            # A stream is led by the node that is asked to declare it, so these take turns.
            connection = connections[partition % len(connections)]
            if not await _exists(connection, stream):
                async with connection.channel() as channel:
                    await channel.declare_queue(
                        stream, durable=True, arguments=stream_arguments(max_age)
                    )


async def _connect_all(url: str, stack: AsyncExitStack) -> list[AbstractConnection]:
    connections = []
    failures = []
    for node in nodes_of(url):
        try:
            connection = await _connect(node, "footfall migrate", RPC_SECONDS)
            connections.append(await stack.enter_async_context(connection))
        except LogUnavailable as error:
            failures.append(error)
    if not connections:
        raise failures[0]
    return connections


def stream_arguments(max_age: str | None) -> ArgumentsType:
    """What a stream is declared with; None: kept for ever."""
    return STREAM_ARGUMENTS if max_age is None else {**STREAM_ARGUMENTS, "x-max-age": max_age}


async def _exists(connection: AbstractConnection, stream: str) -> bool:
    channel = connection.channel()
    await channel.initialize()
    try:
        await channel.declare_queue(stream, passive=True)
    except ChannelNotFoundEntity:
        # The broker has closed the channel with that.
        return False
    await channel.close()
    return True


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """The client library's errors as `LogUnavailable`, with their cause."""
    try:
        yield
    except ChannelNotFoundEntity as error:
        raise LogUnavailable(f"a stream is missing, run footfall migrate: {error}") from error
    except TimeoutError as error:
        raise LogUnavailable("RabbitMQ did not answer in time") from error
    except (AMQPError, OSError, RuntimeError) as error:
        raise LogUnavailable(f"RabbitMQ: {type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        # The client library cancels what waits on a connection it loses. That is not ours.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise LogUnavailable("RabbitMQ closed the connection") from error
