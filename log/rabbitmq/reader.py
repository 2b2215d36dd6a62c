"""The log's read side on RabbitMQ streams over AMQP 0-9-1.

The broker clamps an offset out of range without a word, upward and downward, so a subscription
begins one offset early and does not believe in the log before it has seen that entry again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from aiormq.exceptions import ChannelPreconditionFailed

from domain import wire
from domain.checkpoint import Bounds
from domain.errors import (
    HistoryTruncated,
    LogWentBackward,
    Undecodable,
    UnknownFormat,
)
from domain.events import Entry, Offset, Partition
from domain.partitioning import stream_name
from domain.ports.log import LogReader, Subscription
from log.rabbitmq.broker import RPC_SECONDS, place_of
from log.rabbitmq.channels import Channels
from log.rabbitmq.deliveries import Deliveries
from log.rabbitmq.errors import NoMember, NoReplica, broker_errors
from log.rabbitmq.subscription import RabbitSubscription

PREFETCH = 100
_ATTACH_SECONDS = 5.0
_QUIET_SECONDS = 0.3
_TO_READ = "read on footfall's queues"


class RabbitLogReader(LogReader):
    """A channel for each subscription, on as few connections as the broker allows.

    The broker is told which `role` reads.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        patience_seconds: float | None = None,
        role: str = "projector",
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._channels = Channels(url, f"footfall {role}", patience_seconds)

    def __str__(self) -> str:
        return f"RabbitMQ at {place_of(self._url)}"

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        start = Offset(max(0, offset - 1))
        async with self._consume(partition, start or "first") as subscription:
            if offset > 0:
                await self._prove_continuity(subscription, partition, offset)
            else:
                subscription.must_start_at = 0
            subscription.watch(partial(self.bounds, partition))
            yield subscription

    async def _prove_continuity(
        self, subscription: RabbitSubscription, partition: Partition, offset: Offset
    ) -> None:
        found = await subscription.take(1, _ATTACH_SECONDS)
        if found and found[0].offset == offset - 1:
            return
        bounds = await self.bounds(partition)
        stream = stream_name(self._prefix, partition)
        if bounds.end < offset:
            message = (
                f"{stream} ends at offset {bounds.end}, the checkpoint is {offset}: the stream "
                "was declared anew or lost its tail"
            )
            raise LogWentBackward(message)
        if found and found[0].offset == offset:
            subscription.put_back(found[0])
            return
        message = (
            f"{stream} begins at offset {bounds.first}, the checkpoint is {offset}: what lies "
            "between was deleted before it was folded"
        )
        raise HistoryTruncated(message)

    async def bounds(self, partition: Partition) -> Bounds:
        async with self._consume(partition, "first", prefetch=1) as subscription:
            found = await subscription.take(1, _QUIET_SECONDS)
            if not found:
                if not await self._count(partition):
                    return Bounds(Offset(0), Offset(0))
                found = await subscription.take_some(1, _ATTACH_SECONDS)
        return Bounds(found[0].offset, await self._end(partition))

    async def _end(self, partition: Partition) -> Offset:
        async with (
            self._consume(partition, "next") as appended,
            self._consume(partition, "last") as subscription,
        ):
            # "last" is the start of the last chunk; what follows arrives without a pause.
            found = await subscription.take_some(1_000, _ATTACH_SECONDS)
            # While others append there is no pause: what was appended meanwhile lies beyond the
            # end that was asked for.
            while not (beyond := await appended.take(1_000, 0)):
                if not (more := await subscription.take(1_000, _QUIET_SECONDS)):
                    break
                found = more
        return Offset(max([*found, *beyond], key=lambda entry: entry.offset).offset + 1)

    async def _count(self, partition: Partition) -> int:
        """Of the messages in a stream; the broker takes it now and then, so it may be too low."""
        async with (
            broker_errors(_TO_READ),
            self._channels.channel() as opened,
            asyncio.timeout(RPC_SECONDS),
        ):
            queue = await opened.channel.declare_queue(
                stream_name(self._prefix, partition), passive=True
            )
        return queue.declaration_result.message_count or 0

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        async with self._consume(partition, int(offset), prefetch=1) as subscription:
            found = await subscription.take(1, _QUIET_SECONDS)
            if not found and (await self.bounds(partition)).end > offset:
                found = await subscription.take_some(1, _ATTACH_SECONDS)
        return found[0] if found else None

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        # The broker goes by when it wrote a chunk, in whole seconds: that is later.
        moment = datetime.fromtimestamp(recorded_ms // 1_000, UTC)
        async with self._consume(partition, moment, prefetch=1) as subscription:
            found = await subscription.take(1, _QUIET_SECONDS)
            if not found:
                last = await self._last_chunk(partition)
                if last is None or _recorded_before(last, recorded_ms):
                    return last.offset if last else Offset(0)
                found = await subscription.take_some(1, _ATTACH_SECONDS)
        return found[0].offset

    async def _last_chunk(self, partition: Partition) -> Entry | None:
        """Its first entry, None where nothing was ever appended."""
        async with self._consume(partition, "last", prefetch=1) as subscription:
            found = await subscription.take(1, _QUIET_SECONDS)
            if not found and await self._count(partition):
                found = await subscription.take_some(1, _ATTACH_SECONDS)
        return found[0] if found else None

    async def ping(self) -> None:
        async with self._channels.channel():
            pass

    async def close(self) -> None:
        await self._channels.close()

    @asynccontextmanager
    async def _consume(
        self, partition: Partition, start: int | str | datetime, prefetch: int = PREFETCH
    ) -> AsyncIterator[RabbitSubscription]:
        stream = stream_name(self._prefix, partition)
        async with self._channels.channel() as opened:
            underlay = opened.underlay
            subscription = RabbitSubscription(stream, underlay, prefetch)
            deliveries = Deliveries(underlay.number, subscription.receive)
            with opened.connection.wire.taking(underlay.number, deliveries):
                async with broker_errors(_TO_READ), asyncio.timeout(RPC_SECONDS):
                    await underlay.basic_qos(prefetch_count=prefetch)
                    underlay.on_consumer_cancel_callbacks.add(subscription.cancelled)
                    try:
                        await underlay.basic_consume(
                            stream, subscription.deliver, arguments={"x-stream-offset": start}
                        )
                    except ChannelPreconditionFailed as error:
                        raise _without_replica(error) from error
                yield subscription


def _without_replica(error: ChannelPreconditionFailed) -> NoReplica:
    # Of one that is there and does not run it says that there is no running one. Whoever is not
    # understood may hold some.
    kind = NoMember if "does not have a replica on the local node" in str(error) else NoReplica
    return kind(f"RabbitMQ: {error}")


def _recorded_before(entry: Entry, moment_ms: int) -> bool:
    try:
        return wire.recorded_ms(entry.body) < moment_ms
    except (Undecodable, UnknownFormat):
        return False
