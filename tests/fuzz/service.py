"""The application of a role on fakes, asked without a server."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec
from litestar import Litestar

from ingest.appender import Appender
from ingest.routes import routes as routes_of_ingest
from read_api.routes import routes as routes_of_reports
from read_api.stats.routes import stats_routes
from tests.asgi import http_scope
from tests.factories import TEN
from tests.fakes import FakeLog, FakeStore
from tests.fakes_stats import FakeStats
from web.app import create_app

FOUND, ACCEPTED, INVALID = 200, 202, 400


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
        handlers = [
            *routes_of_ingest(appender, lambda: TEN, 10, 10),
            *routes_of_reports(FakeStore(), lambda: TEN),
            *stats_routes(FakeStats(), lambda: TEN),
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
        return Found(sent[0]["status"], msgspec.json.decode(content))


@cache
def service() -> Service:
    """The one of this process."""
    return Service()
