"""The log's append side on RabbitMQ streams over AMQP 0-9-1."""

import asyncio
from typing import cast

from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.partitioning import stream_name
from domain.ports.log import LogWriter
from log.rabbitmq.broker import RPC_SECONDS, broker_errors, connect

_CLOSE_SECONDS = 3.0


class RabbitLogWriter(LogWriter):
    """One connection, one channel with confirms, opened when first needed and after each loss.

    A plain connection: a robust one would hold a publish back until it is connected again, long
    after the client has gone.
    """

    def __init__(
        self, url: str, prefix: str, partitions: int, *, confirm_timeout_seconds: float
    ) -> None:
        self._url = url
        self._streams = [stream_name(prefix, Partition(p)) for p in range(partitions)]
        self._confirm_timeout = confirm_timeout_seconds
        self._published = 0
        self._lock = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: Channel | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def append(self, partition: Partition, body: bytes) -> None:
        stream = self._streams[partition]
        async with broker_errors():
            channel = await self._open()
            try:
                # Mandatory, for a message without a stream to go to would be confirmed too.
                await channel.basic_publish(
                    body,
                    routing_key=stream,
                    properties=self._properties(),
                    mandatory=True,
                    timeout=self._confirm_timeout,
                    # For the confirm, that is, not for the socket's buffer before it.
                    wait=False,
                )
            except TimeoutError:
                # What was sent may still arrive; a new connection keeps it from piling up.
                if channel is self._channel:
                    self._drop()
                raise
            except PublishError as error:
                message = f"the stream {stream} does not exist: run footfall migrate"
                raise LogUnavailable(message) from error

    def _properties(self) -> Basic.Properties:
        # The client library tells by its id which publish a returned message belongs to.
        self._published += 1
        return Basic.Properties(
            delivery_mode=2, content_type="application/json", message_id=str(self._published)
        )

    async def ping(self) -> None:
        async with broker_errors():
            await self._open()
            connection = self._connection
            assert connection is not None
            async with asyncio.timeout(RPC_SECONDS):
                channel = await connection.channel()
                try:
                    await channel.declare_queue(self._streams[-1], passive=True)
                finally:
                    if not channel.is_closed:
                        await channel.close()

    async def close(self) -> None:
        async with self._lock:
            self._drop()
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSE_SECONDS)

    async def _open(self) -> Channel:
        async with self._lock:
            if self._channel is None or self._channel.is_closed:
                self._drop()
                async with asyncio.timeout(RPC_SECONDS):
                    self._connection = await connect(self._url, "footfall ingest")
                    # Without this a returned message would pass for a confirmed one.
                    channel = await self._connection.channel(on_return_raises=True)
                    self._channel = cast(Channel, await channel.get_underlay_channel())
            return self._channel

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            # A broker that vanished answers no goodbye: nobody waits for it.
            task = asyncio.create_task(connection.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
