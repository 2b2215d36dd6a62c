"""What is known of a request on its way in, beside what it says itself."""

from collections.abc import Iterable
from random import getrandbits
from typing import Any

from litestar.types import Scope

from domain.key_secrets import PREFIX
from web.access import Access

_PASSAGE = "footfall.passage"
_ID_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST_ID = 128
# What is sent in the wrong place would stand in every log on the way back.
_OF_SECRETS = PREFIX.encode()

Header = tuple[bytes, bytes]


class Passage:
    """One request: its `id`, what the path `access`es (None: there is nothing there), what is
    `added` to the headers of its answer, whether that has `no_end` of its own."""

    __slots__ = ("access", "added", "id", "no_end")

    def __init__(self, id: bytes, access: Access | None) -> None:
        self.id = id
        self.access = access
        self.no_end = False
        self.added: list[Header] = [(b"x-request-id", id)]


def request_id(headers: Iterable[Header]) -> bytes:
    """As who asks calls the request, or a name of our own where that is none."""
    return given_id(headers) or new_id()


def given_id(headers: Iterable[Header]) -> bytes:
    """As who asks calls it, b"" where that is no name."""
    for name, value in headers:
        if name == b"x-request-id":
            good = 0 < len(value) <= _LONGEST_ID and _ID_BYTES.issuperset(value)
            return value if good and _OF_SECRETS not in value else b""
    return b""


def new_id() -> bytes:
    """Of a request that has none."""
    # Names keep no secrets, and a better generator takes longer than all else here.
    return b"%016x" % getrandbits(64)


def enter(scope: Scope, passage: Passage) -> None:
    """What `passage_of` says from now on."""
    scope[_PASSAGE] = passage  # type: ignore[literal-required]


def passage_of(scope: Scope) -> Passage | None:
    """What is known of that request; None where nobody stands in front."""
    found: Passage | None = scope.get(_PASSAGE)  # type: ignore[assignment]
    return found


def named(scope: Any) -> str:
    """Words for log lines, which say by which name its client knows the request."""
    found = passage_of(scope)
    return f" (request {found.id.decode()})" if found else ""
