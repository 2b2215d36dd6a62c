"""Answers in pieces: to their end, or noticeably not."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from tests.asgi import http_scope
from web.app import create_app, route
from web.streaming import Streamed


class Made:
    """Pieces, of which the one at `fails` raises; `closed` once nobody takes any more."""

    def __init__(self, pieces: int, fails: int = -1) -> None:
        self.taken = 0
        self.closed = False
        self._pieces = pieces
        self._fails = fails

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            for at in range(self._pieces):
                if at == self._fails:
                    raise StoreUnavailable("the database went away", told="gone")
                self.taken += 1
                yield b"%d" % at
                await asyncio.sleep(0)
        finally:
            # As a query is closed: not at once.
            await asyncio.sleep(0)
            self.closed = True


class Client:
    """Goes away after so many pieces; `whole` where it saw the end."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.messages: list[Any] = []
        self._left = asyncio.Event()
        self._leaves_after = leaves_after
        self._begun = False

    async def receive(self) -> Any:
        if not self._begun:
            self._begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        if len(self.messages) - 1 == self._leaves_after:
            self._left.set()

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def whole(self) -> bool:
        return self.messages[-1].get("more_body") is False


async def ask(made: Made, client: Client, method: str = "GET") -> Client:
    async def handle(_: Any, __: Any) -> Streamed:
        return Streamed(made.pieces(), b"text/plain", [(b"x-known", b"1")])

    app: Any = create_app([route("/export", "GET", handle)], {}, {})
    scope = http_scope(method, b"/export", [(b"host", b"127.0.0.1")])
    await app(scope, client.receive, client.send)
    return client


@pytest.mark.parametrize("pieces", [0, 1, 5])
async def test_what_is_made_arrives_and_ends(pieces: int) -> None:
    made = Made(pieces)
    client = await ask(made, Client())
    assert (client.status, client.body) == (200, b"01234"[:pieces])
    assert client.whole
    assert made.closed
    headers = dict(client.messages[0]["headers"])
    assert headers.pop(b"x-request-id")
    assert headers == {b"content-type": b"text/plain", b"x-known": b"1"}


async def test_what_fails_before_its_first_piece_is_refused_as_ever() -> None:
    made = Made(3, fails=0)
    client = await ask(made, Client())
    assert client.status == 503
    assert client.whole
    assert b"gone" in client.body


async def test_what_fails_in_the_middle_has_no_end(caplog: pytest.LogCaptureFixture) -> None:
    made = Made(5, fails=3)
    with caplog.at_level(logging.WARNING):
        client = await ask(made, Client())
    assert (client.status, client.body) == (200, b"012")
    assert not client.whole
    assert made.closed
    assert "the database went away" in caplog.text


async def test_what_nobody_takes_any_more_is_not_made() -> None:
    made = Made(1_000_000)
    client = await ask(made, Client(leaves_after=3))
    assert made.taken < 10
    assert made.closed
    assert not client.whole


async def test_an_error_nobody_foresaw_has_no_end_either() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"1"
        raise ZeroDivisionError

    made = Made(0)
    made.pieces = pieces  # type: ignore[method-assign]
    client = Client()
    with pytest.raises(Exception, match="after response started"):
        await ask(made, client)
    assert not client.whole


async def test_a_head_has_the_headers_and_makes_nothing() -> None:
    made = Made(5)
    client = await ask(made, Client(), "HEAD")
    assert (client.status, client.body, made.taken) == (200, b"", 0)
    assert client.whole
