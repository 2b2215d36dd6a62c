"""The log's append side on RabbitMQ streams over AMQP 0-9-1."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from aiormq.exceptions import DeliveryError, PublishError

from domain.errors import LogUnavailable, NotDeclared
from domain.events import Partition
from domain.partitioning import stream_name
from domain.ports.common import Clock
from domain.ports.log import LogWriter
from log.rabbitmq.broker import RPC_SECONDS, BrokerConnection, forget
from log.rabbitmq.channels import Channels, Opened, Shared
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.outbox import Outbox
from log.rabbitmq.probing import Confirms, Probing
from log.rabbitmq.publishing import Publisher

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
        self._channels = Channels(url, "footfall ingest", channel_seconds=confirm_timeout_seconds)
        self._publishers: dict[Partition, Publisher] = {}
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
        self._confirms.begin(partition)
        try:
            publisher = self._publisher(partition) or await self._open(partition)
            try:
                await publisher.publish(body)
            except (TimeoutError, DeliveryError) as error:
                self._unconfirmed(partition, publisher, error)
        except GeneratorExit:
            # The coroutine is thrown away.
            raise
        except BaseException:  # noqa: BLE001
            await self._failed(partition)
        self._missing.pop(partition, None)
        self._confirms.confirmed(partition)

    def _unconfirmed(
        self, partition: Partition, publisher: Publisher, error: TimeoutError | DeliveryError
    ) -> NoReturn:
        opened = publisher.opened
        if isinstance(error, TimeoutError):
            # The end of an alarm is told on the connection that it has blocked.
            _refuse_while_blocked(opened.connection)
            # What was sent may still arrive, and be confirmed to nobody.
            self._end(partition, publisher, self._channels.leave)
            raise error
        # From here on its numbers are not those of the stream.
        self._end(partition, publisher, self._channels.give_back)
        if not isinstance(error, PublishError):
            raise error
        message = f"the stream {self._streams[partition]} does not exist: run footfall migrate"
        since = self._missing.setdefault(partition, time.monotonic())
        settled = time.monotonic() - since >= _STARTING_SECONDS
        raise NotDeclared(message, took_nothing=settled) from error

    async def _failed(self, partition: Partition) -> NoReturn:
        """Raises what is being handled, in our words where the client library raised it."""
        try:
            async with broker_errors(_TO_APPEND):
                raise  # noqa: PLE0704
        except LogUnavailable as error:
            self._confirms.failed(partition, error)
            raise

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

    def _publisher(self, partition: Partition) -> Publisher | None:
        """The one that is there, if it is fit to be used."""
        publisher = self._publishers.get(partition)
        if publisher is None or not self._channels.stays(publisher.opened):
            return None
        _refuse_while_blocked(publisher.opened.connection)
        return publisher

    async def _open(self, partition: Partition) -> Publisher:
        # One that is blocked opens no channel either.
        for other in [*self._publishers.values()]:
            if self._channels.stays(other.opened):
                _refuse_while_blocked(other.opened.connection)
        publisher = await self._opening[partition].done()
        _refuse_while_blocked(publisher.opened.connection)
        return publisher

    async def _open_anew(self, partition: Partition) -> Publisher:
        if (publisher := self._publishers.get(partition)) is not None:
            self._end(partition, publisher, self._channels.give_back)
        # Without this a returned message would pass for a confirmed one.
        opened = await self._channels.open(on_return_raises=True)
        publisher = self._publishers[partition] = Publisher(
            opened, self._streams[partition], self._outbox(opened), self._confirm_timeout
        )
        return publisher

    def _outbox(self, opened: Opened) -> Outbox:
        """One for all channels of a connection."""
        for other in self._publishers.values():
            if other.opened.connection is opened.connection:
                return other.outbox
        return Outbox(opened.underlay.connection)

    def _end(
        self, partition: Partition, publisher: Publisher, end: Callable[[Opened], None]
    ) -> None:
        """Once, whoever else has met the same on it."""
        if self._publishers.get(partition) is publisher:
            del self._publishers[partition]
            end(publisher.opened)


def _refuse_while_blocked(connection: BrokerConnection) -> None:
    if reason := connection.wire.blocked:
        message = (
            f"RabbitMQ takes no messages, an alarm blocks them: {reason} (rabbitmqctl status names "
            "it); it goes on by itself when the alarm ends"
        )
        raise LogUnavailable(message)
