"""The application factory of every HTTP role."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from time import monotonic
from typing import Any

from litestar import Litestar, Request, Response, asgi
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.keys import STRANGER, Caller, Right
from domain.ports.common import Probe
from domain.problems import FAILED, INVALID, KINDS, METHOD_NOT_ALLOWED, NOT_FOUND, TOO_LARGE, Kind
from web.access import PUBLIC, Access, caller_of
from web.door import ANYWHERE, NOTHING_HERE, Door
from web.entrance import BARE, Entrance, Front, OfCallers
from web.lock import Lock, nobody_locks
from web.packed import packed
from web.places import ANY_NAME, ANY_PATH, Places
from web.problems import (
    PROBLEM,
    Answer,
    answer,
    explained,
    problem,
    send_answer,
)
from web.readiness import NOT_READY, READY, Readiness
from web.refused import Noted, not_noted
from web.short_way import Hot, OfHot, ShortWay, Take
from web.streaming import Streamed, send_streamed
from web.troubles import Troubles, Unforeseen

# Of what Litestar refuses before a handler of ours is asked.
_OF_THE_FRAMEWORK = {kind.status: kind for kind in (NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE)}

ACCESS = "access"
ENDINGS = "endings"
SHORT_WAY = "short_way"
"""Under which names the application's state has them."""
_PATH = "path"
_HOT = "hot"
Handle = Callable[[Scope, Receive], Any]
Ending = Callable[[], None]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def route(
    path: str,
    method: str,
    handle: Handle,
    noted: Noted = not_noted,
    access: Access = PUBLIC,
    also: Sequence[str] = (),
    take: Take | None = None,
) -> ASGIRouteHandler:
    """A bare ASGI handler: about twice as fast here as one with Litestar's argument parsing.

    One of GET is asked with HEAD too. `handle` returns an `Answer`, or one that is `Streamed`. What
    it raises is `noted`. Who may ask is said by `access`. A path may end in `ANY_NAME`: one part of
    any name, the last in `name_asked`; or in `ANY_PATH`: all that `path_asked` says. Of methods
    there may be others `also`. It is hot where `take` answers a body that is whole and not packed
    as `handle` would.
    """
    methods = (method, "HEAD", *also) if method == "GET" else (method, *also)
    troubles = Troubles(method, path, noted)
    # Litestar finds no bare handler by a path with a parameter, only whatever is below one; the
    # door lets through what it says.
    below = path.endswith((ANY_NAME, ANY_PATH))
    place = path.removesuffix(ANY_NAME).removesuffix(ANY_PATH)

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        asked: str = scope["method"]  # type: ignore[typeddict-item]
        if asked not in methods:
            allow = [(b"allow", ", ".join(methods).encode())]
            detail = f"send {method} to {path}"
            await send_answer(send, problem(METHOD_NOT_ALLOWED, detail, (), allow, asked))
            return
        try:
            found: Answer | Streamed = await handle(scope, receive)
            if isinstance(found, Streamed):
                await send_streamed(scope, receive, send, found)
                return
        except Exception as error:  # noqa: BLE001
            found = troubles.answer(error, scope)
        await send_answer(send, await packed(scope, found))

    hot = take and Hot(path, method, access, handler, take, troubles)
    opt = {ACCESS: access, _PATH: path, _HOT: hot}
    return asgi(place, is_mount=below, copy_scope=False, opt=opt)(handler)


def name_asked(scope: Scope) -> str:
    """The last part of the path, as it was written."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.rpartition(b"/")[2].decode("latin-1")


def path_asked(scope: Scope, above: str) -> bytes:
    """What is below the path `above`, as it was written."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.removeprefix(f"{above}/".encode())


def create_app(
    handlers: Sequence[ASGIRouteHandler],
    probes: Mapping[str, Probe],
    schema: Mapping[str, Any],
    lifespan: Sequence[Lifespan] = (),
    allowed_hosts: Collection[str] = ANYWHERE,
    noted: Noted = not_noted,
    lock: Lock = nobody_locks,
    front: Front = BARE,
    nameless: Caller = STRANGER,
    endings: Sequence[Ending] = (),
) -> Litestar:
    """An application of `handlers`, health, readiness of `probes` and the API's description.

    It answers for the names in `allowed_hosts`, for every address and for this machine, and lets in
    whom the `lock` knows; who comes without a key to where it asks for one is the `nameless` one.
    What is refused in front of the handlers because of who sent it is `noted`. Strangers are told
    whether it is ready and not what is wrong. Clients meet what stands in `front` first. `endings`
    are called when the process is to end, before answers that are under way are waited for: so do
    those end that would go on.
    """
    described = answer(schema)

    async def health(_: Scope, __: Receive) -> Answer:
        return answer({"status": "ok"})

    readiness = Readiness(probes, monotonic)

    async def ready(scope: Scope, _: Receive) -> Answer:
        found = await readiness.answer()
        if Right.ADMIN in caller_of(scope).rights:
            return found
        return answer(
            {"status": READY if found.status == HTTPStatus.OK else NOT_READY}, found.status
        )

    async def describe(_: Scope, __: Receive) -> Answer:
        return described

    routes = [
        *handlers,
        route("/health", "GET", health),
        route("/ready", "GET", ready),
        route("/schema", "GET", describe),
        route("/schema/openapi.json", "GET", describe),
        *map(_explained, KINDS),
    ]
    unforeseen = Unforeseen()
    app = Litestar(
        routes,
        openapi_config=None,
        exception_handlers={HTTPException: _http_problem, Exception: _told(unforeseen)},
        lifespan=list(lifespan),
        logging_config=None,
        state=State({ENDINGS: tuple(endings)}),
    )
    places = Places({each.opt[_PATH]: each.opt[ACCESS] for each in routes})
    hot = [found for each in routes if (found := each.opt[_HOT])]
    inside: ASGIApp = OfHot(hot, app.asgi_handler, unforeseen)
    callers = None
    if front.of_callers or (front.of_pages and nameless.is_public):
        inside = callers = OfCallers(inside, front, noted)
    door = Door(inside, places, allowed_hosts, noted, lock, nameless)
    app.asgi_handler = Entrance(door, places, front, noted)
    app.state[SHORT_WAY] = ShortWay(hot, door, callers, front, unforeseen)
    return app


def _explained(kind: Kind) -> ASGIRouteHandler:
    found = answer(explained(kind))

    async def explain(_: Scope, __: Receive) -> Answer:
        return found

    return route(kind.reference, "GET", explain)


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status, detail = error.status_code, error.detail
    if status == HTTPStatus.NOT_FOUND:
        detail = NOTHING_HERE
    other = FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else INVALID
    kind = _OF_THE_FRAMEWORK.get(status, other)._replace(status=status)
    return _response(problem(kind, detail, method=request.method))


def _told(unforeseen: Unforeseen) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    def answered(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return _response(unforeseen.answer(error, request.scope))

    return answered


def _response(found: Answer) -> Response[bytes]:
    return Response(found.body, status_code=found.status, media_type=PROBLEM.decode())
