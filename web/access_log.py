"""A line for each request, for those who want it: what was asked and answered, never by whom.

Neither a query nor what a path has of anybody's names is in it, and of a key its public name.
"""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from domain.addresses import Address
from web.access import caller_of
from web.passage import Passage
from web.places import Place

LOGGER = __name__
logger = logging.getLogger(LOGGER)

_METHODS = frozenset(("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"))
_NOTHING = "-"


class AccessLog:
    """Writes lines of fields; addresses are in them where `address_of` a request is given."""

    def __init__(self, address_of: Callable[[Scope], Address | None] | None = None) -> None:
        self._address_of = address_of

    async def followed(
        self,
        app: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
        place: Place | None,
        passage: Passage,
    ) -> None:
        """Have `app` answer, and tell what came of it."""
        began, status, size = monotonic(), 0, 0

        async def counted(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await app(scope, receive, counted)
        finally:
            self.tell(scope, place, passage.id, status, size, began)

    def tell(
        self,
        scope: Scope,
        place: Place | None,
        request: bytes,
        status: int,
        size: int,
        began: float,
    ) -> None:
        """Of an answer of so many bytes to what `began` then, by the clock of `monotonic`."""
        # Of what is there, a path says which of ours it is; of anything else it may say all.
        path = place.path if place else _NOTHING
        method: str = scope["method"]  # type: ignore[typeddict-item]
        seconds = monotonic() - began
        line = _line(method, path, status, f"{size}", f"{seconds * 1e3:.1f}", request)
        key = caller_of(scope).key or _NOTHING
        logger.info("%s key=%s%s", line, key, self._address(scope))

    def refused(self, method: str, status: int, request: bytes) -> None:
        """What was answered before any application saw it; "": no method was read."""
        logger.info(
            "%s key=%s", _line(method, _NOTHING, status, _NOTHING, _NOTHING, request), _NOTHING
        )

    def _address(self, scope: Scope) -> str:
        if self._address_of is None:
            return ""
        return f" client={self._address_of(scope) or _NOTHING}"


def _line(method: str, path: str, status: int, size: str, ms: str, request: bytes) -> str:
    told = method if method in _METHODS else _NOTHING
    return (
        f"method={told} path={path} status={status or _NOTHING} bytes={size} ms={ms} "
        f"request={request.decode()}"
    )
