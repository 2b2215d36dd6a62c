"""Batch to bytes and back: a JSON array, readable in the broker's management pages.

[1,"6f1c…",42,1752660000123,7,[["example.com/page",1752659999000,1], …]]
 │  producer │  recorded (ms)  shard │ events: page, moment (ms), count
 format      sequence

Format 2 has one more element, an object of tables beside the events, which are the same:

[2,"6f1c…",42,1752660000123,7,[…],{"agent":{"kept":"label","data":"…","texts":["…"],"of":[0,null]},
 "source":{"texts":["example.org",""],"of":[1,null]},"!guard":{"new_pages":1250,"of":[1,0]}}]

`domain/batch_tables.py` says which there are. It is written only where a table is used.

A batch of format 1 without events is a probe: it was appended to see whether it is confirmed, and
nothing comes of it.
"""

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from domain.agents.viewers import Viewers
from domain.batch_tables import AGENT, GUARD, MUST_BE_KNOWN, SOURCE, require_known
from domain.errors import Undecodable, UnknownFormat
from domain.events import MAX_PAGE_BYTES, Batch, PageViewed, TabledBatch
from domain.guard import Guard
from domain.sources import Sources

FORMAT = 1
"""What is written where a batch is no more than its events."""
WITH_TABLES = 2
"""What is written where it is."""
# A stray array in the log must not pass for a batch of a Footfall to come, which would stop its
# partition. So two digits are enough for ever, and every format begins as this one does: an array,
# its version, its producer.
MAX_FORMAT = 99
MAX_EVENTS = 500
MAX_BYTES = 32_000

T = TypeVar("T", Viewers, Sources, Guard)

_encoder = msgspec.json.Encoder()
# As they are written; any other spelling of the same JSON is read too, only slower.
_USUAL = b"[%d," % FORMAT
_USUAL_2 = b"[%d," % WITH_TABLES
_MAY_BE_NAMED = b'"%b' % MUST_BE_KNOWN.encode()
_GUARD = b'"%b":{' % GUARD.encode()
_HEAD = re.compile(rb"\[([1-9][0-9]{0,8}),")
_PRODUCER = re.compile("^[!-~]+$")


def encode(batch: Batch) -> bytes:
    """The bytes that are appended for `batch`, in the oldest format that holds it."""
    tables = {AGENT: batch.agents, SOURCE: batch.sources, GUARD: batch.guard}
    used = {name: table for name, table in tables.items() if table is not None}
    if not used:
        return _encoder.encode(batch if batch.format == FORMAT else replace(batch, format=FORMAT))
    head = (WITH_TABLES, batch.producer, batch.sequence, batch.recorded_ms, batch.shard)
    return _encoder.encode((*head, batch.events, used))


def probe(producer: str, sequence: int, recorded_ms: int) -> bytes:
    """What is appended to see whether it is confirmed; the fold passes it over.

    Up to 0.2.0 the fold remembers of it who sent it, as of any batch, and takes a sequence that
    comes again for a repetition: `producer` is one that sends nothing else, `sequence` grows.
    """
    return _encoder.encode(Batch(FORMAT, producer, sequence, recorded_ms, 0, []))


_decoder_1 = msgspec.json.Decoder(Batch)


def _decode_1(body: bytes) -> Batch:
    batch = _decoder_1.decode(body)
    if batch.format != FORMAT:
        raise Undecodable(f"format version {batch.format} was never written")
    return batch


class _Tables(Struct):
    agent: Viewers | UnsetType = UNSET
    source: Sources | UnsetType = UNSET
    guard: Guard | UnsetType = field(name=GUARD, default=UNSET)


class _Tabled(Batch, frozen=True, gc=False):
    """Format 2 as it lies in the log; tables that are not known are passed over."""

    events: Annotated[list[PageViewed], Meta(max_length=MAX_EVENTS)]
    tables: _Tables


class _Named(Batch, frozen=True, gc=False):
    """The same with the names of all its tables."""

    tables: dict[str, msgspec.Raw]


_decoder_2 = msgspec.json.Decoder(_Tabled)
_names_2 = msgspec.json.Decoder(_Named)


def _decode_2(body: bytes) -> Batch:
    # A name with an escape in it may begin with anything; without one, what may be a name and is
    # not the one that is known is seen by its beginning.
    if body.count(_MAY_BE_NAMED) > body.count(_GUARD) or b"\\" in body:
        named = _names_2.decode(body)
        _check_producer(named)
        require_known(named.tables)
    found = _decoder_2.decode(body)
    if found.format != WITH_TABLES:
        raise Undecodable(f"format version {found.format} was never written")
    of, producer, sequence = found.format, found.producer, found.sequence
    recorded_ms, shard, events, tables = found.recorded_ms, found.shard, found.events, found.tables
    agents = _that_fits(AGENT, tables.agent, events)
    sources = _that_fits(SOURCE, tables.source, events)
    guard = _that_fits(GUARD, tables.guard, events)
    if agents is None and sources is None and guard is None:
        return Batch(of, producer, sequence, recorded_ms, shard, events)
    return TabledBatch(of, producer, sequence, recorded_ms, shard, events, agents, sources, guard)


def _that_fits(name: str, table: T | UnsetType, events: list[PageViewed]) -> T | None:
    """The table, None where there is none. Raises `Undecodable` where it does not fit."""
    if table is UNSET:
        return None
    if fault := table.fault(len(events)):
        raise Undecodable(f'the table "{name}" does not fit: {fault}')
    return table


DECODERS: dict[int, Callable[[bytes], Batch]] = {FORMAT: _decode_1, WITH_TABLES: _decode_2}
"""Format version to what reads it: every version that any log may still hold.

A decoder raises `msgspec.MsgspecError`, `Undecodable` or a `UnicodeError` for what is no batch of
its format, and `UnknownFormat` for one that holds what it must not pass over.
"""


def decode(body: bytes) -> Batch:
    """The batch in `body`.

    Raises `UnknownFormat` for a format version newer than this code, not beyond what a version can
    be and followed by a producer, and for a table that must be known and is not; `Undecodable` for
    anything else that is not a batch.
    """
    try:
        batch = _decoder_of(body)(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Undecodable(str(error)) from error
    _check_producer(batch)
    # Escapes and non-ASCII are rare; only they can carry what PostgreSQL refuses or what
    # measures longer in bytes than in characters. One byte is found much faster than two.
    if b"\\" in body or not body.isascii():
        _check_pages(batch)
    return batch


def recorded_ms(body: bytes) -> int:
    """When the batch in `body` was recorded, in milliseconds since 1970. Raises as `decode`."""
    return decode(body).recorded_ms


def _check_producer(batch: Batch) -> None:
    # As a pattern of the struct it costs more than all the rest of a small batch.
    name = batch.producer
    if name.isalnum() and name.isascii():
        return
    if not _PRODUCER.search(name):
        raise Undecodable(f"its producer {name!r} is no name of one")


def _check_pages(batch: Batch) -> None:
    for event in batch.events:
        try:
            too_long = len(event.page.encode()) > MAX_PAGE_BYTES
        except UnicodeEncodeError as error:
            raise Undecodable("a page is not valid Unicode") from error
        if too_long or "\x00" in event.page:
            raise Undecodable("a page is over 2,048 bytes or holds NUL")


def _decoder_of(body: bytes) -> Callable[[bytes], Batch]:
    if body.startswith(_USUAL):
        return DECODERS[FORMAT]
    if body.startswith(_USUAL_2):
        return DECODERS[WITH_TABLES]
    if (head := _HEAD.match(body)) and (known := DECODERS.get(int(head[1]))):
        return known
    version, producer = _beginning_of(body)
    if version is None:
        # Whatever it is, this one says what is wrong with it.
        return DECODERS[FORMAT]
    if max(DECODERS) < version <= MAX_FORMAT:
        if not isinstance(producer, str):
            raise Undecodable(f"it begins with {version}, but no producer follows")
        message = (
            f"this batch has format version {version}, this Footfall reads up to "
            f"{max(DECODERS)}: upgrade the projectors before the ingest processes"
        )
        raise UnknownFormat(message)
    if version not in DECODERS:
        raise Undecodable(f"it begins with {str(version)[:20]}, which is no format version")
    return DECODERS[version]


def _beginning_of(body: bytes) -> tuple[int | None, object]:
    """The whole number that the array begins with, None where there is none, and what follows."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, None
    first, second, *_ = [*found, None, None] if isinstance(found, list) else [None, None]
    version = first if isinstance(first, int) and not isinstance(first, bool) else None
    return version, second
