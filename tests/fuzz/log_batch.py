"""A message of the log, whoever wrote it."""

from contextlib import suppress

from domain.errors import Undecodable, UnknownFormat
from domain.wire import decode, encode, recorded_ms
from tests.factories import batch, event
from tests.fuzz.grammar import batch as shape
from tests.fuzz.grammar import made, raw

SEEDS = [
    raw(encode(batch(event("example.com/page"), event("é")))),
    raw(b'[2,"p2",[["a/b",5,7]]]'),
    raw(b"[2025]"),
    raw(b'[ 1,"p1",3,9,4,[ ["a/b",5,7] ]]\n'),
]


def one(data: bytes) -> None:
    """A batch that is the same when it is written again, or one of two errors."""
    body = made(data, shape)
    with suppress(Undecodable, UnknownFormat):
        found = decode(body)
        assert decode(encode(found)) == found
        assert recorded_ms(body) == found.recorded_ms
        assert all(view.page.encode() and view.count > 0 for view in found.events)
