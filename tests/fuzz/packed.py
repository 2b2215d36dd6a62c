"""gzip, before anybody knows what is in it."""

import gzip
from contextlib import suppress

from domain.errors import RequestRefused
from tests.fuzz.grammar import Choices, made, raw
from web.packing import unpacked

LIMIT = 1_000
SEEDS = [
    raw(gzip.compress(b'{"page":"example.com/page"}', mtime=0)),
    raw(gzip.compress(b"a" * LIMIT, mtime=0) + gzip.compress(b"", mtime=0)),
    raw(gzip.compress(b"a" * (LIMIT + 1), mtime=0)),
    raw(gzip.compress(bytes(range(256)), 0, mtime=0)),
]


def one(data: bytes) -> None:
    """What Python's own reader makes of it, as far as the limit, or a refusal.

    That reader takes more: zeros behind the end, flags that are reserved.
    """
    packed = made(data, _members)
    with suppress(RequestRefused):
        found = unpacked(packed, LIMIT)
        if found is not None:
            assert len(found) <= LIMIT
            assert found == gzip.decompress(packed)


def _members(choices: Choices) -> bytes:
    members = b""
    while choices.more():
        member = gzip.compress(choices.some() * choices.byte(), choices.byte() % 10, mtime=0)
        members += member[:-3] if choices.rarely() else member
    return members
