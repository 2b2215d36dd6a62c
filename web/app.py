"""The application factory of every HTTP role."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Request, Response, asgi
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from domain.errors import FootfallError
from domain.ports.common import Probe
from domain.problems import FAILED, INVALID, KINDS, METHOD_NOT_ALLOWED, NOT_FOUND, TOO_LARGE, Kind
from web.problems import PROBLEM, Answer, answer, explained, from_error, problem, send_answer

logger = logging.getLogger(__name__)

READY_TIMEOUT_SECONDS = 3.0

# Of what Litestar refuses before a handler of ours is asked.
_OF_THE_FRAMEWORK = {kind.status: kind for kind in (NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE)}

Handle = Callable[[Scope, Receive], Any]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def route(path: str, method: str, handle: Handle) -> ASGIRouteHandler:
    """A bare ASGI handler: about twice as fast here as one with Litestar's argument parsing."""

    @asgi(path, copy_scope=False)
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != method:
            allow = [(b"allow", method.encode())]
            detail = f"send {method} to {path}"
            asked = str(scope.get("method", method))
            await send_answer(send, problem(METHOD_NOT_ALLOWED, detail, (), allow, asked))
            return
        try:
            found: Answer = await handle(scope, receive)
        except FootfallError as error:
            found = from_error(error, method)
            if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                logger.warning("%s %s: %s", method, path, error)
        await send_answer(send, found)

    return handler


def create_app(
    handlers: Sequence[ASGIRouteHandler],
    probes: Mapping[str, Probe],
    schema: Mapping[str, Any],
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """An application of `handlers`, health, readiness of `probes` and the API's description."""
    described = answer(schema)

    async def health(_: Scope, __: Receive) -> Answer:
        return answer({"status": "ok"})

    async def ready(_: Scope, __: Receive) -> Answer:
        states = await asyncio.gather(*(_state(probe) for probe in probes.values()))
        entries = dict(zip(probes, states, strict=True))
        if all(state == "ok" for state in states):
            return answer({"status": "ready", "checks": entries})
        return answer({"status": "unavailable", "checks": entries}, 503)

    async def describe(_: Scope, __: Receive) -> Answer:
        return described

    return Litestar(
        [
            *handlers,
            route("/health", "GET", health),
            route("/ready", "GET", ready),
            route("/schema", "GET", describe),
            route("/schema/openapi.json", "GET", describe),
            *map(_explained, KINDS),
        ],
        openapi_config=None,
        exception_handlers={HTTPException: _http_problem, Exception: _unforeseen},
        lifespan=list(lifespan),
        logging_config=None,
    )


def _explained(kind: Kind) -> ASGIRouteHandler:
    found = answer(explained(kind))

    async def explain(_: Scope, __: Receive) -> Answer:
        return found

    return route(kind.reference, "GET", explain)


async def _state(probe: Probe) -> str:
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await probe()
    except TimeoutError:
        return f"no answer within {READY_TIMEOUT_SECONDS:g} s"
    except FootfallError as error:
        return str(error)
    except Exception as error:
        logger.exception("a dependency could not be asked")
        return f"could not be asked: {type(error).__name__}"
    return "ok"


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status, detail = error.status_code, error.detail
    if status == HTTPStatus.NOT_FOUND:
        detail = "there is nothing here: /schema describes what there is"
    other = FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else INVALID
    kind = _OF_THE_FRAMEWORK.get(status, other)._replace(status=status)
    return _response(problem(kind, detail, method=request.method))


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _response(from_error(FootfallError(), request.method))


def _response(found: Answer) -> Response[bytes]:
    return Response(found.body, status_code=found.status, media_type=PROBLEM.decode())
