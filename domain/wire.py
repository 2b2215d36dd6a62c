"""Batch to bytes and back: a JSON array, readable in the broker's management pages.

[1,"6f1c…",42,1752660000123,7,[["example.com/page",1752659999000,1], …]]
 │  producer │  recorded (ms)  shard │ events: page, moment (ms), count
 format      sequence
"""

import re
from collections.abc import Callable

import msgspec

from domain.errors import Undecodable, UnknownFormat
from domain.events import MAX_PAGE_BYTES, Batch

FORMAT = 1
"""What is written."""
# A stray array in the log must not pass for a batch of a Footfall to come, which would stop its
# partition. So two digits are enough for ever, and every format begins as this one does: an array,
# its version, its producer.
MAX_FORMAT = 99
MAX_EVENTS = 500
MAX_BYTES = 32_000

_encoder = msgspec.json.Encoder()
# As they are written; any other spelling of the same JSON is read too, only slower.
_USUAL = b"[%d," % FORMAT
_HEAD = re.compile(rb"\[([1-9][0-9]{0,8}),")


def encode(batch: Batch) -> bytes:
    """The bytes that are appended for `batch`."""
    return _encoder.encode(batch)


_decoder_1 = msgspec.json.Decoder(Batch)


def _decode_1(body: bytes) -> Batch:
    batch = _decoder_1.decode(body)
    if batch.format != 1:
        raise Undecodable(f"format version {batch.format} was never written")
    return batch


DECODERS: dict[int, Callable[[bytes], Batch]] = {1: _decode_1}
"""Format version to what reads it: every version that any log may still hold.

A decoder raises `msgspec.MsgspecError` or `Undecodable` for what is no batch of its format.
"""


def decode(body: bytes) -> Batch:
    """The batch in `body`.

    Raises `UnknownFormat` for a format version newer than this code, not beyond what a version can
    be and followed by a producer, `Undecodable` for anything else that is not a batch.
    """
    try:
        batch = _decoder_of(body)(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(str(error)) from error
    # Escapes and non-ASCII are rare; only they can carry what PostgreSQL refuses or what
    # measures longer in bytes than in characters. One byte is found much faster than two.
    if b"\\" in body or not body.isascii():
        _check_pages(batch)
    return batch


def recorded_ms(body: bytes) -> int:
    """When the batch in `body` was recorded, in milliseconds since 1970. Raises as `decode`."""
    return decode(body).recorded_ms


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
