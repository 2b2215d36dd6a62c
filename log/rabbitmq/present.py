"""Are the streams there that views go to?"""

import asyncio

from aiormq.exceptions import ChannelNotFoundEntity

from domain.errors import NotDeclared
from domain.events import Partition
from domain.partitioning import stream_name
from log.rabbitmq.broker import RPC_SECONDS, connected
from log.rabbitmq.errors import broker_errors


async def require_streams(url: str, prefix: str, partitions: int) -> None:
    """Raises `NotDeclared` where there are fewer, `LogUnavailable` where the broker does not tell.

    They are declared in order: where the last is there all are.
    """
    stream = stream_name(prefix, Partition(partitions - 1))
    async with (
        connected(url, "footfall ingest") as connection,
        broker_errors(),
        asyncio.timeout(RPC_SECONDS),
    ):
        channel = connection.channel()
        await channel.initialize()
        try:
            await channel.declare_queue(stream, passive=True)
        except ChannelNotFoundEntity as error:
            message = (
                f"NUM_PARTITIONS is {partitions}, and the stream {stream} does not exist: "
                "run footfall migrate"
            )
            raise NotDeclared(message) from error
