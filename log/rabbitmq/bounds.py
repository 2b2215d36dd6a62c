"""How long the broker keeps its streams, as it says itself.

The management API knows all. Over AMQP only the arguments of the declaration can be had, from the
words in which the broker refuses a declaration that differs; a policy overrides them unseen.
"""

import re
from collections.abc import Sequence
from typing import Any

import aio_pika
import msgspec
from aiormq.exceptions import ChannelPreconditionFailed
from msgspec import Struct

from domain.errors import LogUnavailable
from domain.setting_values import virtual_host as host_of
from log.rabbitmq.broker import RPC_SECONDS, connected
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.management import management, places
from log.rabbitmq.streams import stream_arguments

_CURRENT = re.compile(
    r"inequivalent arg 'x-max-age' .* (?:but )?current is (?:the value )?(?:'(?P<age>[^']*)'|none)"
)


class StreamBound(Struct, frozen=True):
    """What bounds a stream: an age and a size, None where nothing does.

    `policy` is the one that counts for it, whether it bounds it or not; `policy_unseen` says why
    that is not known.
    """

    stream: str
    max_age: str | None = None
    max_bytes: int | None = None
    policy: str | None = None
    policy_unseen: str = ""


async def read_bounds(
    url: str, management_url: str | None, streams: Sequence[str], max_age: str | None
) -> Sequence[StreamBound]:
    """Of each stream; `max_age` is what it should be. Raises `LogUnavailable`."""
    reason = ""
    for node, base in places(url, management_url):
        try:
            async with management(node, base) as api:
                return [_bound(name, await api.get("queues", name, _Queue)) for name in streams]
        except LogUnavailable as error:
            # The broker itself can be asked instead.
            reason = reason or str(error)
    return await _ask_broker(url, streams, max_age, reason)


def virtual_host(url: str) -> str:
    """The virtual host an AMQP URL names, or several with commas between."""
    return host_of(url.partition(",")[0])


class _Queue(Struct):
    """What the management API says of a stream, as far as we ask."""

    arguments: dict[str, Any]
    effective_policy_definition: dict[str, Any] | list[Any] | None = None
    policy: str | None = None


def _bound(stream: str, found: _Queue) -> StreamBound:
    arguments = found.arguments
    # An empty one is a list in some versions.
    policy = found.effective_policy_definition
    policy = policy if isinstance(policy, dict) else {}
    # Where both say something the broker goes by the policy.
    return msgspec.convert(
        {
            "stream": stream,
            "max_age": policy.get("max-age") or arguments.get("x-max-age"),
            "max_bytes": policy.get("max-length-bytes") or arguments.get("x-max-length-bytes"),
            "policy": found.policy,
        },
        StreamBound,
    )


async def _ask_broker(
    url: str, streams: Sequence[str], max_age: str | None, reason: str
) -> Sequence[StreamBound]:
    async with (
        broker_errors("configure on footfall's queues"),
        connected(url, "footfall check") as connection,
    ):
        return [
            StreamBound(
                stream,
                await _declared_age(connection, stream, max_age),
                policy_unseen=reason,
            )
            for stream in streams
        ]


async def _declared_age(
    connection: aio_pika.abc.AbstractConnection, stream: str, max_age: str | None
) -> str | None:
    # Passively first: what is missing must not come into being here.
    async with connection.channel() as channel:
        await channel.declare_queue(stream, passive=True, timeout=RPC_SECONDS)
    channel = connection.channel()
    await channel.initialize(timeout=RPC_SECONDS)
    try:
        await channel.declare_queue(
            stream, durable=True, arguments=stream_arguments(max_age), timeout=RPC_SECONDS
        )
    except ChannelPreconditionFailed as error:
        if (found := _CURRENT.search(str(error))) is None:
            raise LogUnavailable(f"{stream} is not as Footfall declares it: {error}") from error
        return found["age"]
    await channel.close()
    return max_age
