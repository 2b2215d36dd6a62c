"""Statistics asked over HTTP, without a server, of rows in a dictionary."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar.handlers import ASGIRouteHandler

from domain.hours import parse_instant
from domain.ports.stats import StatsReader
from read_api.stats.routes import stats_routes
from read_api.waiting import Waiting
from tests.asgi import http_scope
from tests.fakes import FakeReceipts
from tests.fakes_stats import FakeStats
from web.app import create_app

NOW = "2025-07-16T12:34:56Z"
NOW_MS = parse_instant(NOW)
OPEN = NOW_MS // 3_600_000


class Answered:
    """What came back, piece by piece; `whole` where it was finished."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []
        self.whole = False

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def faults(self) -> list[str]:
        """Of which parameters."""
        assert self.headers[b"content-type"] == b"application/problem+json", self.body
        return [fault["pointer"] for fault in self.json["errors"]]

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.headers |= dict(message.get("headers", []))
        if message["type"] == "http.response.body":
            self.pieces.append(message["body"])
            self.whole = not message.get("more_body", False)


class Site:
    """An application over `reader`, at a moment."""

    def __init__(
        self,
        reader: StatsReader | None = None,
        now_ms: int = NOW_MS,
        handlers: Sequence[ASGIRouteHandler] | None = None,
        receipts: FakeReceipts | None = None,
    ) -> None:
        self.reader = reader or FakeStats()
        self.now_ms = now_ms
        self.gone = asyncio.Event()
        self.receipts = receipts or FakeReceipts()
        found = handlers or stats_routes(
            self.reader, lambda: self.now_ms, Waiting(self.receipts, most=2)
        )
        self.app = create_app(found, {}, {})

    async def get(
        self,
        path: str,
        query: dict[str, str] | bytes = b"",
        *,
        accept: str | None = None,
        method: str = "GET",
        held: str | None = None,
        client: Answered | None = None,
    ) -> Answered:
        """The answer. The client listens until `gone` is set."""
        found = client or Answered()
        headers = [(b"host", b"127.0.0.1")]
        if accept is not None:
            headers.append((b"accept", accept.encode()))
        if held is not None:
            headers.append((b"if-none-match", held.encode()))
        raw = query if isinstance(query, bytes) else urlencode(query).encode()
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            for message in asked:
                return message
            await self.gone.wait()
            return {"type": "http.disconnect"}

        scope = http_scope(method, path.encode(), headers, raw)
        await self.app(scope, receive, found.send)
        return found
