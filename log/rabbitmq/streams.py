"""The streams: what they are declared with, and who leads them."""

import asyncio
from contextlib import AsyncExitStack

from aio_pika.abc import AbstractConnection
from aiormq.abc import ArgumentsType
from aiormq.exceptions import ChannelNotFoundEntity

from domain.events import Partition
from domain.partitioning import stream_name
from domain.retention import SEGMENT_BYTES
from log.rabbitmq.broker import RPC_SECONDS, BrokerConnection, close, connect_node, nodes_of
from log.rabbitmq.errors import broker_errors

# A cluster takes its time to place a stream's replicas.
_DECLARE_SECONDS = 30.0
MAX_AGE = "x-max-age"
SEGMENT_SIZE = "x-stream-max-segment-size-bytes"
# In a cluster a stream has a replica on every node where no argument says otherwise.
STREAM_ARGUMENTS: ArgumentsType = {"x-queue-type": "stream", SEGMENT_SIZE: SEGMENT_BYTES}


async def declare_streams(
    url: str,
    prefix: str,
    partitions: int,
    max_age: str | None = None,
    replicas: int | None = None,
) -> None:
    """Create the streams that are missing, bounded by `max_age`. Raises `LogUnavailable`.

    One that is there stays as it is: its arguments cannot be changed any more. Each gets so many
    `replicas`, unless said otherwise one on every node.
    """
    arguments = stream_arguments(max_age)
    if replicas is not None:
        arguments = {**arguments, "x-initial-cluster-size": replicas}
    async with broker_errors("configure on footfall's queues"), AsyncExitStack() as stack:
        connections = await _connect_all(url, stack)
        for partition in range(partitions):
            stream = stream_name(prefix, Partition(partition))
            # A stream is led by the node that is asked to declare it, so these take turns.
            connection = connections[partition % len(connections)]
            async with asyncio.timeout(_DECLARE_SECONDS):
                if not await _exists(connection, stream):
                    async with connection.channel() as channel:
                        await channel.declare_queue(stream, durable=True, arguments=arguments)


async def _connect_all(url: str, stack: AsyncExitStack) -> list[BrokerConnection]:
    # All at once: those that are away are waited for once.
    asked = [connect_node(node, "footfall migrate", RPC_SECONDS) for node in nodes_of(url)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    connections = [one for one in found if not isinstance(one, BaseException)]
    for connection in connections:
        stack.push_async_callback(close, connection)
    if not connections:
        raise next(one for one in found if isinstance(one, BaseException))
    return connections


def stream_arguments(max_age: str | None) -> ArgumentsType:
    """What a stream is declared with; None: kept for ever."""
    return STREAM_ARGUMENTS if max_age is None else {**STREAM_ARGUMENTS, MAX_AGE: max_age}


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
