"""Confirms that are taken out settle what the client library would, and nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp.commands import Basic, Channel
from pamqp.frame import marshal, unmarshal
from pamqp.header import ContentHeader

from log.rabbitmq.confirming import Confirming
from log.rabbitmq.frames import Frames
from log.rabbitmq.prepared import message_id
from tests.unit.log.library import Broker

SENT = 6
TAGS = st.integers(1, SENT)
ACK = st.builds(Basic.Ack, TAGS, st.booleans())
SAID = st.lists(ACK | ACK | ACK | st.builds(Basic.Nack, TAGS, st.booleans()) | TAGS, max_size=8)


def spoken(number: int, said: Sequence[Any]) -> bytes:
    """A number stands for the message that comes back."""
    frames: list[Any] = []
    for one in said:
        if isinstance(one, int):
            frames.append(Basic.Return(312, "NO_ROUTE", "", "views.0"))
            properties = Basic.Properties(message_id=message_id(one))
            frames.append(ContentHeader(properties=properties))
        else:
            frames.append(one)
    return b"".join(marshal(frame, number) for frame in frames)


async def outcome(said: Sequence[Any], *, taken: bool, size: int) -> list[str]:
    """Of so many messages, by what is said of them in pieces of a size."""
    broker = Broker()
    frames = Frames({1: Confirming(broker.channel)} if taken else {}, lambda _: None)
    publisher = broker.publisher()
    sent = [publisher.publish(b"x") for _ in range(SENT)]
    data = spoken(1, said)
    for at in range(0, len(data), size):
        frames.feed_data(data[at : at + size])
    frames.feed_eof()
    left = await frames.read()
    while left:
        length, _, frame = unmarshal(left)
        await broker.says(frame)
        left = left[length:]
    found = ["" if not one.done() else type(one.exception()).__name__ for one in sent]
    await broker.channel.close()
    return found


@given(SAID, st.integers(1, 40))
@example([Basic.Ack(1), 3, Basic.Ack(3, multiple=True)], 40)
@example([Basic.Nack(1), Basic.Ack(2)], 3)
def test_what_comes_of_each_is_what_the_library_makes_of_it(said: Sequence[Any], size: int) -> None:
    found = asyncio.run(outcome(said, taken=True, size=size))
    assert found == asyncio.run(outcome(said, taken=False, size=size))


async def test_nothing_of_confirms_is_left_for_the_library() -> None:
    broker = Broker()
    publisher = broker.publisher()
    sent = [publisher.publish(b"x") for _ in range(SENT)]
    frames = Frames({1: Confirming(broker.channel)}, lambda _: None)
    for one in spoken(1, [Basic.Ack(2), Basic.Ack(5, multiple=True)]):
        frames.feed_data(bytes([one]))
    assert [one.done() for one in sent] == [True] * 5 + [False]
    frames.feed_eof()
    assert await frames.read() == b""
    await broker.channel.close()


async def test_what_is_confirmed_behind_what_came_back_is_the_librarys() -> None:
    broker = Broker()
    publisher = broker.publisher()
    back = publisher.publish(b"x")
    frames = Frames({1: Confirming(broker.channel)}, lambda _: None)
    data = spoken(1, [1, Basic.Ack(1)])
    frames.feed_data(data)
    # Not confirmed, though the library has not read yet that it came back.
    assert not back.done()
    frames.feed_eof()
    assert await frames.read() == data
    await broker.channel.close()


@pytest.mark.parametrize(
    "odd",
    [
        marshal(Basic.Ack(9), 1),
        marshal(Basic.Ack(1), 1)[:-1] + b"\0",
        marshal(Channel.FlowOk(active=True), 1),
        marshal(Basic.Ack(1), 2),
        marshal(Basic.Ack(1), 1).replace(b"\0\0\0\x0d", b"\0\0\0\x0c", 1),
    ],
)
async def test_what_is_odd_is_the_librarys(odd: bytes) -> None:
    broker = Broker()
    sent = broker.publisher().publish(b"x")
    frames = Frames({1: Confirming(broker.channel)}, lambda _: None)
    frames.feed_data(odd)
    frames.feed_eof()
    assert await frames.read() == odd
    assert not sent.done()
    await broker.channel.close()


async def test_a_publisher_takes_confirms_as_long_as_its_channel_is_open() -> None:
    broker = Broker()
    confirmed = broker.publisher().publish(b"x")
    (taker,) = broker.wire.takers.values()
    data = spoken(1, [Basic.Ack(1)])
    assert taker.take(b"..." + data, 3) == 3 + len(data)
    await confirmed
    await broker.channel.close()
    await asyncio.sleep(0.01)
    assert not broker.wire.takers
