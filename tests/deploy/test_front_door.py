"""The front door: one port, every endpoint, by the proxy's real configuration."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn

from cli.wiring.migrate import migrate
from domain.settings import Settings
from ingest.requests import MAX_BODY_BYTES
from tests.acceptance.processes import Role, report, until
from tests.conftest import embedded
from tests.deploy.haproxy import BalancedDoor
from tests.deploy.nginx import CONFIGURATION, FrontDoor, version
from tests.servers import free_port

pytestmark = pytest.mark.acceptance

Door = type[FrontDoor] | type[BalancedDoor]
NGINX = pytest.param(FrontDoor, marks=pytest.mark.nginx, id="nginx")
HAPROXY = pytest.param(BalancedDoor, marks=pytest.mark.haproxy, id="haproxy")

SINGLE = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
PROBLEM = "application/problem+json"
NOW = "2025-07-16T12:00:00Z"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    # The proxy asks for the names of its upstreams; in containers HOST is not loopback.
    found = replace(embedded(tmp_path), allowed_hosts="ingest,read-api")
    await migrate(found)
    return found


@pytest.fixture(params=[NGINX, HAPROXY])
def door(request: pytest.FixtureRequest) -> Door:
    """Each of the proxies that are given for several machines, with its own configuration."""
    found: Door = request.param
    return found


class House:
    """Ingest and read API, and the front door before them."""

    def __init__(self, settings: Settings, folder: Path, door: Door) -> None:
        self._settings = settings
        self.ports = {"ingest": free_port(), "read-api": free_port()}
        self.roles: dict[str, Role] = {}
        self.door = door(folder, {name: [port] for name, port in self.ports.items()})

    async def start(self, name: str) -> None:
        self.roles[name] = await Role(self._settings, name, port=self.ports[name]).serving()


@asynccontextmanager
async def house(
    settings: Settings, folder: Path, door: Door
) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    found = House(settings, folder, door)
    try:
        await asyncio.gather(*(found.start(name) for name in found.ports))
        async with found.door, httpx.AsyncClient(base_url=found.door.url, timeout=30) as client:
            yield found, client
    finally:
        for role in found.roles.values():
            await role.kill()


async def test_a_view_goes_in_and_comes_out_at_one_port(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    async with (
        house(settings, tmp_path, door) as (_, client),
        Role(settings, "projector") as projector,
    ):
        await projector.start()
        assert (await client.post("/page-views/single", json=SINGLE)).json() == {"accepted": 1}
        many = {"example.com/page": {"2025-07-16T11:00:00Z": 5}}
        assert (await client.post("/page-views/multi", json=many)).json() == {"accepted": 5}

        async def seen() -> bool:
            rows = await report(client, page="example.com/page", now=NOW)
            return sum(row["v"] for row in rows) == 6

        await until(seen, "the views being in the report")


async def test_every_endpoint_is_answered_by_its_role(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    async with house(replace(settings, badges="*"), tmp_path, door) as (found, client):
        assert (await client.get("/health")).json() == {"status": "ok"}
        ready = await client.get("/ready")
        assert ready.json() == {"status": "ready", "checks": {"database": "ok"}}
        described = [
            (await client.get(url)).json()
            for url in (
                "/schema",
                "/schema/openapi.json",
                f"{found.roles['ingest'].url}/schema",
                f"{found.roles['read-api'].url}/schema/openapi.json",
            )
        ]
        assert all(document == described[0] for document in described)
        for path, methods in described[0]["paths"].items():
            for method in methods:
                named = path.format(name="unavailable", page="example.com/a")
                # Of some there is no end.
                async with client.stream(method, named) as answer:
                    assert answer.status_code not in (404, 405, 502), f"{method} {path}"
        for method, path in (("GET", "/page-views/single"), ("POST", "/report")):
            refused = await client.request(method, path)
            assert (refused.status_code, refused.headers["content-type"]) == (405, PROBLEM)
        nowhere = await client.get("/nowhere")
        assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, PROBLEM)
        inside = await client.get("/.ingest-ready")
        assert inside.status_code == 404


async def test_a_page_of_any_length_and_script_is_asked_for(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    page = "пример.рф/%2F//?a=b&c#" + "я" * 1_000
    async with (
        house(settings, tmp_path, door) as (_, client),
        Role(settings, "projector") as projector,
    ):
        await projector.start()
        view = {"page": page, "timestamp": "2025-07-16T11:30:00Z"}
        assert (await client.post("/page-views/single", json=view)).status_code == 202

        async def seen() -> bool:
            return (await report(client, page=page, now=NOW))[-1]["v"] == 1

        await until(seen, "the view being in the report")


@pytest.mark.parametrize("chunked", [False, True], ids=["length told", "chunked"])
async def test_a_body_that_is_too_large_is_refused_in_the_same_words_by_whom_ever(
    settings: Settings, tmp_path: Path, door: Door, chunked: bool
) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, 1_000_000):
            yield b" " * min(1_000_000, size - start)

    async with house(settings, tmp_path, door) as (found, client):
        # The first two are refused by ingest, the last by a proxy that takes bodies whole.
        for size in (MAX_BODY_BYTES + 1, 11_000_000, 12_000_000):
            content = pieces(size) if chunked else b" " * size
            answer = await client.post("/page-views/multi", content=content)
            assert answer.status_code == 413, found.door.log()
            assert answer.headers["content-type"] == PROBLEM
            detail = f"the body is over {MAX_BODY_BYTES:,} bytes: send it in several requests"
            assert answer.json() == {
                "type": "/problems/too-large",
                "title": "Request Entity Too Large",
                "status": 413,
                "detail": detail,
                "errors": [{"pointer": "", "detail": detail}],
                "outcome": "none",
            }
            # A name has what a role answers.
            refused_here = "x-request-id" not in answer.headers
            assert refused_here == (door.refuses_bodies and size == 12_000_000)


async def test_a_body_just_below_the_limit_is_counted(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    body = json.dumps({"example.com/page": {"2025-07-16T10:00:00Z": 7}}).encode()
    async with house(settings, tmp_path, door) as (_, client):
        answer = await client.post("/page-views/multi", content=body.ljust(MAX_BODY_BYTES))
        assert (answer.status_code, answer.json()) == (202, {"accepted": 7})


async def test_while_ingest_is_away_reports_go_on_and_it_is_found_again(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    async with house(settings, tmp_path, door) as (found, client):
        await found.roles["ingest"].kill()
        refused = await client.post("/page-views/single", json=SINGLE)
        assert_away(refused, door)
        await until_unready(client)
        assert (await client.get("/health")).status_code == 200
        assert len(await report(client, page="example.com/page", now=NOW)) == 24
        await found.start("ingest")
        if door.asks:
            await until(lambda: answers(client, "/ready", 200), "the front door being ready")
        # Or else the very next request: nothing is held against a role that was away.
        assert (await client.post("/page-views/single", json=SINGLE)).status_code == 202
        await until(lambda: answers(client, "/ready", 200), "the front door being ready")


async def test_while_the_read_api_is_away_views_are_taken_and_it_is_found_again(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    async with house(settings, tmp_path, door) as (found, client):
        await found.roles["read-api"].kill()
        refused = await client.get("/report", params={"page": "example.com/page"})
        assert_away(refused, door)
        await until_unready(client)
        assert (await client.post("/page-views/single", json=SINGLE)).status_code == 202
        await found.start("read-api")
        if door.asks:
            await until(lambda: answers(client, "/ready", 200), "the front door being ready")
        assert len(await report(client, page="example.com/page", now=NOW)) == 24
        await until(lambda: answers(client, "/ready", 200), "the front door being ready")


def assert_away(refused: httpx.Response, door: Door) -> None:
    """It says what is known of what could not be sent to anybody."""
    status, outcome = door.away
    assert (refused.status_code, refused.headers["content-type"]) == (status, PROBLEM)
    assert (refused.json()["status"], refused.json()["outcome"]) == (status, outcome)
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["access-control-allow-origin"] == "*"


async def until_unready(client: httpx.AsyncClient) -> None:
    """As everybody is told who asks the front door; HAProxy asks the roles now and then."""
    await until(lambda: answers(client, "/ready", 503, "unavailable"), "it being said")


async def answers(client: httpx.AsyncClient, path: str, code: int, status: str = "") -> bool:
    found = await client.get(path)
    return found.status_code == code and (not status or found.json()["status"] == status)


class Silent:
    """Takes a request whole, then hangs up: nobody can know what it did with it.

    Whoever asks how it is hears that all is well.
    """

    def __init__(self) -> None:
        self.port = 0
        self.requests = 0

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith((b"GET /ready ", b"GET /health ")):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        else:
            self.requests += 1
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Silent"]:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


async def test_a_view_that_may_have_been_counted_is_not_sent_again(
    tmp_path: Path, door: Door
) -> None:
    async with Silent().listening() as one, Silent().listening() as other:
        both = [one.port, other.port]
        async with door(tmp_path, {"ingest": both, "read-api": both}) as front:
            async with httpx.AsyncClient(base_url=front.url) as client:
                refused = await client.post("/page-views/single", json=SINGLE)
            assert (refused.status_code, refused.headers["content-type"]) == (502, PROBLEM)
            assert refused.json()["outcome"] == "unknown"
            assert one.requests + other.requests == 1
            # A report may be asked for twice.
            async with httpx.AsyncClient(base_url=front.url) as client:
                assert (await client.get("/report")).status_code == 502
            assert one.requests + other.requests == 3


async def test_a_view_that_could_not_be_sent_goes_to_another_ingest(
    settings: Settings, tmp_path: Path, door: Door
) -> None:
    async with Role(settings, "ingest") as ingest:
        await ingest.serving()
        front = door(tmp_path, {"ingest": [free_port(), ingest.port], "read-api": [free_port()]})
        async with front, httpx.AsyncClient(base_url=front.url) as client:
            for _ in range(10):
                assert (await client.post("/page-views/single", json=SINGLE)).status_code == 202


async def test_connections_to_the_roles_are_kept(tmp_path: Path, door: Door) -> None:
    connections = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = b""
        while b"connection: close" not in asked.lower() and (asked := await reader.read(65_536)):
            if asked.startswith(b"GET /report "):
                connections.add(writer)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        front = door(tmp_path, {"ingest": [port], "read-api": [port]})
        async with front, httpx.AsyncClient(base_url=front.url) as client:
            for _ in range(20):
                assert (await client.get("/report")).status_code == 200
    # One for each worker process at most.
    assert len(connections) <= 2


def test_connections_are_given_up_before_the_roles_close_them() -> None:
    text = (CONFIGURATION / "upstreams.conf").read_text()
    kept = [int(seconds) for seconds in re.findall(r"keepalive_timeout (\d+)s;", text)]
    assert len(kept) == text.count("upstream ")
    assert all(seconds < uvicorn.Config("").timeout_keep_alive for seconds in kept)


@pytest.mark.nginx
def test_nginx_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    door = FrontDoor(tmp_path, {"ingest": [free_port()], "read-api": [free_port()]})
    assert_accepted(door)
    if version() >= (1, 27, 3):
        # Before, nginx did not look names up again; the addresses above are numbers.
        shutil.copy(CONFIGURATION / "upstreams.conf", door.folder / "conf.d")
        assert_accepted(door)


def assert_accepted(door: FrontDoor) -> None:
    done = subprocess.run([*door.command(), "-t"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
