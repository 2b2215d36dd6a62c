"""What every request passes before its route is looked for: whom it is for, and one spelling."""

from collections.abc import Collection, Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from domain import problems
from domain.errors import Problem
from domain.hosts import ANY, answers_for, host_name, is_cross_site
from domain.problems import Kind
from web.problems import Answer, problem, send_answer

NOTHING_HERE = "there is nothing here: /schema describes what there is"
ANYWHERE: Collection[str] = (ANY,)

_TWICE = "the header Host is there twice or cannot be read: send it once, as HOST or HOST:PORT"
_FOREIGN = (
    "this service does not answer for the host that was asked: ask for its address, or name the "
    "host in its setting ALLOWED_HOSTS (a proxy that passes Host on needs that where HOST is "
    "loopback)"
)
_FROM_A_PAGE = (
    "a web page of another site had a browser send this, and views are taken from servers: leave "
    "out Origin and Sec-Fetch-Site where a server passes on what browsers send"
)


class Door:
    """An application behind `app`'s routes at exactly `paths`, for the hosts that are `allowed`.

    What it does not let through it answers itself; a HEAD is answered as a GET, without the body.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str], allowed: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(path.encode() for path in paths)
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises `ValueError` for a kind of connection that ASGI does not have here."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != ScopeType.HTTP:
            raise ValueError("neither HTTP nor a WebSocket")
        refusal = self._refusal(scope)
        if _method(scope) == "HEAD":
            send = _headless(send)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await send_answer(send, refusal)

    def _refusal(self, scope: Scope) -> Answer | None:
        method = _method(scope)
        headers = _of_browsers(scope)
        if headers is None:
            return _refused(problems.INVALID, _TWICE, method)
        host = headers.get(b"host", "")
        if (name := host_name(host)) is None:
            return _refused(problems.INVALID, _TWICE, method)
        if not answers_for(name, self._allowed):
            return _refused(problems.MISDIRECTED, _FOREIGN, method)
        # As it was written: what a front lets through or not, it decides by that.
        if (scope.get("raw_path") or scope["path"].encode()) not in self._paths:
            return problem(problems.NOT_FOUND, NOTHING_HERE, method=method)
        origin, site = headers.get(b"origin", ""), headers.get(b"sec-fetch-site", "")
        if method == "POST" and is_cross_site(site, origin, host):
            return _refused(problems.CROSS_SITE, _FROM_A_PAGE, method)
        return None


def _method(scope: Scope) -> str:
    found: str = scope["method"]  # type: ignore[typeddict-item]
    return found


def _of_browsers(scope: Scope) -> Mapping[bytes, str] | None:
    """Host, Origin and Sec-Fetch-Site; None where there are several hosts."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in (b"host", b"origin", b"sec-fetch-site"):
            if name == b"host" and name in found:
                return None
            # One of several that is foreign is enough.
            found[name] = value.decode("latin-1") if name not in found else "several"
    return found


def _refused(kind: Kind, detail: str, method: str) -> Answer:
    return problem(kind, detail, [Problem("", detail)], method=method)


def _headless(send: Send) -> Send:
    async def without_body(message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_body
