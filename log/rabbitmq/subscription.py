"""The deliveries of one channel, handed out as entries of the log."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import AMQPError

from domain.checkpoint import Bounds
from domain.errors import HistoryTruncated, LogUnavailable
from domain.events import Entry
from domain.ports.log import Subscription
from log.rabbitmq.deliveries import Delivered, offset_of
from log.rabbitmq.errors import broker_errors

# A broker closes a channel on which a delivery waits for its ack beyond consumer_timeout.
_ACK_SECONDS = 1.0


class RabbitSubscription(Subscription):
    """Deliveries of one channel, in order.

    They are received as they arrive; what is odd comes by way of the client library, which starts
    a task for each delivery: these run in order as long as none of them waits.
    """

    def __init__(self, stream: str, channel: AbstractChannel, prefetch: int) -> None:
        self._stream = stream
        self._channel = channel
        # Fewer acks than takes: each is a system call, and half the credit is left meanwhile.
        self._ack_every = max(1, prefetch // 2)
        self._unacked = self._tag = 0
        self._loop = asyncio.get_running_loop()
        self._acked_at = self._loop.time()
        self._last: int | None = None
        self.ended = ""
        """Why there will be no more deliveries, empty while there may be."""
        self._bounds: Callable[[], Awaitable[Bounds]] | None = None
        self._waiting: deque[Delivered] = deque()
        self._taker: asyncio.Future[None] | None = None
        self._put_back: Entry | None = None
        self.must_start_at: int | None = None
        channel.closing.add_done_callback(self._closed)

    def receive(self, found: list[Delivered]) -> None:
        """Deliveries that follow those that are there."""
        if not self.ended:
            self._waiting += found
            self._wake()

    async def deliver(self, message: DeliveredMessage) -> None:
        """The same of one that the client library has read."""
        try:
            offset = offset_of(message.header)
        except (KeyError, ValueError) as error:
            # Left out it would be missing from the counts: nothing is read beyond it.
            self._end(f"a delivery without an offset: {error!r}")
            return
        self.receive([(Entry(offset, message.body), message.delivery_tag or 0)])

    def cancelled(self, _: Any) -> None:
        """The broker cancelled the consumer."""
        self._end("the stream was deleted or lost its leader")

    def _closed(self, closing: "asyncio.Future[Any]") -> None:
        error = None if closing.cancelled() else closing.exception()
        told = isinstance(error, AMQPError) and any(error.args)
        self._end(str(error) if told else "the connection was lost")

    def _end(self, reason: str) -> None:
        self.ended = self.ended or reason
        self._wake()

    def _wake(self) -> None:
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

    def put_back(self, entry: Entry) -> None:
        """Hand `entry` out again with the next `take`."""
        self._put_back = entry

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        entries: list[Entry] = []
        if self._put_back is not None:
            entries, self._put_back = [self._put_back], None
        if not (self._waiting or self.ended):
            await self._until_received(timeout_seconds if not entries else 0)
        if not (self._waiting or self.ended):
            await self._grant_credit(0)
            return entries
        entries += self._next(limit - len(entries))
        if not entries:
            message = f"the broker ended the reading of {self._stream}: {self.ended}"
            raise LogUnavailable(message)
        await self._grant_credit(len(entries))
        self._check_start(entries)
        await self._check_gaps(entries)
        return entries

    async def _until_received(self, timeout_seconds: float) -> None:
        self._taker = self._loop.create_future()
        timer = self._loop.call_later(timeout_seconds, self._wake)
        try:
            await self._taker
        finally:
            timer.cancel()
            self._taker = None

    def _next(self, limit: int) -> list[Entry]:
        waiting = self._waiting
        entries: list[Entry] = []
        while waiting and len(entries) < limit:
            entry, self._tag = waiting.popleft()
            entries.append(entry)
        return entries

    def watch(self, bounds: Callable[[], Awaitable[Bounds]]) -> None:
        """From now on a gap between entries is looked into."""
        self._bounds = bounds

    async def take_some(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        """As `take`, where there is something to read: nothing is `LogUnavailable`."""
        entries = await self.take(limit, timeout_seconds)
        if not entries:
            raise LogUnavailable(f"the broker delivered nothing of {self._stream} in time")
        return entries

    def _check_start(self, entries: list[Entry]) -> None:
        if self.must_start_at is not None and entries:
            if entries[0].offset != self.must_start_at:
                message = (
                    f"{self._stream} begins at offset {entries[0].offset}, nothing of it is "
                    "folded yet: the beginning was deleted"
                )
                raise HistoryTruncated(message)
            self.must_start_at = None

    async def _check_gaps(self, entries: list[Entry]) -> None:
        """Retention that overtakes a slow reader moves it on without a word."""
        for entry in entries:
            expected = entry.offset if self._last is None else self._last + 1
            self._last = entry.offset
            if entry.offset == expected or self._bounds is None:
                continue
            # The broker's own record at the start of a segment takes one offset.
            if (first := (await self._bounds()).first) > expected + 1:
                message = (
                    f"{self._stream} begins at offset {first}, offsets from {expected} on were "
                    "deleted while they were waiting to be read"
                )
                raise HistoryTruncated(message)

    async def _grant_credit(self, taken: int) -> None:
        # On a stream an ack is only credit for more; offsets live in the checkpoint.
        self._unacked += taken
        now = self._loop.time()
        due = self._unacked >= self._ack_every or now - self._acked_at >= _ACK_SECONDS
        if self.ended or not (self._unacked and due):
            return
        self._unacked, self._acked_at = 0, now
        async with broker_errors():
            await self._channel.basic_ack(self._tag, multiple=True, wait=False)
