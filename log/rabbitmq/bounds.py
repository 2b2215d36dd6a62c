"""How long the broker keeps its streams, as it says itself.

The management API knows all. Over AMQP only the arguments of the declaration can be had, from the
words in which the broker refuses a declaration that differs; a policy overrides them unseen.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import aio_pika
import httpx
import msgspec
from aiormq.exceptions import ChannelPreconditionFailed
from msgspec import Struct

from domain.errors import LogUnavailable
from domain.setting_values import virtual_host as host_of
from log.rabbitmq.broker import RPC_SECONDS, connected
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.streams import stream_arguments

_MANAGEMENT_SECONDS = 5.0
_MANAGEMENT = {"amqp": ("http", 15672), "amqps": ("https", 15671)}
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
    for node in url.split(","):
        base = management_url or _base(node)
        try:
            async with asyncio.timeout(_MANAGEMENT_SECONDS * 2):
                return await _ask_management(node, base, streams)
        except _Refused as error:
            reason = reason or f"the management API at {_shown(base)} {error}"
        except TimeoutError:
            reason = reason or f"the management API at {_shown(base)} does not come to an end"
        except Exception as error:  # noqa: BLE001
            # Whatever listens there may answer anything; the broker itself can be asked instead.
            kind = type(error).__name__
            reason = reason or f"what listens at {_shown(base)} is no management API ({kind})"
    return await _ask_broker(url, streams, max_age, reason)


def virtual_host(url: str) -> str:
    """The virtual host an AMQP URL names, or several with commas between."""
    return host_of(url.partition(",")[0])


class _Refused(Exception):
    """The management API has said why not."""


class _Queue(Struct):
    """What the management API says of a stream, as far as we ask."""

    arguments: dict[str, Any]
    effective_policy_definition: dict[str, Any] | list[Any] | None = None
    policy: str | None = None


async def _ask_management(node: str, base: str, streams: Sequence[str]) -> Sequence[StreamBound]:
    parts = urlsplit(node)
    login = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    # No proxy of the environment: it would be asked even for loopback.
    async with httpx.AsyncClient(
        base_url=base,
        auth=None if urlsplit(base).username else login,
        timeout=_MANAGEMENT_SECONDS,
        trust_env=False,
    ) as client:
        folder = f"/api/queues/{quote(virtual_host(node), safe='')}"
        return [
            _bound(stream, await _get(client, f"{folder}/{quote(stream, safe='')}"))
            for stream in streams
        ]


async def _get(client: httpx.AsyncClient, path: str) -> _Queue:
    try:
        response = await client.get(path)
    except httpx.TransportError as error:
        raise _Refused(f"does not answer ({str(error) or type(error).__name__})") from error
    if response.status_code != httpx.codes.OK:
        raise _Refused(f"says {response.status_code}")
    return msgspec.json.decode(response.content, type=_Queue)


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


def _base(node: str) -> str:
    parts = urlsplit(node)
    scheme, port = _MANAGEMENT[parts.scheme]
    return f"{scheme}://{_host(parts.hostname)}:{port}"


def _shown(base: str) -> str:
    """Without user and password."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _host(name: str | None) -> str:
    return f"[{name}]" if name and ":" in name else name or "127.0.0.1"


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
