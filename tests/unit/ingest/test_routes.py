"""What a request is answered when its body is slow to come."""

import asyncio
from typing import Any

from ingest.appender import Appender
from ingest.routes import routes
from tests.factories import TEN
from tests.fakes import FakeLog
from web.app import create_app

BODY = b'{"example.com/page":{"2025-07-16T10:00:00Z":5}}'


class Client:
    """Sends a body of `length` bytes, as far as it sends it at all, and keeps the answer."""

    def __init__(self, body: bytes | None, length: int) -> None:
        self._body = body
        self._length = length
        self.status = 0
        self.answer = b""

    async def receive(self) -> dict[str, Any]:
        if self._body is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")

    async def ask(self, app: Any) -> int:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/page-views/multi",
            "raw_path": b"/page-views/multi",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"content-length", str(self._length).encode()), (b"host", b"test")],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "state": {},
            "extensions": {},
        }
        await app(scope, self.receive, self.send)
        return self.status


def application(log: FakeLog, deadline_seconds: float) -> Any:
    appender = Appender(
        log,
        clock=lambda: TEN,
        producer="p1",
        draw_shard=lambda: 0,
        linger_seconds=0,
        deadline_seconds=deadline_seconds,
    )
    return create_app(routes(appender, lambda: TEN, 10, deadline_seconds), {}, {})


async def test_a_client_that_does_not_send_its_large_body_holds_nobody_for_ever() -> None:
    log = FakeLog()
    app = application(log, 0.05)
    silent, waiting = Client(None, 1_000_000), Client(BODY, 1_000_000)

    assert sorted(await asyncio.gather(silent.ask(app), waiting.ask(app))) == [408, 503]

    assert b"nothing was appended" in waiting.answer
    assert b"did not arrive within 0.05 s" in silent.answer
    assert not log.entries
    assert await Client(BODY, 1_000_000).ask(app) == 202
