"""Bodies over real connections: packed, in pieces, with things twice, or never."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.processes import Role, report, until
from tests.conftest import embedded

pytestmark = pytest.mark.acceptance

MOMENT = "2025-07-16T10:00:00Z"
SINGLE = f'{{"page":"a","timestamp":"{MOMENT}"}}'.encode()
MULTI = f'{{"a":{{"{MOMENT}":1}}}}'.encode()
CHUNKED = "Transfer-Encoding: chunked"
ROUTES = ("/page-views/single", "/page-views/multi")


class Silent:
    """A client that sends a head, perhaps a part of the body, and waits."""

    def __init__(self, port: int, path: str, header: str, part: bytes = b"") -> None:
        self._port = port
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode() + part

    async def send(self) -> "Silent":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self._head)
        await self._writer.drain()
        return self

    async def answer(self) -> bytes:
        """All that comes until the connection is closed."""
        async with asyncio.timeout(30):
            return await self._reader.read()

    def close(self) -> None:
        self._writer.transport.abort()


@contextmanager
def closing(clients: list[Silent]) -> Iterator[None]:
    try:
        yield
    finally:
        for client in clients:
            client.close()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Sent with Transfer-Encoding: chunked."""
    for at in range(0, len(body), 100_000):
        yield body[at : at + 100_000]


async def test_clients_that_send_nothing_keep_nobody_out_and_are_told(tmp_path: Path) -> None:
    async with Role(embedded(tmp_path), "up") as up:
        await up.serving()
        silent = [
            await Silent(up.port, path, header, part).send()
            for path in ROUTES
            for header, part in [
                (CHUNKED, b""),
                (CHUNKED, b"5\r\n{    \r\n"),
                ("Content-Length: 5000000", b""),
                ("Content-Length: 5000000", b" " * 300_000),
            ]
        ]
        with closing(silent):
            large = MULTI.ljust(5_000_000)
            async with httpx.AsyncClient(base_url=up.url, timeout=4) as client:
                for content in (large, in_pieces(large), in_pieces(MULTI), MULTI):
                    response = await client.post("/page-views/multi", content=content)
                    assert (response.status_code, response.json()) == (202, {"accepted": 1})
            for answer in await asyncio.gather(*(client.answer() for client in silent)):
                head, _, document = answer.lower().partition(b"\r\n\r\n")
                assert head.startswith(b"http/1.1 408 ")
                assert b"connection: close" in head.split(b"\r\n")
                assert b"/problems/too-slow" in document
        assert "Traceback" not in up.log()


async def test_what_is_packed_marked_or_given_twice_is_counted_once_or_twice(
    tmp_path: Path,
) -> None:
    twice = f'{{"a":{{"{MOMENT}":5}},"a":{{"{MOMENT}":3,"{MOMENT}":2}}}}'.encode()
    bodies = [
        ("/page-views/single", SINGLE, 1),
        ("/page-views/multi", twice, 10),
        ("/page-views/single", b'{"page":"a","timestamp":"2025-07-16t10:59:60z"}', 0),
        ("/page-views/single", b'{"page":"a","timestamp":"2025-07-16t10:00:60z"}', 1),
    ]
    async with Role(embedded(tmp_path), "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            for path, body, _ in bodies:
                for content, headers in (
                    (body, {}),
                    (b"\xef\xbb\xbf" + body, {}),
                    (gzip.compress(body), {"content-encoding": "gzip"}),
                ):
                    response = await client.post(path, content=content, headers=headers)
                    assert response.status_code == 202, response.text
            due = 3 * sum(views for *_, views in bodies)

            async def counted() -> bool:
                rows = await report(client, page="a", now="2025-07-16t11:29:60z", order="desc")
                return rows[0] == {"h": 10, "v": due}

            await until(counted, f"a report of {due} views")
            for headers in ({"content-encoding": "br"}, {"content-encoding": "gzip, gzip"}):
                response = await client.post(ROUTES[1], content=MULTI, headers=headers)
                assert response.status_code == 415
                assert response.headers["accept-encoding"] == "gzip, identity"
            for body in (b"[" * 100_000, b'{"a":0,"a":{"2025-07-16T10:00:00Z":1}}'):
                assert (await client.post(ROUTES[1], content=body)).status_code == 400
            assert await counted()
        assert "Traceback" not in up.log()
