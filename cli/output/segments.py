"""How large the segments of the log's streams are: what footfall check says of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from log.rabbitmq.bounds import StreamBound

SEGMENT_KEY = "stream-max-segment-size-bytes"
# Up to here somebody may have chosen it for very long streams.
_LARGE_BYTES = 16_000_000
# From RabbitMQ 3.13 on segments stay as they were declared, whatever a policy says.
_BY_HAND = (
    "[{osiris, [{max_segment_size_chunks, 12000}]}]. was written to advanced.config of each; that "
    "cannot be seen from here"
)


def mendable(bound: "StreamBound") -> bool:
    """Are they too large, and does a policy change that?"""
    return bound.segment_bytes > _LARGE_BYTES and not bound.segments_stay


def segment_lines(
    bounds: "Sequence[StreamBound]", remedy: Callable[[str | None], str]
) -> Iterator[str]:
    """A line for each size that is too large; `remedy` changes the policy of that name."""
    sizes: dict[tuple[int, str | None], list[StreamBound]] = {}
    for bound in bounds:
        if bound.segment_bytes > _LARGE_BYTES:
            sizes.setdefault((bound.segment_bytes, bound.policy), []).append(bound)
    for (size, policy), found in sizes.items():
        mends = mendable(found[0])
        yield (
            f"{'WARN ' if mends else 'NOTE '} log, segments ({named([b.stream for b in found])}): "
            f"up to {size // 1_000_000} MB each, and who leads a stream next reads through its "
            "last one before views are taken again, 10 s for 100,000 small messages. Restart the "
            "nodes one after the other (docs/scaling.md) after "
            f"{remedy(policy) if mends else _BY_HAND}"
        )


def named(streams: Sequence[str]) -> str:
    """Some streams, in few words."""
    return streams[0] if len(streams) == 1 else f"{len(streams)} streams, {streams[0]} …"
