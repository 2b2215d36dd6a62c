"""Requests of named clients to an application, and what they hear."""

from collections.abc import Iterable
from typing import Any

import pytest
from litestar.types import Receive, Scope

from domain.keys import ANYBODY, Caller, Right
from domain.problems import Kind
from tests.asgi import http_scope
from web.access import PUBLIC, Access
from web.app import create_app, route
from web.entrance import BARE, Front
from web.problems import Answer, answer

STRANGER = "203.0.113.9"
FROM_PAGES = Access(from_pages=True)
READ = Access(Right.READ)
INGEST = Access(Right.INGEST)


class Clock:
    """What limits take for the time that has passed, in seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr("token_bucket.storage.time", self)

    def monotonic(self) -> float:
        return self.now


_SECRET = "Bearer secret of "
Sent = Iterable[tuple[bytes, bytes]]


class Heard:
    """One answer."""

    def __init__(self, messages: list[Any]) -> None:
        self.status: int = messages[0]["status"]
        self.lines: list[tuple[bytes, bytes]] = list(messages[0]["headers"])
        self.headers = {name.decode(): value.decode() for name, value in self.lines}
        self.body = b"".join(message.get("body", b"") for message in messages)


def _lock(authorization: str | None) -> Caller:
    name = (authorization or "").removeprefix(_SECRET)
    return Caller(name, frozenset(Right)) if name != (authorization or "") else ANYBODY


class House:
    """An application with a route for each kind of access, behind `front`."""

    def __init__(self, front: Front = BARE, allowed_hosts: Iterable[str] = ("*",)) -> None:
        self.noted: list[Kind] = []
        self.seen: list[Scope] = []
        self.app: Any = create_app(
            [
                route("/from-pages", "POST", self._accept, access=FROM_PAGES),
                route("/pixel", "GET", self._tell, access=FROM_PAGES),
                route("/named/{name:str}", "GET", self._tell),
                route("/ingest", "POST", self._accept, access=INGEST),
                route("/read", "GET", self._tell, access=READ),
                route("/query", "POST", self._tell, access=READ),
                route("/public", "GET", self._tell, access=PUBLIC),
                route("/broken", "GET", self._fail, access=FROM_PAGES),
            ],
            {},
            {},
            allowed_hosts=list(allowed_hosts),
            noted=self.noted.append,
            lock=_lock,
            front=front,
        )

    async def _accept(self, scope: Scope, _: Receive) -> Answer:
        self.seen.append(scope)
        return answer({"accepted": 1}, 202)

    async def _tell(self, scope: Scope, _: Receive) -> Answer:
        self.seen.append(scope)
        own = [(b"vary", b"accept"), (b"access-control-expose-headers", b"etag")]
        return answer({"told": True}, headers=own)

    async def _fail(self, _: Scope, __: Receive) -> Answer:
        raise ZeroDivisionError

    async def ask(
        self,
        method: str,
        path: str,
        headers: Sent = (),
        *,
        client: str | None = STRANGER,
        host: bytes = b"stats.example",
        query: bytes = b"",
        key: str = "",
    ) -> Heard:
        """One request, by somebody with the key of that public name."""
        known = [(b"authorization", _SECRET.encode() + key.encode())] if key else []
        scope = http_scope(method, path.encode(), [(b"host", host), *known, *headers], query)
        scope["client"] = (client, 4711) if client else None
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        return Heard(messages)
