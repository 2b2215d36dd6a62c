"""What a stream was declared with, as the broker says over AMQP.

Nothing there tells it but the words in which a broker refuses a declaration that differs, and these
name one argument at a time.
"""

import re
from typing import Any

from aio_pika.abc import AbstractConnection
from aiormq.abc import ArgumentsType
from aiormq.exceptions import ChannelPreconditionFailed

from domain.errors import LogUnavailable
from log.rabbitmq.broker import RPC_SECONDS
from log.rabbitmq.streams import INITIAL_SIZE, MAX_AGE, SEGMENT_SIZE

_CURRENT = re.compile(
    r"inequivalent arg '(?P<argument>[^']*)' .* "
    r"(?:but )?current is (?:the value )?(?:'(?P<value>[^']*)'|none)"
)
# What may differ, and what its value is.
_MAY_DIFFER: dict[str, type[str] | type[int]] = {
    MAX_AGE: str,
    SEGMENT_SIZE: int,
    INITIAL_SIZE: int,
}


async def declared_arguments(
    connection: AbstractConnection, stream: str, expected: ArgumentsType
) -> ArgumentsType:
    """Those of `stream`, found from those that are `expected`.

    Raises `LogUnavailable` where more differs than may, and what the client library raises where
    the stream is missing.
    """
    # Passively first: what is missing must not come into being here.
    async with connection.channel() as channel:
        await channel.declare_queue(stream, passive=True, timeout=RPC_SECONDS)
    arguments = dict(expected)
    unasked = dict(_MAY_DIFFER)
    while refusal := await _refusal(connection, stream, arguments):
        found = _CURRENT.search(str(refusal))
        # Each only once, or two who disagree about its spelling would go on for ever.
        kind = unasked.pop(found["argument"], None) if found else None
        if found is None or kind is None:
            message = f"{stream} is not as Footfall declares it: {refusal}"
            raise LogUnavailable(message) from refusal
        arguments.pop(found["argument"], None)
        if found["value"] is not None:
            arguments[found["argument"]] = kind(found["value"])
    return arguments


async def _refusal(
    connection: AbstractConnection, stream: str, arguments: dict[str, Any]
) -> ChannelPreconditionFailed | None:
    channel = connection.channel()
    await channel.initialize(timeout=RPC_SECONDS)
    try:
        await channel.declare_queue(stream, durable=True, arguments=arguments, timeout=RPC_SECONDS)
    except ChannelPreconditionFailed as error:
        # The broker has closed the channel with that.
        return error
    await channel.close()
    return None
