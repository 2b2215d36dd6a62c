"""A message of the log, whoever wrote it."""

from contextlib import suppress

from msgspec.structs import replace

from domain import sources
from domain.agents.viewers import usable
from domain.errors import Undecodable, UnknownFormat
from domain.wire import decode, encode, probe, recorded_ms
from tests.factories import batch, event
from tests.fuzz.grammar import batch as shape
from tests.fuzz.grammar import made, raw

SEEDS = [
    raw(encode(batch(event("example.com/page"), event("é")))),
    raw(encode(batch(event("é"), event("b"), agents=["Firefox 128 Linux", None]))),
    raw(b'[2,"p1",3,9,4,[["a/b",5,7]],{"source":{"of":[0]},"agent":{"of":[0]}}]'),
    raw(b'[2,"p1",3,9,4,[],{"!seen":{}}]'),
    raw(encode(batch(event(), event("b"), sources=["", "example.org"], new_pages=[7, 0]))),
    raw(probe("probe-0c5fb0e1", 12, 1_752_660_000_123)),
    raw(b'[3,"p2",[["a/b",5,7]]]'),
    raw(b"[2025]"),
    raw(b'[ 1,"p1",3,9,4,[ ["a/b",5,7] ]]\n'),
]


def one(data: bytes) -> None:
    """A batch that is the same when it is written again, or one of two errors."""
    body = made(data, shape)
    with suppress(Undecodable, UnknownFormat):
        found = decode(body)
        again = decode(encode(found))
        assert replace(again, format=found.format) == found
        assert again.agents == found.agents
        assert (again.sources, again.guard) == (found.sources, found.guard)
        assert recorded_ms(body) == found.recorded_ms
        assert all(view.page.encode() and view.count > 0 for view in found.events)
        if found.agents is not None:
            assert len(found.agents.by_event()) == len(found.events)
            assert all(usable(text) for text in found.agents.texts)
        if found.sources is not None:
            assert len(found.sources.by_event()) == len(found.events)
            assert all(sources.usable(text) for text in found.sources.texts)
        if found.guard is not None:
            assert len(found.guard.flags(len(found.events))) == len(found.events)
