"""What is sent ahead is bounded, for a connection and for a process, and holds up nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.integration.server.doors import (
    SHORT,
    Client,
    Door,
    get,
    post,
    serving,
    statuses,
    until,
)
from web.server.crowd import Crowd

# One read of the loop's may bring so much.
READ_BYTES = 262_144


async def _send_ahead(client: Client, data: bytes) -> None:
    """All of `data`, or what is taken of it until the connection ends."""
    with suppress(ConnectionError):
        await client.send(data)


@asynccontextmanager
async def sending(clients: list[Client], data: bytes) -> AsyncIterator[None]:
    """Each sends `data` meanwhile."""
    tasks = [asyncio.create_task(_send_ahead(client, data)) for client in clients]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in clients:
            client.writer.transport.abort()


class Watched(Crowd):
    """Remembers the most that it held."""

    most_bytes = 0

    def ahead(self, more_bytes: int) -> bool:
        fits = super().ahead(more_bytes)
        self.most_bytes = max(self.most_bytes, self.ahead_bytes)
        return fits


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "under way"])
async def test_what_a_connection_sends_ahead_is_read_as_it_is_answered(
    answered: bool,
) -> None:
    crowd = Watched(SHORT)
    async with serving(crowd=crowd) as door:
        if not answered:
            door.released.clear()
        client = await door.connect()
        async with sending([client], post() * 200_000):
            await until(lambda: len(door.bodies) >= (2_000 if answered else 1), "requests")
        assert 0 < crowd.most_bytes <= SHORT.ahead_bytes + READ_BYTES
        door.released.set()
        await until(lambda: crowd.ahead_bytes == 0, "all of it being given back")


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "under way"])
async def test_what_many_send_ahead_is_bounded_and_holds_up_nobody(answered: bool) -> None:
    crowd = Watched(SHORT._replace(ahead_bytes_in_all=2_000_000))
    async with serving(crowd=crowd) as door:
        if not answered:
            door.released.clear()
        hogs = [await door.connect() for _ in range(60)]
        honest = await door.connect()
        async with sending(hogs, post() * 20_000):
            await until(lambda: crowd.most_bytes > 2_000_000, "more than is held")
            # One that was idle all the time, and one that comes now.
            for client in (honest, await door.connect()):
                async with asyncio.timeout(1):
                    await client.send(get("/health"))
                    assert statuses(await client.answers(1)) == [200]
        # What goes beyond is given up before anything else is read.
        assert crowd.most_bytes <= 2_000_000 + READ_BYTES
        door.released.set()
        await until(lambda: crowd.ahead_bytes == 0, "all of it being given back")


async def test_who_sends_ahead_beyond_what_is_held_gets_the_answer_that_is_due() -> None:
    async with serving(SHORT._replace(ahead_bytes_in_all=1_000)) as door:
        door.released.clear()
        client = await door.connect()
        await client.send(post() * 100)
        await until(lambda: door.bodies, "the first request")
        door.released.set()
        assert statuses(await client.rest()) == [200]


async def test_headers_in_part_are_held_within_the_same_bound() -> None:
    part = b"POST /echo HTTP/1.1\r\nA: "
    async with serving(SHORT._replace(ahead_bytes_in_all=20_000)) as door:
        for _ in range(2):
            await (await door.connect()).send(part + b"a" * 9_500)
        await until(lambda: door.crowd.ahead_bytes > 19_000, "headers in part")
        other = await door.connect()
        # Few are held whatever others hold.
        for piece in (part, b"\r\nHost: localhost\r\nContent-Length: 0\r\n", b"\r\n"):
            await other.send(piece)
        assert statuses(await other.answers(1)) == [200]
        refused = await door.talk(part + b"a" * 9_500)
        assert statuses(refused) == [503]
        assert b"retry-after: 1" in refused
        assert b'"outcome":"none"' in refused


async def test_a_body_is_read_as_its_application_takes_it(door: Door) -> None:
    door.released.clear()
    client, other = await door.connect(), await door.connect()
    async with sending([client], post(b"x" * 50_000_000, path="/deaf")):
        await until(lambda: door.unread() > 65_536, "more than is wanted")
        for _ in range(50):
            await other.send(get("/health"))
            await other.answers(1)
            assert door.unread() <= 65_536 + READ_BYTES
        # The rest is passed over once the answer is out.
        door.released.set()
        assert statuses(await client.answers(1)) == [200]
        await client.send(get("/health"))
        assert statuses(await client.answers(1)) == [200]
