"""Entity tags (RFC 9110, 8.8.3): whether an answer that a client holds is still the answer."""

import re
from collections.abc import Collection, Sequence
from hashlib import blake2b

import msgspec
from litestar.types import Scope
from msgspec import Struct

from domain.stats.answers import Standing
from domain.version import VERSION

_TAG_BYTES = 12
# Days of no zone of the present begin within a quarter of an hour.
_QUARTER = 900
_TAG = re.compile(rb'"[^"]*"')


class Asking(Struct, frozen=True):
    """What is asked, in which format, and when, in seconds since 1970."""

    name: str
    format: str
    given: Sequence[tuple[str, str]]
    now: int


class Held(Struct, frozen=True):
    """The answers that a client holds: of those `named`, or `any` there is."""

    named: Collection[bytes] = ()
    any: bool = False

    def holds(self, tag: bytes | None) -> bool:
        """Is it one of them?"""
        return tag in self.named


def tag_of(asking: Asking, standing: Standing) -> bytes | None:
    """What changes with the answer; None where its numbers are of more than one state.

    The present is a part of it: the same question may be of other hours later.
    """
    if standing.folded is None:
        return None
    question = (asking.name, asking.format, asking.given, asking.now // _QUARTER)
    state = (
        standing.generation,
        standing.rules,
        standing.horizon,
        standing.complete_ms,
        standing.folded,
    )
    content = msgspec.msgpack.encode((VERSION, question, state))
    return b'"%s"' % blake2b(content, digest_size=_TAG_BYTES).hexdigest().encode()


def held_tags(scope: Scope) -> Held:
    """What If-None-Match says; weak tags are as good as strong ones there."""
    given = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    return Held(frozenset(_TAG.findall(given)), given.strip() == b"*")
