"""The streams: what they are declared with, and who leads them."""

from functools import partial

from aio_pika.abc import AbstractConnection
from aiormq.abc import ArgumentsType
from aiormq.exceptions import ChannelNotFoundEntity

from domain.events import Partition
from domain.partitioning import stream_name
from domain.retention import SEGMENT_BYTES
from log.rabbitmq.broker import nodes_of
from log.rabbitmq.patient import PatientNodes

_TO_DECLARE = "configure on footfall's queues"
MAX_AGE = "x-max-age"
SEGMENT_SIZE = "x-stream-max-segment-size-bytes"
INITIAL_SIZE = "x-initial-cluster-size"
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
        arguments = {**arguments, INITIAL_SIZE: replicas}
    async with PatientNodes(nodes_of(url), "footfall migrate", _TO_DECLARE) as nodes:
        for partition in range(partitions):
            stream = stream_name(prefix, Partition(partition))
            # A stream is led by the node that is asked to declare it, so these take turns.
            await nodes.ask(partition, stream, partial(_declare, stream, arguments))


async def _declare(stream: str, arguments: ArgumentsType, connection: AbstractConnection) -> None:
    if not await _exists(connection, stream):
        async with connection.channel() as channel:
            await channel.declare_queue(stream, durable=True, arguments=arguments)


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
