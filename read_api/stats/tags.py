"""Entity tags (RFC 9110, 8.8.3): whether an answer that a client holds is still the answer."""

import re
from collections.abc import Collection, Sequence
from hashlib import blake2b

import msgspec
from litestar.types import Scope
from msgspec import Struct

from domain.stats.answers import Standing
from domain.version import VERSION
from web.packed import unpacked_tag

_TAG_BYTES = 12
# Days of no zone of the present begin within a quarter of an hour.
_QUARTER = 900
_TAG = re.compile(rb'"[^"]*"')


class Asking(Struct, frozen=True):
    """What is asked, in which format, and when, in seconds since 1970.

    `sites` are those that who asks may know of, None: all. Whom these are not, a tag would tell how
    much was folded of others, by trying: it is made with a `secret`.
    """

    name: str
    format: str
    given: Sequence[tuple[str, str]]
    now: int
    sites: Sequence[str] | None = None
    secret: bytes = b""


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
    question = (asking.name, asking.format, asking.given, asking.now // _QUARTER, asking.sites)
    state = (
        standing.generation,
        standing.rules,
        standing.horizon,
        standing.complete_ms,
        standing.folded,
    )
    content = msgspec.msgpack.encode((VERSION, question, state))
    digest = blake2b(content, digest_size=_TAG_BYTES, key=asking.secret)
    return b'"%s"' % digest.hexdigest().encode()


def held_tags(scope: Scope) -> Held:
    """What If-None-Match says; weak tags are as good as strong ones there,
    and an answer is the same packed or not."""
    given = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    return Held(frozenset(map(unpacked_tag, _TAG.findall(given))), given.strip() == b"*")
