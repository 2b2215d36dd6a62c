"""What every request passes before its route is looked for: whom it is for, and one spelling."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from domain import problems
from domain.errors import Problem
from domain.hosts import ANY, answers_for, host_name, is_cross_site
from domain.keys import STRANGER, Caller, Right
from domain.problems import Kind
from web.access import Access, set_caller, set_caller_again
from web.asking import Asking, Shown, shown
from web.cookies import COOKIE
from web.error_member import with_error
from web.lock import SEVERAL, Lock, locked_out, nobody_locks
from web.passage import passage_of
from web.places import Place, Places
from web.problems import Answer, problem, send_answer
from web.refused import Noted, not_noted

NOTHING_HERE = "there is nothing here: /schema describes what there is"
ANYWHERE: Collection[str] = (ANY,)
_OF_BROWSERS = frozenset((b"origin", b"sec-fetch-site", COOKIE))
_LOOKED_AT = _OF_BROWSERS | {b"host", b"authorization"}

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
_ASKED_BY_A_PAGE = (
    "a web page of another site had a browser ask this, and none may but those that the setting "
    "CORS_ORIGINS names: name the page's origin there, such as https://dash.example.com"
)
_FORM_OF_ANOTHER = (
    "a web page of another site had a browser send this form: open the page of this service that "
    "has it, and send it from there"
)


class Door:
    """An application at exactly these `places`, for the hosts that are `allowed`.

    What it does not let through it answers itself; a HEAD is answered as a GET, without the body.
    What it refuses of views, because of who sent them, is `noted`. A path that asks for a right is
    for those whom the `lock` knows, and who have it. Who comes without a key to where keys are
    asked for is the `nameless` one.

    A browser that is signed in shows its key in a cookie. That counts where it only looks, and
    where no page of another site had it do so; nobody appends with it.
    """

    def __init__(
        self,
        app: ASGIApp,
        places: Places,
        allowed: Collection[str],
        noted: Noted = not_noted,
        lock: Lock = nobody_locks,
        nameless: Caller = STRANGER,
    ) -> None:
        self._app = app
        self._asking = Asking(lock, nameless)
        self._noted = noted
        self._places = places
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises `ValueError` for a kind of connection that ASGI does not have here."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != ScopeType.HTTP:
            raise ValueError("neither HTTP nor a WebSocket")
        place = self._places.at(scope)
        refusal = self._refusal(scope, place)
        if _method(scope) == "HEAD":
            send = headless(send)
        if place is not None and place.access.says_error:
            send = with_error(send)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await send_answer(send, refusal)

    def _refusal(self, scope: Scope, place: Place | None) -> Answer | None:
        method = _method(scope)
        headers = _looked_at(scope)
        if headers is None:
            return _refused(problems.INVALID, _TWICE, method)
        host = headers.get(b"host", "")
        if (name := host_name(host)) is None:
            return _refused(problems.INVALID, _TWICE, method)
        if not answers_for(name, self._allowed):
            return _refused(problems.MISDIRECTED, _FOREIGN, method)
        if place is None:
            return problem(problems.NOT_FOUND, NOTHING_HERE, method=method)
        access = place.access
        origin, site = headers.get(b"origin", ""), headers.get(b"sec-fetch-site", "")
        cross_site = is_cross_site(site, origin, host)
        if method == "POST" and not access.from_pages and cross_site:
            if access.right is Right.READ:
                return _refused(problems.CROSS_SITE, _ASKED_BY_A_PAGE, method)
            if access.by_address:
                return _refused(problems.CROSS_SITE, _FORM_OF_ANOTHER, method)
            self._noted(problems.CROSS_SITE)
            return _refused(problems.CROSS_SITE, _FROM_A_PAGE, method)
        looks = method in ("GET", "HEAD") and not cross_site
        if access.right is not None and COOKIE in headers and not self._asking.is_public:
            _vary(scope)
        return self.locked_out(scope, access, shown(headers, looks=looks))

    def shown_plainly(self, scope: Scope) -> Shown | None:
        """By a request that no browser sends, for a host of ours; None: it is not as plain as that.

        Its headers alone say so: the same are the same the next time.
        """
        headers = _looked_at(scope)
        if headers is None or not _OF_BROWSERS.isdisjoint(headers):
            return None
        name = host_name(headers.get(b"host", ""))
        if name is None or not answers_for(name, self._allowed):
            return None
        return shown(headers, looks=False)

    def locked_out(self, scope: Scope, access: Access, key: Shown) -> Answer | None:
        """What those are told who may not ask; from now on it is known who asks."""
        if access.right is not None and self._asking.is_public:
            _vary(scope)
        found = self._asking.caught(key)
        caller = self._asking.caller(key, found)
        set_caller(scope, caller)
        set_caller_again(scope, partial(self._asking.caller_now, key))
        method = _method(scope)
        # Which methods there are, and whether a page may ask, browsers ask without a key.
        if access.right is None or access.right in caller.rights or method == "OPTIONS":
            return None
        kind = problems.UNAUTHORIZED if isinstance(found, str) else problems.FORBIDDEN
        if access.right is Right.INGEST and method == "POST":
            self._noted(kind)
        return locked_out(found, access.right, method)


def _method(scope: Scope) -> str:
    found: str = scope["method"]  # type: ignore[typeddict-item]
    return found


def _looked_at(scope: Scope) -> Mapping[bytes, str] | None:
    """Host, Authorization and what browsers add; None where there are several hosts."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _LOOKED_AT:
            if name == b"host" and name in found:
                return None
            text = value.decode("latin-1")
            if name == COOKIE:
                found[name] = f"{found[name]}; {text}" if name in found else text
            else:
                # One of several that is foreign is enough; which of several keys counts nobody
                # knows.
                found[name] = text if name not in found else SEVERAL
    return found


def _vary(scope: Scope) -> None:
    """Caches keep apart what is told to one and not to others."""
    if passage := passage_of(scope):
        passage.added.append((b"vary", b"cookie"))


def _refused(kind: Kind, detail: str, method: str) -> Answer:
    return problem(kind, detail, [Problem("", detail)], method=method)


def headless(send: Send) -> Send:
    async def without_body(message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_body
