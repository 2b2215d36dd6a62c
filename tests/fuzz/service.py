"""The application of a role on fakes, asked without a server."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec
from litestar import Litestar

from domain.agents.labels import label_of
from domain.events import Hour
from domain.sites import Sites
from ingest.appender import Appender
from ingest.doors.routes import Entry, door_routes
from ingest.doors.way_in import WayIn
from ingest.requests import limits
from ingest.routes import routes as routes_of_ingest
from read_api.badges.routes import badge_route
from read_api.plausible.routes import plausible_routes
from read_api.routes import routes as routes_of_reports
from read_api.stats.routes import stats_routes
from read_api.waiting import Waiting
from tests.asgi import http_scope
from tests.factories import TEN
from tests.fakes import FakeLog, FakeReceipts, FakeStore
from tests.fakes_stats import FakeStats
from web.app import create_app

FOUND, ACCEPTED, INVALID = 200, 202, 400
_HOUR = TEN // 3_600_000
_ROWS = {
    (Hour(_HOUR - hours), page): views
    for page, hours, views in [
        ("a/", 0, 1), ("a/x", 20, 2), ("a/X", 20, 2), ("a", 30, 3), ("a/\xe9", 900, 4),
        ("b/", 1, 5),
    ]
}  # fmt: skip
"""Of those that are asked for by site."""


class Found(NamedTuple):
    """An answer."""

    status: int
    content: Any


class Service:
    """One application, one loop, for as many requests as there are."""

    def __init__(self) -> None:
        self.log = FakeLog()
        appender = Appender(
            self.log,
            clock=lambda: TEN,
            producer=lambda: "p1",
            draw_shard=lambda: 0,
            linger_seconds=0,
            deadline_seconds=10,
        )
        waiting = Waiting(FakeReceipts())
        way_in = WayIn(Sites("shop.example,app.example"), "", 10, label_of)
        entry = Entry(appender, way_in, lambda: TEN, lambda: limits(TEN, 0))
        handlers = [
            *routes_of_ingest(appender, lambda: TEN, 10, 10),
            *door_routes(entry, 10, 10),
            *routes_of_reports(FakeStore(), lambda: TEN, waiting),
            *stats_routes(FakeStats(), lambda: TEN, waiting),
            *plausible_routes(FakeStats(_ROWS), lambda: TEN, waiting, Sites(), 10),
            badge_route(FakeStats(_ROWS), "a,b", lambda: TEN, lambda: 0.0),
        ]
        self._app: Litestar = create_app(handlers, {}, {})
        self._loop = asyncio.new_event_loop()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        query: bytes = b"",
        headers: Mapping[bytes, bytes] | None = None,
    ) -> Found:
        """The answer to one request. Raises what the application lets through."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(b"host", b"127.0.0.1"), *(headers or {}).items()]
        scope = http_scope(method, path.encode(), given, query)
        self._loop.run_until_complete(self._app(scope, receive, send))
        content = b"".join(message.get("body", b"") for message in sent)
        # Some doors answer with a picture, a word or nothing.
        is_json = content[:1] in (b"{", b"[")
        return Found(sent[0]["status"], msgspec.json.decode(content) if is_json else content)


@cache
def service() -> Service:
    """The one of this process."""
    return Service()
