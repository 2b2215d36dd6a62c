"""What comes in is told apart wherever the bytes are cut: what is taken out, and what is left."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands
from pamqp.heartbeat import Heartbeat

from domain.events import Entry, Offset
from log.rabbitmq.deliveries import Delivered, Deliveries
from log.rabbitmq.frames import MOST_BYTES, Frames
from log.rabbitmq.subscription import RabbitSubscription
from tests.amqp import OverBytes, connected, delivery, method

OFFSET = "x-stream-offset"
ENTRY = Entry(Offset(7), b"body")
SIMPLE = b"".join(delivery(1, 5, b"body", {OFFSET: 7}))
HEARTBEAT = method(0, Heartbeat())
BLOCKED = method(0, commands.Connection.Blocked("disk"))
CANCEL = method(1, commands.Basic.Cancel("me", True))
OTHER = method(3, commands.Basic.QosOk())
CLOSE = method(1, commands.Channel.Close(406, "PRECONDITION_FAILED - timed out", 0, 0))


class Sorted:
    """What came of bytes that were fed in pieces."""

    def __init__(self, channels: Iterable[int] = (1,)) -> None:
        self.found: dict[int, list[Delivered]] = {number: [] for number in channels}
        self.heard: list[bytes] = []
        takers = {number: Deliveries(number, self.found[number].extend) for number in self.found}
        self.frames = Frames(takers, self.heard.append)

    async def left(self, pieces: Iterable[bytes]) -> bytes:
        """Of the pieces, for the client library."""
        for piece in pieces:
            self.frames.feed_data(piece)
        self.frames.feed_eof()
        return await self.frames.read()


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(at)]


async def test_a_delivery_is_taken_out_and_all_else_is_left_wherever_it_is_cut() -> None:
    data = BLOCKED + SIMPLE + CANCEL + HEARTBEAT
    for place in range(len(data)):
        found = Sorted()
        assert await found.left(cut(data, [place])) == BLOCKED + CANCEL + HEARTBEAT
        assert found.found[1] == [(ENTRY, 5)]
        assert found.heard == [BLOCKED]


ALIKE: dict[str, dict[str, Any]] = {
    "as footfall writes it": {"content_type": "application/json", "delivery_mode": 2},
    "an encoding too": {"content_type": "a", "content_encoding": "gzip", "message_id": "m"},
    "an encoding alone": {"content_encoding": "gzip"},
    "more headers": {"headers": {"a": "b", OFFSET: 7, "c": {"d": [1, None]}}},
    "written as text": {"headers": {OFFSET: "7"}},
    "a body in parts": {"sizes": (1, 2)},
}


@pytest.mark.parametrize("shape", ALIKE.values(), ids=ALIKE)
async def test_every_shape_of_a_delivery_is_read(shape: dict[str, Any]) -> None:
    found = Sorted()
    frames = delivery(1, 5, b"body", **{"headers": {OFFSET: 7}, **shape})
    assert await found.left(cut(b"".join(frames), range(0, 300, 7))) == b""
    assert found.found[1] == [(ENTRY, 5)]


async def test_a_body_may_be_empty() -> None:
    found = Sorted()
    assert await found.left(delivery(1, 5, b"", {OFFSET: 7})) == b""
    assert found.found[1] == [(Entry(Offset(7), b""), 5)]


ODD = {
    "without an offset": delivery(1, 1, b"x"),
    "with an offset that is no number": delivery(1, 1, b"x", {OFFSET: "one"}),
    "larger than any of footfall's": delivery(1, 1, b"x" * (MOST_BYTES + 1), {OFFSET: 0}),
    "with another channel's frame within": [
        SIMPLE[:-12],
        HEARTBEAT,
        SIMPLE[-12:],
    ],
    "with a broken end": [SIMPLE[:-1] + b"x"],
    "with an empty frame of its body": [
        *delivery(1, 1, b"x", {OFFSET: 0})[:2],
        b"\x03\0\x01\0\0\0\0\xce",
    ],
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("step", [1, 10, 1_000_000])
async def test_what_is_odd_is_left_with_all_that_follows_it(odd: list[bytes], step: int) -> None:
    found = Sorted((1, 2))
    other = b"".join(delivery(2, 9, b"other", {OFFSET: 3}))
    data = SIMPLE + b"".join(odd) + SIMPLE
    step = max(step, len(data) // 500)
    left = await found.left(cut(data + other, range(0, len(data), step)))
    assert left == b"".join(odd) + SIMPLE
    assert found.found == {1: [(ENTRY, 5)], 2: [(Entry(Offset(3), b"other"), 9)]}


@pytest.mark.parametrize("end", [CANCEL, CLOSE], ids=["cancel", "close"])
async def test_an_end_stands_after_the_deliveries_before_it(end: bytes) -> None:
    data = SIMPLE + end + SIMPLE
    for place in range(len(data)):
        found = Sorted()
        assert await found.left(cut(data, [place])) == end + SIMPLE
        assert found.found[1] == [(ENTRY, 5)]


async def test_what_is_left_is_not_held_back() -> None:
    found = Sorted()
    greeting = b"HTTP/1.1 400 Bad Request"
    found.frames.feed_data(greeting)
    assert await found.frames.readexactly(len(greeting)) == greeting
    found.frames.feed_data(b"\r\n")
    assert await found.frames.readexactly(2) == b"\r\n"


async def test_deliveries_keep_the_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library gives up a broker of which it reads nothing; one that is busy is not silent."""
    found = Sorted()
    found.frames.feed_data(SIMPLE)
    monkeypatch.setattr("log.rabbitmq.frames._ALIVE_SECONDS", 0)
    found.frames.feed_data(SIMPLE[:-1])
    found.frames.feed_data(SIMPLE[-1:] + OTHER[:9])
    found.frames.feed_data(OTHER[9:] + SIMPLE)
    assert await found.left([]) == OTHER + HEARTBEAT


async def test_the_end_may_be_told_twice() -> None:
    found = Sorted()
    found.frames.feed_data(SIMPLE[:20])
    found.frames.feed_eof()
    found.frames.feed_eof()
    assert await found.frames.read() == SIMPLE[:20]


async def through(
    reader: asyncio.StreamReader, takers: dict[int, Any] | None, pieces: Iterable[bytes]
) -> list[tuple[list[Entry], bool]]:
    """What two subscriptions hand out of the pieces, and whether they end with it."""
    connection = await connected(OverBytes(reader))
    subscriptions = []
    for number in (1, 2):
        channel: Any = await connection.channel(publisher_confirms=False)
        subscription = RabbitSubscription(f"a.{number}", channel, 1_000)
        channel.on_consumer_cancel_callbacks.add(subscription.cancelled)
        if takers is not None:
            takers[number] = Deliveries(number, subscription.receive)
        await channel.basic_consume("a.0", subscription.deliver, consumer_tag="me")
        subscriptions.append(subscription)
    for piece in pieces:
        reader.feed_data(piece)
        await settled()
    found = [([entry for entry, _ in one._waiting], bool(one.ended)) for one in subscriptions]
    await connection.close()
    return found


async def settled() -> None:
    """A channel that is closed cancels the tasks of deliveries before it."""
    for _ in range(30):
        await asyncio.sleep(0)


channels = st.sampled_from([1, 2])
headers = st.sampled_from([{OFFSET: 3}, {OFFSET: 2**40, "a": "b"}, {"a": True, OFFSET: "8"}])
odd_headers = st.sampled_from([{}, None, {OFFSET: None}, {OFFSET: "x"}])
shown = st.fixed_dictionaries({}, optional={"content_type": st.just("b"), "priority": st.just(1)})
delivered = st.builds(
    lambda channel, tag, body, headers, sizes, shown: b"".join(
        delivery(channel, tag, body, headers, sizes, **shown)
    ),
    channels,
    st.integers(0, 2**63 - 1),
    st.binary(max_size=60),
    headers | headers | headers | odd_headers,
    st.tuples() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    shown,
)
others = st.sampled_from([HEARTBEAT, OTHER, BLOCKED, method(0, commands.Connection.Unblocked())])


def shuffled(first: list[bytes], second: list[bytes], order: list[bool]) -> bytes:
    """The frames of two channels, each in its own order."""
    rest = [list(first), list(second)]
    picked = [rest[n].pop(0) for n in order if rest[n]]
    return b"".join([*picked, *rest[0], *rest[1]])


mixed = st.builds(
    shuffled,
    st.just(delivery(1, 1, b"first", {OFFSET: 1}, (2,))),
    st.just(delivery(2, 1, b"second", {OFFSET: 2}, (3,))),
    st.lists(st.booleans(), max_size=8),
)


@given(
    st.lists(delivered | delivered | delivered | others | mixed, max_size=12),
    st.lists(st.integers(0, 5_000), max_size=20),
    st.sampled_from([[], [CANCEL, SIMPLE], [CLOSE, SIMPLE]]),
)
async def test_it_is_handed_out_as_the_client_library_would(
    stream: list[bytes], places: list[int], end: list[bytes]
) -> None:
    takers: dict[int, Any] = {}
    frames = Frames(takers, lambda _: None)
    pieces = [*cut(b"".join(stream), places), b"".join(end)]
    found = await through(frames, takers, pieces)
    assert found == await through(asyncio.StreamReader(), None, [*stream, *end])
