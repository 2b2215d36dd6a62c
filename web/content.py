"""Content that stays as it is while a process runs: packed once, known again by a tag."""

import gzip
import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from litestar.types import Scope

from web.problems import Answer, Headers

_TAG_DIGITS = 24
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
# It packs once, for everybody who will ever ask.
_ZSTD_EFFORT = 19


@dataclass(frozen=True)
class Content:
    """Bytes as they are; `headers` go with them, and say how long they may be kept."""

    plain: bytes
    tag: bytes
    media_type: bytes
    headers: Headers

    @cached_property
    def packed(self) -> Mapping[bytes, bytes]:
        """By coding, the smallest first; made when it is first asked for: no start waits for it."""
        # Without a moment in it: the same bytes from every process.
        made = {b"zstd": _zstd(self.plain), b"gzip": gzip.compress(self.plain, 9, mtime=0)}
        return dict(sorted(made.items(), key=lambda each: len(each[1])))


def content(plain: bytes, media_type: bytes, headers: Headers) -> Content:
    """Something to answer with."""
    tag = hashlib.sha256(plain).hexdigest()[:_TAG_DIGITS].encode()
    return Content(plain, tag, media_type, headers)


def content_answer(scope: Scope, found: Content) -> Answer:
    """What a client gets: packed as it takes that, and nothing where it holds the content."""
    accepted = header(scope, b"accept-encoding")
    coding = next((each for each in found.packed if takes(accepted, each.decode())), b"")
    tag = b'"%s%s"' % (found.tag, b"-" + coding if coding else b"")
    headers = [(b"etag", tag), *found.headers]
    if found.tag in header(scope, b"if-none-match"):
        return Answer(304, b"", headers=headers)
    if coding:
        headers.append((b"content-encoding", coding))
    return Answer(200, found.packed.get(coding, found.plain), found.media_type, headers)


def header(scope: Scope, name: bytes, between: bytes = b",") -> bytes:
    """All values of a header as one; b"" where there is none."""
    return between.join(value for key, value in scope["headers"] if key == name)


def takes(accepted: bytes, coding: str) -> bool:
    """Does a client take a coding that says this in Accept-Encoding?"""
    choices = [choice.strip() for choice in accepted.decode("latin-1").lower().split(",")]
    named = [choice for choice in choices if choice.partition(";")[0].rstrip() == coding]
    return bool(named) and not any(map(_REFUSED.search, named))


def _zstd(plain: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression.zstd import compress
    else:
        from backports.zstd import compress
    packed: bytes = compress(plain, _ZSTD_EFFORT)
    return packed
