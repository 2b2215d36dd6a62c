"""The facts that are counted and the batch they travel in."""

from typing import Annotated, ClassVar, NewType

from msgspec import Meta, Struct

from domain.agents.viewers import Viewers
from domain.guard import Guard
from domain.sources import Sources

Partition = NewType("Partition", int)
Offset = NewType("Offset", int)
Generation = NewType("Generation", int)
Epoch = NewType("Epoch", int)
Hour = NewType("Hour", int)
"""Whole hours since 1970-01-01T00:00Z; negative before."""

MAX_COUNT = 1_000_000_000
# Of a partition, ever: 285 years of a million views a second. Whole numbers up to here are exact in
# every JSON reader, and the sum over 1,024 partitions, the most there can be, stays within 64 bits:
# so does the sum of any row, whatever partitions add to it.
MAX_VIEWS = 2**53 - 1
MAX_PAGE_BYTES = 2_048
# Year 1 and year 9999 in milliseconds: what both a datetime and PostgreSQL can hold.
MIN_AT_MS = -62_135_596_800_000
MAX_AT_MS = 253_402_300_799_999


class PageViewed(Struct, frozen=True, array_like=True, gc=False):
    """`count` views of `page` at the moment `at_ms` (milliseconds since 1970, UTC)."""

    page: Annotated[str, Meta(min_length=1, max_length=MAX_PAGE_BYTES)]
    at_ms: Annotated[int, Meta(ge=MIN_AT_MS, le=MAX_AT_MS)]
    count: Annotated[int, Meta(ge=1, le=MAX_COUNT)]


class Batch(Struct, frozen=True, array_like=True, gc=False):
    """Events of one partition, appended as one log message at one offset.

    `producer` is new at each start of an ingest process, `sequence` counts 1, 2, 3 … for that
    producer and partition, `recorded_ms` is the producer's clock when the batch was cut, `shard`
    was drawn at random then, so that a rebuild gives the same rows, shard by shard.
    """

    format: int
    producer: Annotated[str, Meta(min_length=1, max_length=64)]
    sequence: Annotated[int, Meta(ge=1, le=2**62)]
    recorded_ms: Annotated[int, Meta(ge=MIN_AT_MS, le=MAX_AT_MS)]
    shard: Annotated[int, Meta(ge=0, le=32_767)]
    events: list[PageViewed]

    # Of the class, so that a batch without costs nothing more, in the log and in the fold.
    tabled: ClassVar[bool] = False
    """Does anything stand beside the events?"""
    agents: ClassVar[Viewers | None] = None
    """Who looked, as far as it was told; None: of no event."""
    sources: ClassVar[Sources | None] = None
    """Where they came from; None: nobody knows of any."""
    guard: ClassVar[Guard | None] = None
    """Whose pages may be counted by another name; None: none."""


class TabledBatch(Batch, frozen=True, gc=False):
    """A batch with tables beside its events, one of them at least."""

    tabled: ClassVar[bool] = True
    agents: Viewers | None = None  # type: ignore[misc]
    sources: Sources | None = None  # type: ignore[misc]
    guard: Guard | None = None  # type: ignore[misc]


class Entry(Struct, frozen=True, gc=False):
    """One message of the log as it was read: where it stood and its bytes."""

    offset: Offset
    body: bytes
