"""POST handlers: read, check, append, answer."""

import asyncio
from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.agents.labels import label_of
from domain.keys import Right
from domain.ports.common import Clock
from domain.ports.retention import KeptFrom
from domain.receipts import Receipt, Taken, receipt_text
from domain.retention import NOTHING_PAST
from ingest.appender import Appender
from ingest.faults import Limits
from ingest.requests import (
    MAX_BODY_BYTES,
    Views,
    limits,
    multi_to_events,
    single_to_events,
)
from ingest.usual import One, one_of, usual_view
from ingest.viewers import TextOf
from web.access import Access
from web.app import route
from web.bodies import Bodies
from web.problems import Answer, Headers, answer
from web.refused import Noted, not_noted
from web.short_way import Taking, itself

_ACCESS = Access(Right.INGEST)
_ONE = answer({"accepted": 1}).body


def routes(
    appender: Appender,
    clock: Clock,
    partitions: int,
    deadline_seconds: float,
    retention_days: int = 0,
    kept: KeptFrom = lambda: NOTHING_PAST,
    text_of: TextOf = label_of,
    noted: Noted = not_noted,
) -> Sequence[ASGIRouteHandler]:
    """The handlers of ingest; a body has `deadline_seconds` to arrive.

    A view is refused where its hour is past by the clock, or before what is `kept`. Of a user agent
    what `text_of` makes of it is appended. Whatever is refused is `noted`.
    """
    bodies = Bodies(MAX_BODY_BYTES, deadline_seconds)

    def accepted() -> Limits:
        return limits(clock(), retention_days, kept())

    def one_event(body: bytes) -> One:
        now = accepted()
        found = usual_view(body, now, partitions, text_of)
        return found or one_of(single_to_events(body, now, partitions, text_of))

    def many_events(body: bytes) -> Views:
        return multi_to_events(body, accepted(), partitions, text_of)

    def one_accepted(taken: Taken) -> Answer:
        return Answer(202, _ONE, headers=_position(clock(), taken))

    async def append_many(views: Views) -> Answer:
        taken = await appender.append(views.events, views.texts) if views.events else {}
        return answer({"accepted": views.total}, 202, _position(clock(), taken))

    async def single(scope: Scope, receive: Receive) -> Answer:
        one = await bodies.read(scope, receive, one_event)
        return one_accepted(await appender.append_one(*one))

    def single_whole(body: bytes) -> Taking:
        return asyncio.ensure_future(appender.append_one(*one_event(body))), one_accepted

    async def multi(scope: Scope, receive: Receive) -> Answer:
        return await append_many(await bodies.read(scope, receive, many_events))

    def multi_whole(body: bytes) -> Taking:
        return asyncio.ensure_future(append_many(many_events(body))), itself

    return [
        route("/page-views/single", "POST", single, noted, _ACCESS, take=single_whole),
        route("/page-views/multi", "POST", multi, noted, _ACCESS, take=multi_whole),
    ]


def _position(now_ms: int, taken: Taken) -> Headers:
    """Where the views stand, for whoever wants to read them; they are confirmed by now."""
    text = receipt_text(Receipt(max(0, now_ms), taken))
    return [(b"footfall-position", text.encode())] if text else []
