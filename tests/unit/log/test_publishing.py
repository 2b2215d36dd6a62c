"""What is published on the client library's own channel, and what becomes of it."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelInvalidStateError,
    DeliveryError,
    PublishError,
)
from pamqp.body import ContentBody
from pamqp.commands import Basic, Channel

from tests.unit.log.library import Broker

SECONDS = 0.05


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    await broker.channel.close()


def ids(frames: list[Any]) -> list[str]:
    return [frame.properties.message_id for frame in frames if hasattr(frame, "properties")]


async def test_what_is_published_in_one_turn_is_written_at_once_and_in_order(
    broker: Broker,
) -> None:
    publisher, other = broker.publisher(), broker.publisher()
    other.outbox = publisher.outbox
    for body in (b"1", b"2"):
        publisher.publish(body)
        other.publish(body + b"x")
    assert broker.connection.write_queue.qsize() == 1
    bodies = [frame.value for frame in broker.frames() if isinstance(frame, ContentBody)]
    assert bodies == [b"1", b"1x", b"2", b"2x"]
    # What was written is not added to.
    publisher.publish(b"3")
    assert b"3" in b"".join(broker.writes())


async def test_it_stays_in_order_with_what_the_library_sends(broker: Broker) -> None:
    publisher = broker.publisher()
    publisher.publish(b"x")
    await broker.says(Channel.Close(403, "no", 0, 0))
    names = [type(frame).__name__ for frame in broker.frames()]
    assert names == ["Publish", "ContentHeader", "ContentBody", "CloseOk"]


async def test_where_the_queue_is_full_it_is_sent_later_and_once(broker: Broker) -> None:
    publisher = broker.publisher()
    queue = broker.connection.write_queue
    while not queue.full():
        queue.put_nowait(None)
    publisher.publish(b"1")
    publisher.publish(b"2")
    while not queue.empty():
        queue.get_nowait()
    async with asyncio.timeout(5):
        while queue.empty():
            await asyncio.sleep(0.001)
    bodies = [frame.value for frame in broker.frames() if isinstance(frame, ContentBody)]
    assert bodies == [b"1", b"2"]
    await asyncio.sleep(0.02)
    assert queue.empty()


async def test_each_confirm_settles_its_own(broker: Broker) -> None:
    publisher = broker.publisher()
    one, two, three, four = [publisher.publish(b"x") for _ in range(4)]
    await broker.says(Basic.Ack(2))
    assert [found.done() for found in (one, two, three, four)] == [False, True, False, False]
    await broker.says(Basic.Ack(3, multiple=True))
    assert [found.done() for found in (one, two, three, four)] == [True, True, True, False]
    await broker.says(Basic.Nack(4))
    with pytest.raises(DeliveryError):
        await four
    for confirmed in (one, two, three):
        await confirmed


async def test_what_comes_back_is_no_confirm_of_it_and_of_no_other(broker: Broker) -> None:
    publisher = broker.publisher()
    one, two = publisher.publish(b"x"), publisher.publish(b"")
    _, name = ids(broker.frames())
    await broker.returns(name)
    await broker.says(Basic.Ack(2))
    with pytest.raises(PublishError):
        await two
    assert not one.done()


async def test_what_is_confirmed_late_was_not_confirmed_in_time(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = broker.publisher(SECONDS)
    late = publisher.publish(b"x")
    await asyncio.sleep(SECONDS / 2)
    next_one = publisher.publish(b"x")
    with pytest.raises(TimeoutError):
        await late
    assert not next_one.done()
    await broker.says(Basic.Ack(2, multiple=True))
    await next_one
    # As after each loss of a broker: nothing to tell anybody.
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    with pytest.raises(TimeoutError):
        await publisher.publish(b"x")


async def test_who_is_cancelled_leaves_the_others_as_they_are(broker: Broker) -> None:
    publisher = broker.publisher(SECONDS)
    gone, stays = publisher.publish(b"x"), publisher.publish(b"x")
    gone.cancel()
    await broker.says(Basic.Ack(1), Basic.Ack(2))
    await stays
    with pytest.raises(TimeoutError):
        await publisher.publish(b"x")


async def test_who_waits_hears_why_the_channel_was_closed(broker: Broker) -> None:
    publisher = broker.publisher()
    waiting = publisher.publish(b"x")
    await broker.says(Channel.Close(403, "no", 0, 0))
    with pytest.raises(ChannelAccessRefused):
        await waiting
    with pytest.raises(ChannelInvalidStateError):
        publisher.publish(b"x")


async def test_who_waits_on_a_channel_that_is_lost_is_cancelled_as_by_the_library(
    broker: Broker,
) -> None:
    publisher = broker.publisher()
    waiting = publisher.publish(b"x")
    await broker.channel.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_nothing_is_said_of_a_failure_that_nobody_waits_for(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = broker.publisher()
    publisher.publish(b"x")
    await broker.says(Channel.Close(403, "no", 0, 0))
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_nothing_is_kept_of_what_is_settled(broker: Broker) -> None:
    publisher = broker.publisher()
    for tag in range(1, 100):
        publisher.publish(b"x")
        await broker.says(Basic.Ack(tag))
        broker.writes()
    assert not broker.channel.confirmations
    assert len(broker.channel.message_id_delivery_tag) <= 1
