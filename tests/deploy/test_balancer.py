"""HAProxy before several roles: what it does for them that nginx does not."""

import asyncio
import csv
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, until
from tests.deploy.attempts import Load, told
from tests.deploy.haproxy import CONFIGURATION, BalancedDoor
from tests.servers import haproxy_binary

pytestmark = [pytest.mark.acceptance, pytest.mark.haproxy]

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
VIEW = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}


def test_haproxy_finds_nothing_wrong_with_it() -> None:
    binary = haproxy_binary()
    assert binary is not None
    asked = [binary, "-c", "-f", str(CONFIGURATION)]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_each_role_is_in_both_of_its_lists() -> None:
    text = CONFIGURATION.read_text()
    for role in ("ingest", "read-api"):
        lists = [
            re.findall(r"^    server .*", backend, re.MULTILINE)
            for backend in re.split(r"^backend ", text, flags=re.MULTILINE)
            if backend.startswith((f"{role}\n", f"{role}-not-ready\n"))
        ]
        assert len(lists) == 2
        assert lists[0] == lists[1] != []


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_an_ingest_that_hangs_is_sent_nothing_until_it_goes_on(
    production: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LOG", "true")
    # One that has stopped in the middle of it would hold the file of the embedded log.
    settings = production
    async with AsyncExitStack() as stack:
        ingests = [await stack.enter_async_context(Role(settings, "ingest")) for _ in range(3)]
        read_api = await stack.enter_async_context(Role(settings, "read-api"))
        await asyncio.gather(*(role.serving(90) for role in (*ingests, read_api)))
        await (await stack.enter_async_context(Role(settings, "projector"))).start()
        ports = {"ingest": [role.port for role in ingests], "read-api": [read_api.port]}
        door = await stack.enter_async_context(BalancedDoor(tmp_path, ports))
        hung = ingests[1]
        async with Load(door.url, clients=12, patience=10).running() as load:
            await until(lambda: _later(_answered(hung) > 20), "all of them being sent views")
            hung.signal(signal.SIGSTOP)
            stopped = time.monotonic()
            await until(lambda: _later(door.taken_out("ingest", 2)), "it being found out")
            out = time.monotonic()
            await until(lambda: _later(len(load.since(out)) > 200), "views being taken without it")
            while_out = load.since(out)
            hung.signal(signal.SIGCONT)
            await until(lambda: _later(door.taken_back("ingest", 2)), "it being taken back")
            before = _answered(hung)
            await until(lambda: _later(_answered(hung) > before + 20), "it being sent views again")
        assert [attempt for attempt in while_out if attempt.status is None] == []
        # What each client sends until it is found out, and no more.
        unknown = sum(attempt.status is None for attempt in load.attempts)
        assert unknown <= 12 * ((out - stopped) / load.patience + 1), told(load.attempts)
        await _assert_each_is_counted_once(load, door.url)


async def _assert_each_is_counted_once(load: Load, url: str) -> None:
    confirmed = {attempt.page for attempt in load.attempts if attempt.confirmed}
    unknown = {attempt.page for attempt in load.attempts if attempt.unknown}
    counted: dict[str, int] = {}
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def complete() -> bool:
            answer = await client.get("/export/hourly")
            rows = csv.DictReader(answer.text.splitlines())
            counted.update((row["page"], int(row["views"])) for row in rows)
            return confirmed <= counted.keys()

        await until(complete, "every view that was confirmed being counted", 60)
    assert set(counted.values()) == {1}
    assert counted.keys() <= confirmed | unknown


async def _later(found: bool) -> bool:
    return found


def _answered(role: Role) -> int:
    return role.log().count("path=/page-views/single status=202")


@asynccontextmanager
async def served(answer: Connected) -> AsyncIterator[asyncio.Server]:
    """A server that does `answer` with each connection; none is left at the end."""
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            try:
                await answer(reader, writer)
            finally:
                writer.close()

    try:
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
            yield server
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class Double:
    """Stands for a role: answers what it is asked by `answers`, path to status, and 200 else.

    A status of 0 is none: it hangs up. `heads` are those of requests that were no checks. So many
    questions whether it is ready it refuses next (`stumbles`).
    """

    def __init__(self, **answers: int) -> None:
        self.stumbles = 0
        self.answers = answers
        self.heads: list[str] = []
        self.checked = 0
        self.port = 0

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split()[1]
                status = self.answers.get(path.strip("/").replace("-", "_").replace("/", "_"), 200)
                if path in ("/ready", "/health"):
                    self.checked += 1
                    if path == "/ready" and self.stumbles:
                        self.stumbles -= 1
                        status = 503
                else:
                    self.heads.append(head)
                    if length := re.search(r"content-length: (\d+)", head, re.IGNORECASE):
                        await reader.readexactly(int(length[1]))
                if not status:
                    break
                writer.write(f"HTTP/1.1 {status} OK\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        writer.close()

    async def answer_once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As every connection, but that none is kept."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Double"]:
        async with served(self._answer) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


@asynccontextmanager
async def before(
    folder: Path, ingests: Sequence[Double], changes: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[BalancedDoor, httpx.AsyncClient]]:
    """The balancer before doubles, one of them the read API as well."""
    async with AsyncExitStack() as stack:
        for double in ingests:
            await stack.enter_async_context(double.listening())
        ports = [double.port for double in ingests]
        found = BalancedDoor(folder, {"ingest": ports, "read-api": ports[:1]}, changes)
        door = await stack.enter_async_context(found)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=door.url, timeout=30))
        yield door, client


async def test_one_that_is_not_ready_is_sent_nothing_and_where_all_are_not_those_that_live_are(
    tmp_path: Path,
) -> None:
    ready, unready = Double(), Double(ready=503)
    async with before(tmp_path, [ready, unready]) as (door, client):
        await until(lambda: _later(door.taken_out("ingest", 2)), "the one being taken out")
        unready.heads.clear()
        for _ in range(6):
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 200
        assert (len(ready.heads), unready.heads) == (6, [])
        ready.answers["ready"] = 503
        await until(lambda: _later(door.taken_out("ingest", 1)), "the other being taken out")
        assert (await client.get("/ready")).status_code == 503
        for _ in range(6):
            # The log may have a leader again before a view's time is over.
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 200
        assert len(unready.heads) == 3
        ready.answers["ready"] = unready.answers["ready"] = 200
        await until(lambda: _later(door.taken_back("ingest", 1)), "one being taken back")
        assert (await client.get("/ready")).status_code == 200


async def test_one_look_that_goes_wrong_takes_nobody_out(tmp_path: Path) -> None:
    double = Double()
    async with before(tmp_path, [double]) as (door, _):
        # The very first look is more than one.
        await until(lambda: _later(double.checked > 6), "looks that go well")
        double.stumbles = 1
        await until(lambda: _later(not double.stumbles), "a look that goes wrong")
        seen = double.checked
        await until(lambda: _later(double.checked > seen + 6), "more of them")
        assert "is DOWN" not in door.log()


async def test_the_last_address_is_the_one_that_it_saw(tmp_path: Path) -> None:
    double = Double()
    async with before(tmp_path, [double]) as (_, client):
        forged = {"X-Forwarded-For": "203.0.113.9"}
        await client.post("/page-views/single", json=VIEW, headers=forged)
    lines = re.findall(r"x-forwarded-for: (\S+)\r", double.heads[0], re.IGNORECASE)
    assert lines == ["203.0.113.9", "127.0.0.1"]


async def test_a_view_sent_on_a_connection_that_was_kept_is_never_sent_again(
    tmp_path: Path,
) -> None:
    doubles = [Double(), Double()]
    async with before(tmp_path, doubles) as (_, client):
        assert (await client.post("/page-views/single", json=VIEW)).status_code == 200
        for double in doubles:
            double.answers["page_views_single"] = 0
        # HAProxy says nothing then: that is no answer, and so is what became of the view.
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/page-views/single", json=VIEW)
        assert sum(len(double.heads) for double in doubles) == 2


async def test_a_stream_goes_on_for_longer_than_any_answer_may_take(tmp_path: Path) -> None:
    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"GET /stats/live/events "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"3\r\n:\n\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.5)

    changes = {
        "timeout client 60s": "timeout client 2s",
        "timeout server 60s": "timeout server 2s",
    }
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(stream))
        ports = [server.sockets[0].getsockname()[1]]
        door = BalancedDoor(tmp_path, {"ingest": ports, "read-api": ports}, changes)
        await stack.enter_async_context(door)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=door.url))
        began = time.monotonic()
        async with client.stream("GET", "/stats/live/events") as answer:
            async for _ in answer.aiter_raw():
                if time.monotonic() - began > 5:
                    break
        # It was not cut off, and what was said came while it was said.
        assert time.monotonic() - began > 5


async def test_what_could_be_sent_to_nobody_is_known_to_have_come_to_nothing(
    tmp_path: Path,
) -> None:
    double = Double()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(double.answer_once))
        ports = [server.sockets[0].getsockname()[1]]
        door = BalancedDoor(tmp_path, {"ingest": ports, "read-api": ports})
        await stack.enter_async_context(door)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=door.url))
        assert (await client.post("/page-views/single", json=VIEW)).status_code == 200
        server.close()
        await server.wait_closed()
        # Before it has looked, on the connection that was used, and when it knows.
        for _ in range(2):
            refused = await client.post("/page-views/single", json=VIEW)
            assert (refused.status_code, refused.json()["outcome"]) == (503, "none")
            await until(lambda: _later(door.taken_out("ingest-not-ready")), "it being known")
