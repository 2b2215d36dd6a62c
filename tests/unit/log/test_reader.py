"""What a subscription makes of the deliveries of its channel."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiormq.abc import DeliveredMessage
from pamqp import commands
from pamqp.header import ContentHeader

from domain.errors import LogUnavailable
from log.rabbitmq.subscription import RabbitSubscription


def delivery(tag: int, headers: dict[str, Any]) -> DeliveredMessage:
    properties = commands.Basic.Properties(headers=headers)
    header = ContentHeader(properties=properties)
    frame = commands.Basic.Deliver(delivery_tag=tag)
    return DeliveredMessage(frame, header, b"%d" % tag, cast(Any, None))


@pytest.mark.parametrize("headers", [{}, {"x-stream-offset": "one"}], ids=["none", "no number"])
async def test_nothing_is_read_beyond_a_delivery_without_an_offset(headers: dict[str, Any]) -> None:
    closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    channel = cast(Any, SimpleNamespace(closing=closing))
    subscription = RabbitSubscription("a.0", channel, 100)
    await subscription.deliver(delivery(1, {"x-stream-offset": 0}))
    await subscription.deliver(delivery(2, headers))
    await subscription.deliver(delivery(3, {"x-stream-offset": 2}))
    assert [entry.body for entry in await subscription.take(10, 1)] == [b"1"]
    for _ in range(2):
        with pytest.raises(LogUnavailable, match=r"a\.0: a delivery without an offset"):
            await subscription.take(10, 1)
