"""What is sent of a message is what the client library would send of it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic

from log.rabbitmq.prepared import Prepared, message_id
from tests.unit.log.library import FRAME_MAX, Broker

ROOM = Broker.room(FRAME_MAX)
SIZES = st.one_of(
    st.integers(0, 2_000),
    st.builds(
        lambda pieces, more: max(0, pieces * ROOM + more), st.integers(0, 4), st.integers(-9, 9)
    ),
)
# A prefix may be any text; the client library takes no more than 255 bytes.
STREAMS = st.text(max_size=60)


async def _by_the_library(
    number: int, stream: str, body: bytes, name: str, frame_max: int = FRAME_MAX
) -> bytes:
    broker = Broker(number, frame_max)
    properties = Basic.Properties(delivery_mode=2, content_type="application/json", message_id=name)
    publish = broker.channel.basic_publish(
        body, routing_key=stream, properties=properties, mandatory=True, wait=False
    )
    waiting = asyncio.create_task(publish)
    await asyncio.sleep(0)
    (written,) = broker.writes()
    waiting.cancel()
    await broker.channel.close()
    return written


@given(st.integers(1, 65_535), STREAMS, SIZES, st.integers(1, 2**64 - 1))
def test_it_is_the_same_to_the_byte(number: int, stream: str, size: int, tag: int) -> None:
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    expected = asyncio.run(_by_the_library(number, stream, body, message_id(tag)))
    assert Prepared(number, stream, ROOM).of(body, message_id(tag)) == expected


async def test_a_broker_that_bounds_no_frame_is_sent_the_body_too() -> None:
    # RabbitMQ with `frame_max = 0`.
    for body in (b"", b"x", b"x" * 32_000):
        expected = await _by_the_library(1, "views.0", body, message_id(1), frame_max=0)
        assert Prepared(1, "views.0", Broker.room(0)).of(body, message_id(1)) == expected
        assert body in expected


@given(st.integers(1, 2**63), st.integers(1, 2**32 - 1))
def test_what_is_under_way_at_the_same_time_has_different_names(tag: int, apart: int) -> None:
    assert message_id(tag) != message_id(tag + apart)
