"""Answers packed with gzip as they go out, where they are long and the client takes that."""

import asyncio
import gzip

from litestar.types import Scope
from msgspec.structs import replace

from web.content import header, takes
from web.problems import JSON, Answer, Headers

LEAST_BYTES = 1_400
"""What fits into a packet of a network anyway is sent as it is."""

# Longer ones would hold up everybody else.
_MOST_AT_ONCE = 100_000
_PACKED = (JSON, b"text/csv", b"application/x-ndjson")
# Numbers repeat themselves: more effort saves a few bytes in a hundred.
_EFFORT = 5
_SUFFIX = b'-gzip"'
_VARIES = (b"vary", b"accept-encoding")


async def packed(scope: Scope, found: Answer) -> Answer:
    """`found` as this client gets it; its tag then says that it is packed."""
    names = {name for name, _ in found.headers}
    if found.status == 304:
        return _still_held(scope, found)
    kind = found.media_type.partition(b";")[0]
    if len(found.body) < LEAST_BYTES or kind not in _PACKED or b"content-encoding" in names:
        return found
    if not takes(header(scope, b"accept-encoding"), "gzip"):
        return replace(found, headers=[*found.headers, _VARIES])
    if len(found.body) > _MOST_AT_ONCE:
        body = await asyncio.to_thread(_gzip, found.body)
    else:
        body = _gzip(found.body)
    headers = [*_tagged(found.headers), _VARIES, (b"content-encoding", b"gzip")]
    return replace(found, body=body, headers=headers)


def unpacked_tag(tag: bytes) -> bytes:
    """The tag of an answer whichever way it was sent."""
    return tag[: -len(_SUFFIX)] + b'"' if tag.endswith(_SUFFIX) else tag


def _still_held(scope: Scope, found: Answer) -> Answer:
    held = header(scope, b"if-none-match")
    tagged = _tagged(found.headers)
    is_held = any(name == b"etag" and tag in held for name, tag in tagged)
    headers = tagged if is_held else found.headers
    if not any(name == b"vary" and b"accept-encoding" in value for name, value in headers):
        # A cache takes these headers for those of what it keeps, packed or not.
        headers = [*headers, _VARIES]
    return replace(found, headers=headers)


def _tagged(headers: Headers) -> Headers:
    return [(name, _packed_tag(value) if name == b"etag" else value) for name, value in headers]


def _packed_tag(tag: bytes) -> bytes:
    return unpacked_tag(tag)[:-1] + _SUFFIX


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _EFFORT, mtime=0)
