"""The log's append side on RabbitMQ streams over AMQP 0-9-1."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from aiormq.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from domain.errors import LogUnavailable, NotDeclared
from domain.events import Partition
from domain.partitioning import stream_name
from domain.ports.common import Clock
from domain.ports.log import LogWriter
from log.rabbitmq.broker import RPC_SECONDS, BrokerConnection, forget
from log.rabbitmq.channels import Channels, Opened, Shared
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.probing import Confirms, Probing

_TO_APPEND = "write on amq.default"
# So long a stream that is there may be missing at a node that has just started.
_STARTING_SECONDS = 5.0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class RabbitLogWriter(LogWriter):
    """A channel with confirms for each stream, opened when first needed and after each loss.

    A channel of its own, for when the leader of a stream dies RabbitMQ 3.x gives the next
    one what was not confirmed, under the number that it has in its channel. Only where no other
    stream counts along, that is its number in the stream. Elsewhere it is never confirmed, and
    what follows passes for its repetition: confirmed, and not written.

    A plain connection: a robust one would hold a publish back until it is connected again, long
    after the client has gone.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        partitions: int,
        *,
        confirm_timeout_seconds: float,
        patience_seconds: float = 10.0,
        now_ms: Clock = _now_ms,
    ) -> None:
        self._streams = [stream_name(prefix, Partition(p)) for p in range(partitions)]
        # No stream has such a name: these end in a number.
        self._nowhere = f"{prefix}.nowhere"
        self._confirm_timeout = confirm_timeout_seconds
        self._published = 0
        self._channels = Channels(url, "footfall ingest", channel_seconds=confirm_timeout_seconds)
        self._opened: dict[Partition, Opened] = {}
        self._opening = [Shared(partial(self._open_anew, Partition(p))) for p in range(partitions)]
        # Of their own, so that views wait for no probe: a client library handles what comes in on
        # a connection in turn.
        self._probes = Channels(url, "footfall ingest probe")
        self._probe: Opened | None = None
        self._pinging = Shared(self._ping)
        # Since when what is appended comes back, as from a stream that does not exist.
        self._missing: dict[Partition, float] = {}
        self._confirms = Confirms(partitions)
        self._probing = Probing(
            self._confirms, self.append, now_ms, patience_seconds=patience_seconds
        )

    async def append(self, partition: Partition, body: bytes) -> None:
        stream = self._streams[partition]
        async with self._confirms.of(partition), broker_errors(_TO_APPEND):
            opened = await self._open(partition)
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
                # What was sent may still arrive, and be confirmed to nobody.
                self._end(partition, opened, self._channels.leave)
                raise
            except DeliveryError as error:
                # From here on its numbers are not those of the stream.
                self._end(partition, opened, self._channels.give_back)
                if not isinstance(error, PublishError):
                    raise
                message = f"the stream {stream} does not exist: run footfall migrate"
                since = self._missing.setdefault(partition, time.monotonic())
                settled = time.monotonic() - since >= _STARTING_SECONDS
                raise NotDeclared(message, took_nothing=settled) from error
            self._missing.pop(partition, None)

    def _properties(self) -> Basic.Properties:
        # The client library tells by its id which publish a returned message belongs to.
        self._published += 1
        return Basic.Properties(
            delivery_mode=2, content_type="application/json", message_id=str(self._published)
        )

    async def ping(self) -> None:
        await self._pinging.done()

    async def try_all(self) -> None:
        await self._ask_broker()
        await self._probing.look_at_all(RPC_SECONDS)

    async def _ping(self) -> None:
        await self._ask_broker()
        await self._probing.look()

    async def _ask_broker(self) -> None:
        """What it says without anything being appended: alarms, and whether streams are missing.

        A probe would wait for the end of an alarm.
        """
        async with broker_errors(_TO_APPEND):
            if self._probe is None or not self._probes.stays(self._probe):
                self._end_probe(self._probes.give_back)
                self._probe = await self._probes.open()
            try:
                await self._publish_to_nobody(self._probe)
                # On a channel of its own: a stream that is missing closes it.
                async with self._probes.channel() as other, asyncio.timeout(RPC_SECONDS):
                    await other.channel.declare_queue(self._streams[-1], passive=True)
            except TimeoutError:
                # Another node may answer, as it does those who append.
                self._end_probe(self._probes.leave)
                raise

    def _end_probe(self, end: Callable[[Opened], None]) -> None:
        if self._probe is not None:
            end(self._probe)
            self._probe = None

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
        for opening in self._opening:
            opening.cancel()
        self._pinging.cancel()
        self._probing.cancel()
        await asyncio.gather(self._channels.close(), self._probes.close())

    async def _open(self, partition: Partition) -> Opened:
        opened = self._opened.get(partition)
        if opened is not None and self._channels.stays(opened):
            return opened
        # One that is blocked opens no channel either.
        for other in filter(self._channels.stays, self._opened.values()):
            _refuse_while_blocked(other.connection)
        return await self._opening[partition].done()

    async def _open_anew(self, partition: Partition) -> Opened:
        if (opened := self._opened.get(partition)) is not None:
            self._end(partition, opened, self._channels.give_back)
        # Without this a returned message would pass for a confirmed one.
        opened = self._opened[partition] = await self._channels.open(on_return_raises=True)
        return opened

    def _end(self, partition: Partition, opened: Opened, end: Callable[[Opened], None]) -> None:
        """Once, whoever else has met the same on it."""
        if self._opened.get(partition) is opened:
            del self._opened[partition]
            end(opened)


def _refuse_while_blocked(connection: BrokerConnection) -> None:
    if reason := connection.wire.blocked:
        message = (
            f"RabbitMQ takes no messages, an alarm blocks them: {reason} (rabbitmqctl status names "
            "it); it goes on by itself when the alarm ends"
        )
        raise LogUnavailable(message)
