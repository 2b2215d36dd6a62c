"""POST handlers: read, check, append, answer."""

import asyncio
from collections.abc import Mapping, Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.events import PageViewed, Partition
from domain.ports import Clock
from ingest.appender import Appender
from ingest.requests import MAX_BODY_BYTES, multi_to_events, single_to_events
from web.app import route
from web.problems import Answer, answer, read_body

_ACCEPTED_ONE = answer({"accepted": 1}, 202)
# Larger bodies are read and decoded one at a time: each may cost ten times its size in memory.
_LARGE_BYTES = 200_000


def routes(appender: Appender, clock: Clock, partitions: int) -> Sequence[ASGIRouteHandler]:
    """The handlers of ingest."""
    one_large_body = asyncio.Lock()

    async def single(scope: Scope, receive: Receive) -> Answer:
        body = await read_body(scope, receive, MAX_BODY_BYTES)
        await appender.append(single_to_events(body, clock(), partitions))
        return _ACCEPTED_ONE

    async def multi(scope: Scope, receive: Receive) -> Answer:
        if _length(scope) <= _LARGE_BYTES:
            return await append_all(await read_body(scope, receive, MAX_BODY_BYTES))
        async with one_large_body:
            return await append_all(await read_body(scope, receive, MAX_BODY_BYTES))

    async def append_all(body: bytes) -> Answer:
        events, accepted = multi_to_events(body, clock(), partitions)
        await _append(appender, events)
        return answer({"accepted": accepted}, 202)

    return [
        route("/page-views/single", "POST", single),
        route("/page-views/multi", "POST", multi),
    ]


async def _append(appender: Appender, events: Mapping[Partition, Sequence[PageViewed]]) -> None:
    if events:
        await appender.append(events)


def _length(scope: Scope) -> int:
    """Of the body; one that does not say is taken for large."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return MAX_BODY_BYTES
