"""Signing in and out, and who is signed in.

There is no session: a browser keeps the key, in a cookie, and shows it with each question. What a
key opens, of which sites and until when, is asked of the lock each time, as of any other client.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from dashboard.files import Sources
from dashboard.form import MAY_NOT_READ, SIGNED_OUT, WRONG, Form
from dashboard.leading import HOME, place_to
from dashboard.policy import OF_FORMS
from dashboard.shell import theme_of
from domain import problems
from domain.errors import Problem, RequestRefused
from domain.key_secrets import SECRET
from domain.keys import ANYBODY, Right
from web.access import PUBLIC, Access, caller_of
from web.app import route
from web.bodies import Bodies
from web.clients import Clients
from web.content import header
from web.cookies import forgotten, kept, key_shown
from web.lock import CHALLENGE, Lock
from web.problems import Answer, Headers, answer

SIGN_IN, SIGN_OUT, SESSION = "/sign-in", "/sign-out", "/session"
MAX_BYTES = 32_768
"""Of a form: a key, and where to go on to with all that may be escaped in it."""

_FORM = Access(by_address=True)
_HTML = b"text/html; charset=utf-8"
_MOST_FIELDS = 10
_NOT_FROM_HERE = (
    "this does not come from a page of this service: open /sign-in in a browser; programs send "
    "their key as Authorization: Bearer KEY"
)


def sign_in_routes(
    found: Sources, lock: Lock, clients: Clients, seconds: float
) -> Sequence[ASGIRouteHandler]:
    """The handlers, for keys that open the `lock`; forms have so many `seconds` to arrive."""
    ways = _SignIn(Form(found), lock, clients, Bodies(MAX_BYTES, seconds))
    return [
        route(SIGN_IN, "GET", ways.asked, access=_FORM, also=["POST"]),
        route(SIGN_OUT, "POST", sign_out, access=_FORM),
        route(SESSION, "GET", session, access=PUBLIC),
    ]


class _SignIn:
    """What is at `SIGN_IN`."""

    def __init__(self, form: Form, lock: Lock, clients: Clients, bodies: Bodies) -> None:
        self._form = form
        self._lock = lock
        self._clients = clients
        self._bodies = bodies

    async def asked(self, scope: Scope, receive: Receive) -> Answer:
        method: str = scope["method"]  # type: ignore[typeddict-item]
        if method != "POST":
            return self._shown(scope)
        _require_own_page(scope)
        return self._signed_in(scope, await self._bodies.read(scope, receive, _pairs))

    def _shown(self, scope: Scope) -> Answer:
        theme, to = theme_of(scope), place_to(_pairs(scope["query_string"]).get("to", HOME))
        caller = caller_of(scope)
        if caller is ANYBODY:
            return _html(self._form.not_needed(theme, to))
        if caller.key:
            return _html(self._form.signed_in(theme, to, caller.key))
        key = key_shown(scope["headers"])
        # Beside one that is good: whoever was led here by another site's page is not known here.
        if key and isinstance(self._lock(f"Bearer {key}"), str):
            return _html(self._form.asking(theme, to, SIGNED_OUT), headers=forgotten())
        return _html(self._form.asking(theme, to, public=caller.is_public))

    def _signed_in(self, scope: Scope, fields: Mapping[str, str]) -> Answer:
        theme, to = theme_of(scope), place_to(fields.get("to", HOME))
        key = fields.get("key", "").strip()
        caller = self._lock(f"Bearer {key}" if SECRET.fullmatch(key) else "Bearer ")
        if caller is ANYBODY:
            return _on(to)
        if isinstance(caller, str):
            return _html(self._form.asking(theme, to, WRONG), 401, [CHALLENGE])
        if Right.READ not in caller.rights:
            return _html(self._form.asking(theme, to, MAY_NOT_READ), 403)
        return _on(to, kept(key, over_tls=self._is_over_tls(scope)))

    def _is_over_tls(self, scope: Scope) -> bool:
        # The origin is that of our own page, as the browser that has it open sees it.
        origin = header(scope, b"origin").lower()
        return origin.startswith(b"https:") or self._clients.came_over_tls(scope)


async def sign_out(scope: Scope, _: Receive) -> Answer:
    """Have the browser forget the key, whether it had one or not."""
    _require_own_page(scope)
    return _on(SIGN_IN, forgotten())


async def session(scope: Scope, _: Receive) -> Answer:
    """Who asks, in the words of the API."""
    caller = caller_of(scope)
    told = {
        "signed_in": bool(caller.key),
        "needs_key": caller is not ANYBODY,
        "rights": [right.value for right in Right if right in caller.rights],
        "sites": None if caller.sites is None else sorted(caller.sites),
        "public": caller.is_public,
    }
    return answer(told, headers=[(b"cache-control", b"no-store")])


def _require_own_page(scope: Scope) -> None:
    """Raises `RequestRefused` for what no browser sent from here.

    What says that it comes from elsewhere was refused at the door. All browsers say one of the two
    with a form: what says neither is a program, or a page that has found a way to leave it out.
    """
    if not (header(scope, b"origin") or header(scope, b"sec-fetch-site")):
        raise RequestRefused([Problem("", _NOT_FROM_HERE)], kind=problems.CROSS_SITE)


def _pairs(text: bytes) -> Mapping[str, str]:
    """Fields and their first values; none of what is no form."""
    try:
        pairs = parse_qsl(text.decode("latin-1"), errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _html(document: bytes, status: int = 200, headers: Headers = ()) -> Answer:
    return Answer(status, document, _HTML, [*OF_FORMS, *headers])


def _on(to: str, headers: Headers = ()) -> Answer:
    return Answer(303, b"", _HTML, [(b"location", to.encode()), *OF_FORMS, *headers])
