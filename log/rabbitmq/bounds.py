"""How long the broker keeps its streams, as it says itself.

The management API knows all. Over AMQP only the arguments of the declaration can be had; a policy
overrides them unseen.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from domain.errors import LogUnavailable
from domain.retention import SEGMENT_BYTES
from domain.setting_values import virtual_host as host_of
from log.rabbitmq.broker import connected
from log.rabbitmq.declared import declared_arguments
from log.rabbitmq.errors import broker_errors
from log.rabbitmq.management import management, places
from log.rabbitmq.streams import MAX_AGE, SEGMENT_SIZE, stream_arguments

# From here on a policy counts for the segments of a stream only when it is declared.
_SEGMENTS_STAY = (3, 13)
# Where nothing says otherwise.
_USUAL_SEGMENT_BYTES = 500_000_000


class StreamBound(Struct, frozen=True):
    """What bounds a stream: an age and a size, None where nothing does; and its segments.

    `policy` is the one that counts for it, whether it bounds it or not, and `definition` what it
    says; `policy_unseen` says why that is not known. Where `segments_stay` no policy changes them
    any more.
    """

    stream: str
    max_age: str | None = None
    max_bytes: int | None = None
    policy: str | None = None
    policy_unseen: str = ""
    segment_bytes: int = SEGMENT_BYTES
    segments_stay: bool = False
    definition: dict[str, Any] = {}


async def read_bounds(
    url: str, management_url: str | None, streams: Sequence[str], max_age: str | None
) -> Sequence[StreamBound]:
    """Of each stream; `max_age` is what it should be. Raises `LogUnavailable`."""
    reason = ""
    for node, base in places(url, management_url):
        try:
            async with management(node, base) as api:
                stay = fixes_segments(await api.version())
                found = [await api.get("queues", name, _Queue) for name in streams]
                return [_bound(*each, stay) for each in zip(streams, found, strict=True)]
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


def _bound(stream: str, found: _Queue, segments_stay: bool) -> StreamBound:
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
            "segment_bytes": (not segments_stay and policy.get("stream-max-segment-size-bytes"))
            or arguments.get(SEGMENT_SIZE, _USUAL_SEGMENT_BYTES),
            "segments_stay": segments_stay,
            "definition": policy,
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
        stay = fixes_segments(connection.version)
        expected = stream_arguments(max_age)
        found = [await declared_arguments(connection, name, expected) for name in streams]
    return [
        msgspec.convert(
            {
                "stream": name,
                "max_age": arguments.get(MAX_AGE),
                "policy_unseen": reason,
                "segment_bytes": arguments.get(SEGMENT_SIZE, _USUAL_SEGMENT_BYTES),
                "segments_stay": stay,
            },
            StreamBound,
        )
        for name, arguments in zip(streams, found, strict=True)
    ]


def fixes_segments(version: str) -> bool:
    """Is a broker of that version one where no policy changes a stream's segments?"""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= _SEGMENTS_STAY
