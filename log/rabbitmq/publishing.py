"""Messages on a channel with confirms, without an object of the client library for each.

The channel stays the library's: it counts, hears what comes back and what is confirmed, and closes.
"""

import asyncio
from collections import deque
from contextlib import ExitStack
from typing import Any

from aiormq.exceptions import ChannelInvalidStateError

from log.rabbitmq.channels import Opened
from log.rabbitmq.confirming import Confirming
from log.rabbitmq.outbox import Outbox
from log.rabbitmq.prepared import Prepared, message_id

# Until when it may be confirmed, its number in the channel, its id.
_Sent = tuple[float, int, str, "asyncio.Future[Any]"]


class Publisher:
    """Sends to one stream, and nobody else on its channel does."""

    def __init__(self, opened: Opened, stream: str, outbox: Outbox, seconds: float) -> None:
        self.opened = opened
        channel = self._channel = opened.underlay
        self._prepared = Prepared(channel.number, stream, channel.max_content_size)
        self.outbox = outbox
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._sent: deque[_Sent] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._taking = ExitStack()
        self._taking.enter_context(
            opened.connection.wire.taking(channel.number, Confirming(channel))
        )
        channel.closing.add_done_callback(self._closed)

    def publish(self, body: bytes) -> "asyncio.Future[Any]":
        """Done when the broker has confirmed it.

        Fails as a publish of the client library does: `TimeoutError` after the seconds,
        `DeliveryError` where the broker did not take it, the channel's own error once it is closed.
        """
        channel = self._channel
        if channel.is_closed:
            raise ChannelInvalidStateError(f"{channel!r} closed")
        self._forget_settled()
        tag = channel.delivery_tag = channel.delivery_tag + 1
        name = message_id(tag)
        confirmed = channel.confirmations[tag] = self._loop.create_future()
        channel.message_id_delivery_tag[name] = tag
        self.outbox.put(self._prepared.of(body, name))
        self._wait_for(tag, name, confirmed)
        return confirmed

    def _wait_for(self, tag: int, name: str, confirmed: "asyncio.Future[Any]") -> None:
        due = self._loop.time() + self._seconds
        self._sent.append((due, tag, name, confirmed))
        # One timer for all: none is due before an earlier one.
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._expire)

    def _forget_settled(self) -> None:
        sent = self._sent
        while sent and sent[0][3].done():
            del self._channel.message_id_delivery_tag[sent.popleft()[2]]

    def _expire(self) -> None:
        now = self._loop.time()
        for due, tag, _, confirmed in self._sent:
            if due > now:
                break
            if not confirmed.done():
                _fail(confirmed, TimeoutError())
                self._expect_nothing(tag)
        self._forget_settled()
        self._timer = self._loop.call_at(self._sent[0][0], self._expire) if self._sent else None

    def _expect_nothing(self, tag: int) -> None:
        """What is said of it later is said to nobody, as where who waited was cancelled."""
        nobody = self._channel.confirmations[tag] = self._loop.create_future()
        nobody.cancel()

    def _closed(self, closing: "asyncio.Future[Any]") -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._taking.close()
        error = None if closing.cancelled() else closing.exception()
        for *_, confirmed in self._sent:
            if confirmed.done():
                continue
            if isinstance(error, Exception):
                _fail(confirmed, error)
            else:
                confirmed.cancel()
        self._sent.clear()


def _fail(confirmed: "asyncio.Future[Any]", error: Exception) -> None:
    confirmed.set_exception(error)
    # Who waited may be cancelled in the same turn. Then nobody hears of it, and that is no fault.
    confirmed.exception()
