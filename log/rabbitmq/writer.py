"""The log's append side on RabbitMQ streams over AMQP 0-9-1."""

import asyncio

from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from domain.errors import LogUnavailable, NotDeclared
from domain.events import Partition
from domain.partitioning import stream_name
from domain.ports.log import LogWriter
from log.rabbitmq.broker import RPC_SECONDS, BrokerConnection, forget
from log.rabbitmq.channels import Channels, Opened, Shared
from log.rabbitmq.errors import broker_errors

_TO_APPEND = "write on amq.default"


class RabbitLogWriter(LogWriter):
    """One connection, one channel with confirms, opened when first needed and after each loss.

    A plain connection: a robust one would hold a publish back until it is connected again, long
    after the client has gone.
    """

    def __init__(
        self, url: str, prefix: str, partitions: int, *, confirm_timeout_seconds: float
    ) -> None:
        self._streams = [stream_name(prefix, Partition(p)) for p in range(partitions)]
        # No stream has such a name: these end in a number.
        self._nowhere = f"{prefix}.nowhere"
        self._confirm_timeout = confirm_timeout_seconds
        self._published = 0
        self._channels = Channels(url, "footfall ingest")
        self._opened: Opened | None = None
        self._opening = Shared(self._open_anew)
        # Of their own, so that views wait for no probe: a client library handles what comes in on
        # a connection in turn.
        self._probes = Channels(url, "footfall ingest probe")
        self._probe: Opened | None = None
        self._pinging = Shared(self._ping)

    async def append(self, partition: Partition, body: bytes) -> None:
        stream = self._streams[partition]
        async with broker_errors(_TO_APPEND):
            opened = await self._open()
            _refuse_while_blocked(opened.connection)
            try:
                # Mandatory, for a message without a stream to go to would be confirmed too.
                await opened.underlay.basic_publish(
                    body,
                    routing_key=stream,
                    properties=self._properties(),
                    mandatory=True,
                    timeout=self._confirm_timeout,
                    # For the confirm, that is, not for the socket's buffer before it.
                    wait=False,
                )
            except TimeoutError:
                # The end of an alarm is told on the connection that it has blocked.
                _refuse_while_blocked(opened.connection)
                # What was sent may still arrive; a new connection keeps it from piling up.
                self._drop(opened)
                raise
            except PublishError as error:
                message = f"the stream {stream} does not exist: run footfall migrate"
                raise NotDeclared(message, took_nothing=True) from error

    def _properties(self) -> Basic.Properties:
        # The client library tells by its id which publish a returned message belongs to.
        self._published += 1
        return Basic.Properties(
            delivery_mode=2, content_type="application/json", message_id=str(self._published)
        )

    async def ping(self) -> None:
        await self._pinging.done()

    async def _ping(self) -> None:
        async with broker_errors(_TO_APPEND):
            if self._probe is None or not self._probe.usable:
                self._probe = None
                self._probe = await self._probes.open()
            await self._publish_to_nobody(self._probe)
            # On a channel of its own: a stream that is missing closes it.
            async with self._probes.channel() as other, asyncio.timeout(RPC_SECONDS):
                await other.channel.declare_queue(self._streams[-1], passive=True)

    async def _publish_to_nobody(self, opened: Opened) -> None:
        """A message that no queue gets is confirmed too, but not while an alarm lasts.

        The broker tells of an alarm only those who publish.
        """
        wire = opened.connection.wire
        _refuse_while_blocked(opened.connection)
        published = asyncio.ensure_future(
            opened.underlay.basic_publish(
                b"",
                routing_key=self._nowhere,
                properties=self._properties(),
                timeout=RPC_SECONDS,
                wait=False,
            )
        )
        published.add_done_callback(forget)
        blocked = asyncio.create_task(wire.until_blocked())
        try:
            await asyncio.wait({published, blocked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            blocked.cancel()
            if not published.done():
                published.cancel()
        _refuse_while_blocked(opened.connection)
        await published

    async def close(self) -> None:
        self._opening.cancel()
        self._pinging.cancel()
        await asyncio.gather(self._channels.close(), self._probes.close())

    async def _open(self) -> Opened:
        if self._opened is not None and self._opened.usable:
            return self._opened
        return await self._opening.done()

    async def _open_anew(self) -> Opened:
        if self._opened is not None:
            self._drop(self._opened)
        # Without this a returned message would pass for a confirmed one.
        self._opened = await self._channels.open(on_return_raises=True)
        return self._opened

    def _drop(self, opened: Opened) -> None:
        self._channels.drop(opened.connection)
        if self._opened is opened:
            self._opened = None


def _refuse_while_blocked(connection: BrokerConnection) -> None:
    if reason := connection.wire.blocked:
        message = (
            f"RabbitMQ takes no messages, an alarm blocks them: {reason} (rabbitmqctl status names "
            "it); it goes on by itself when the alarm ends"
        )
        raise LogUnavailable(message)
