"""POST handlers: read, check, append, answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.errors import Overloaded, Problem, RequestRefused
from domain.ports.common import Clock
from domain.ports.retention import KeptFrom
from domain.problems import TOO_SLOW
from domain.retention import NOTHING_PAST
from ingest.appender import Appender
from ingest.requests import (
    MAX_BODY_BYTES,
    Events,
    Limits,
    limits,
    multi_to_events,
    single_to_events,
)
from web.app import route
from web.problems import Answer, answer, read_body

_ACCEPTED_ONE = answer({"accepted": 1}, 202)
# Larger bodies are read and decoded one at a time: each may cost ten times its size in memory.
_LARGE_BYTES = 200_000


def routes(
    appender: Appender,
    clock: Clock,
    partitions: int,
    deadline_seconds: float,
    retention_days: int = 0,
    kept: KeptFrom = lambda: NOTHING_PAST,
) -> Sequence[ASGIRouteHandler]:
    """The handlers of ingest; a large body has `deadline_seconds` for its turn and its arrival.

    A view is refused where its hour is past by the clock, or before what is `kept`.
    """
    one_large_body = asyncio.Lock()

    def accepted() -> Limits:
        return limits(clock(), retention_days, kept())

    async def single(scope: Scope, receive: Receive) -> Answer:
        body = await read_body(scope, receive, MAX_BODY_BYTES)
        await appender.append(single_to_events(body, accepted(), partitions))
        return _ACCEPTED_ONE

    async def multi(scope: Scope, receive: Receive) -> Answer:
        if _length(scope) <= _LARGE_BYTES:
            body = await read_body(scope, receive, MAX_BODY_BYTES)
            return await append(*multi_to_events(body, accepted(), partitions))
        async with _turn(one_large_body, deadline_seconds):
            body = await _read_in_time(scope, receive, deadline_seconds)
            # In a thread, so that other requests go on meanwhile.
            found = await asyncio.to_thread(multi_to_events, body, accepted(), partitions)
            return await append(*found)

    async def append(events: Events, total: int) -> Answer:
        if events:
            await appender.append(events)
        return answer({"accepted": total}, 202)

    return [
        route("/page-views/single", "POST", single),
        route("/page-views/multi", "POST", multi),
    ]


@asynccontextmanager
async def _turn(lock: asyncio.Lock, seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            await lock.acquire()
    except TimeoutError as error:
        raise Overloaded("other large requests are under way") from error
    try:
        yield
    finally:
        lock.release()


async def _read_in_time(scope: Scope, receive: Receive, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await read_body(scope, receive, MAX_BODY_BYTES)
    except TimeoutError as error:
        detail = f"the body did not arrive within {seconds:g} s: send less in one request"
        raise RequestRefused([Problem("", detail)], kind=TOO_SLOW) from error


def _length(scope: Scope) -> int:
    """Of the body; one that does not say is taken for large."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return MAX_BODY_BYTES
