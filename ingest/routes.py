"""POST handlers: read, check, append, answer."""

from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.ports.common import Clock
from domain.ports.retention import KeptFrom
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
from web.bodies import Bodies
from web.problems import Answer, answer

_ACCEPTED_ONE = answer({"accepted": 1}, 202)


def routes(
    appender: Appender,
    clock: Clock,
    partitions: int,
    deadline_seconds: float,
    retention_days: int = 0,
    kept: KeptFrom = lambda: NOTHING_PAST,
) -> Sequence[ASGIRouteHandler]:
    """The handlers of ingest; a body has `deadline_seconds` to arrive.

    A view is refused where its hour is past by the clock, or before what is `kept`.
    """
    bodies = Bodies(MAX_BODY_BYTES, deadline_seconds)

    def accepted() -> Limits:
        return limits(clock(), retention_days, kept())

    def one_event(body: bytes) -> Events:
        return single_to_events(body, accepted(), partitions)

    def many_events(body: bytes) -> tuple[Events, int]:
        return multi_to_events(body, accepted(), partitions)

    async def single(scope: Scope, receive: Receive) -> Answer:
        await appender.append(await bodies.read(scope, receive, one_event))
        return _ACCEPTED_ONE

    async def multi(scope: Scope, receive: Receive) -> Answer:
        events, total = await bodies.read(scope, receive, many_events)
        if events:
            await appender.append(events)
        return answer({"accepted": total}, 202)

    return [
        route("/page-views/single", "POST", single),
        route("/page-views/multi", "POST", multi),
    ]
