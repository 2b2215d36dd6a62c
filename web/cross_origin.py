"""What web pages of other sites may ask and read, in the words of CORS (fetch.spec.whatwg.org).

No answer to a page of another site ever depends on cookies: the one that a browser is signed in
with counts for our own page alone. So every page may be told of the doors that all pages send to,
and nothing else but what its key opens is told to a page whose origin the operator has named.
"""

from collections.abc import Collection
from typing import Literal

from domain.keys import Right
from web.access import Access
from web.passage import Header
from web.problems import Answer

# After that a browser asks again; some do no later than after 2 hours, whatever is said.
_MAX_AGE = (b"access-control-max-age", b"7200")
_METHODS = (b"access-control-allow-methods", b"GET, HEAD, POST")
_EXPOSED = (b"access-control-expose-headers", b"*")
# Older browsers know no *, and none takes Authorization for one of them.
_ANY_HEADERS = (b"access-control-allow-headers", b"content-type, *")
_OF_READERS = (
    b"access-control-allow-headers",
    b"authorization, content-type, if-none-match, x-request-id",
)
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_VARIES = (b"vary", b"origin")

Pages = Literal["any", "named", "none"]


class CrossOrigin:
    """For pages of `origins`, such as https://example.com, to read with a key."""

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def pages_of(self, access: Access | None) -> Pages:
        """Which pages of other sites may ask there."""
        if access is None:
            return "none"
        if access.from_pages:
            return "any"
        return "named" if self._origins and access.right is Right.READ else "none"

    def is_named(self, origin: bytes) -> bool:
        """Has the operator named it?"""
        return origin in self._origins

    def headers(self, pages: Pages, origin: bytes) -> list[Header]:
        """What an answer to a page of `origin` says beside; b"": no page had it sent."""
        if pages == "any":
            return [_ANY_ORIGIN, _EXPOSED]
        if pages == "named":
            # Caches keep apart what is told to one and not to others.
            told = [(b"access-control-allow-origin", origin), _EXPOSED]
            return [_VARIES, *(told if self.is_named(origin) else ())]
        return []

    def preflight(self, pages: Pages, origin: bytes) -> Answer | None:
        """The answer to OPTIONS, beside these headers; None where no page is let in."""
        if pages == "any":
            return Answer(204, b"", headers=(_METHODS, _ANY_HEADERS, _MAX_AGE))
        if pages == "named" and self.is_named(origin):
            return Answer(204, b"", headers=(_METHODS, _OF_READERS, _MAX_AGE))
        return None
