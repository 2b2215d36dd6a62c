"""Answers in pieces through a real server: what a client on a socket notices, and what it stops."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
import pytest
from litestar.types import Receive, Scope

from cli.processes.listening import listening, port_of
from cli.processes.server import server_of
from domain.errors import StoreUnavailable
from tests.acceptance.processes import until
from web.app import create_app, route
from web.streaming import Streamed

PIECE = b"x" * 65_536


class Source:
    """Pieces without end, or until it fails."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = asyncio.Event()
        self.fails_at = -1
        self.url = ""
        self.port = 0

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            while self.taken != self.fails_at:
                self.taken += 1
                yield PIECE
            raise StoreUnavailable("the database went away")
        finally:
            self.closed.set()

    async def handle(self, _: Scope, __: Receive) -> Streamed:
        return Streamed(self.pieces(), b"text/plain")


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    found = Source()
    app = create_app([route("/export", "GET", found.handle)], {}, {})
    with listening("127.0.0.1", 0, workers=1) as listeners:
        found.port = port_of(listeners)
        found.url = f"http://127.0.0.1:{found.port}"
        server = server_of(app, 1)
        serving = asyncio.create_task(server.serve(listeners[0]))
        try:
            yield found
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_client_notices_that_an_answer_broke_off(source: Source, pieces: int) -> None:
    source.fails_at = pieces
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{source.url}/export")
    assert source.closed.is_set()


async def test_an_answer_that_failed_before_it_began_is_a_refusal(source: Source) -> None:
    source.fails_at = 0
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{source.url}/export")).status_code == 503


async def test_a_client_that_goes_away_ends_what_is_made_for_it(source: Source) -> None:
    async with httpx.AsyncClient() as client:
        async with client.stream("GET", f"{source.url}/export") as response:
            assert response.status_code == 200
            await anext(response.aiter_raw())
    async with asyncio.timeout(10):
        await source.closed.wait()


async def test_no_more_is_made_than_a_client_takes(source: Source) -> None:
    client = socket.create_connection(("127.0.0.1", source.port))
    with client:
        client.sendall(b"GET /export HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        seen = -1

        async def stands_still() -> bool:
            nonlocal seen
            before, seen = seen, source.taken
            await asyncio.sleep(0.3)
            return source.taken == before == seen > 0

        await until(stands_still, "the source waiting for the client")
        # What sockets hold, at both ends.
        assert source.taken * len(PIECE) < 50_000_000
        assert not source.closed.is_set()
    async with asyncio.timeout(10):
        await source.closed.wait()
