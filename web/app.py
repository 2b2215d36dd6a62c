"""The application factory of every HTTP role."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from time import monotonic
from typing import Any

from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from domain.errors import FootfallError
from domain.ports.common import Probe
from domain.problems import FAILED, INVALID, KINDS, METHOD_NOT_ALLOWED, NOT_FOUND, TOO_LARGE, Kind
from web.door import ANYWHERE, NOTHING_HERE, Door
from web.problems import PROBLEM, Answer, answer, explained, from_error, problem, send_answer
from web.readiness import Readiness
from web.seldom import Seldom
from web.streaming import Streamed, send_streamed

logger = logging.getLogger(__name__)

# Of what Litestar refuses before a handler of ours is asked.
_OF_THE_FRAMEWORK = {kind.status: kind for kind in (NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE)}

Handle = Callable[[Scope, Receive], Any]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def route(path: str, method: str, handle: Handle) -> ASGIRouteHandler:
    """A bare ASGI handler: about twice as fast here as one with Litestar's argument parsing.

    One of GET is asked with HEAD too. `handle` returns an `Answer`, or one that is `Streamed`.
    """
    methods = (method, "HEAD") if method == "GET" else (method,)
    seldom = Seldom(monotonic)

    @asgi(path, copy_scope=False)
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
        except FootfallError as error:
            found = from_error(error, method)
            if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR and (
                told := seldom.due(str(error))
            ):
                logger.warning("%s %s: %s", method, path, told)
        await send_answer(send, found)

    return handler


def create_app(
    handlers: Sequence[ASGIRouteHandler],
    probes: Mapping[str, Probe],
    schema: Mapping[str, Any],
    lifespan: Sequence[Lifespan] = (),
    allowed_hosts: Collection[str] = ANYWHERE,
) -> Litestar:
    """An application of `handlers`, health, readiness of `probes` and the API's description.

    It answers for the names in `allowed_hosts`, for every address and for this machine.
    """
    described = answer(schema)

    async def health(_: Scope, __: Receive) -> Answer:
        return answer({"status": "ok"})

    readiness = Readiness(probes, monotonic)

    async def ready(_: Scope, __: Receive) -> Answer:
        return await readiness.answer()

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
    app = Litestar(
        routes,
        openapi_config=None,
        exception_handlers={
            HTTPException: _http_problem,
            Exception: _unforeseen(Seldom(monotonic)),
        },
        lifespan=list(lifespan),
        logging_config=None,
    )
    paths = {path for each in routes for path in each.paths}
    app.asgi_handler = Door(app.asgi_handler, paths, allowed_hosts)
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


def _unforeseen(seldom: Seldom) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    def answered(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        # The path is one of ours; what stands behind it is a stranger's.
        what = f"{request.method} {request.scope['path']} failed: {type(error).__name__}"
        if told := seldom.due(what):
            logger.error("%s", told, exc_info=error)
        return _response(from_error(FootfallError(), request.method))

    return answered


def _response(found: Answer) -> Response[bytes]:
    return Response(found.body, status_code=found.status, media_type=PROBLEM.decode())
