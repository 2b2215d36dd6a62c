"""Batch to bytes and back: a JSON array, readable in the broker's management pages.

[1,"6f1c…",42,1752660000123,7,[["example.com/page",1752659999000,1], …]]
 │  producer │  recorded (ms)  shard │ events: page, moment (ms), count
 format      sequence
"""

import msgspec

from domain.errors import Undecodable, UnknownFormat
from domain.events import MAX_PAGE_BYTES, Batch

FORMAT = 1
MAX_EVENTS = 500
MAX_BYTES = 32_000

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Batch)


def encode(batch: Batch) -> bytes:
    """The bytes that are appended for `batch`."""
    return _encoder.encode(batch)


def decode(body: bytes) -> Batch:
    """The batch in `body`.

    Raises `UnknownFormat` for a format version newer than this code, `Undecodable` for anything
    else that is not a batch.
    """
    try:
        batch = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse_newer(_format_of(body))
        raise Undecodable(str(error)) from error
    if batch.format != FORMAT:
        _refuse_newer(batch.format)
        raise Undecodable(f"format version {batch.format} was never written")
    # Escapes and non-ASCII are rare; only they can carry what PostgreSQL refuses or what
    # measures longer in bytes than in characters.
    if b"\\u" in body or not body.isascii():
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


def _format_of(body: bytes) -> object:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found[0] if isinstance(found, list) and found else None


def _refuse_newer(version: object) -> None:
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        message = (
            f"this batch has format version {version}, this Footfall reads up to {FORMAT}: "
            "upgrade the projectors before the ingest processes"
        )
        raise UnknownFormat(message)
