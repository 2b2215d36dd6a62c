"""What clients may do to the server: raw bytes against a real one, with short limits."""

import asyncio
import gc
import logging
import os
import re
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from litestar.types import Receive, Scope

from cli.processes.listening import listening, port_of
from cli.processes.server import most_connections, server_of
from tests.acceptance.processes import until as until_awaited
from tests.servers import free_port, nginx_binary
from web.app import create_app, route
from web.bodies import Bodies
from web.problems import Answer, answer
from web.server.limits import Limits

BODY = b'{"page":"a.test/x"}'
SHORT = Limits(
    first_byte_seconds=0.5,
    head_seconds=0.5,
    body_seconds=1.0,
    unread_seconds=0.3,
    idle_seconds=3.0,
    stalled_seconds=1.0,
)


async def until(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """The same, for what need not be awaited."""

    async def holds() -> object:
        return condition()

    await until_awaited(holds, what, seconds)


class Door:
    """A server whose application answers a POST with its body, and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.bodies: list[bytes] = []
        self.released = asyncio.Event()
        self.released.set()
        self.clients: list[Client] = []
        self._bodies = Bodies(1_000_000, 20.0)

    async def echo(self, scope: Scope, receive: Receive) -> Answer:
        body = await self._bodies.read(scope, receive, bytes)
        self.bodies.append(body)
        await self.released.wait()
        return answer({"n": len(self.bodies), "bytes": len(body)})

    async def large(self, _: Scope, __: Receive) -> Answer:
        return answer("x" * 30_000_000)

    async def connect(self) -> "Client":
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def talk(self, *parts: bytes, end: bool = False) -> bytes:
        """All that is answered until the server closes; `end` shuts down the sending side."""
        client = await self.connect()
        for part in parts:
            await client.send(part)
        if end:
            client.writer.write_eof()
        return await client.rest()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answers(self, number: int) -> bytes:
        """So many whole answers."""
        found = b""
        async with asyncio.timeout(10):
            while len(re.findall(rb"\r\n\r\n(?:\{[^}]*\}|\[\])", found)) < number:
                data = await self.reader.read(65_536)
                assert data, f"closed after {found!r}"
                found += data
        return found

    async def rest(self) -> bytes:
        async with asyncio.timeout(15):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b"reset"
            finally:
                self.writer.close()


@asynccontextmanager
async def serving(limits: Limits = SHORT) -> AsyncIterator[Door]:
    door = Door()
    handlers = [route("/echo", "POST", door.echo), route("/large", "GET", door.large)]
    server = server_of(create_app(handlers, {}, {}), 1, limits)
    with listening("127.0.0.1", 0, workers=1) as listeners:
        door.port = port_of(listeners)
        running = asyncio.create_task(server.serve(listeners[0]))
        await until(lambda: server.started, "serving")
        try:
            yield door
        finally:
            door.released.set()
            for client in door.clients:
                client.writer.close()
            server.should_exit = True
            await running


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving() as found:
        yield found


def post(body: bytes = BODY, headers: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST /echo HTTP/1.1\r\nHost: localhost\r\n" + headers + length + b"\r\n" + body


def chunked(body: bytes = BODY, headers: bytes = b"") -> bytes:
    head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    return head + headers + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    "with keep-alive": b"Connection: keep-alive, Upgrade\r\nuPGRADE: anything/1\r\n",
}


@pytest.mark.parametrize("headers", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("request_of", [post, chunked])
async def test_an_upgrade_that_is_not_taken_changes_nothing(
    door: Door, request_of: Callable[..., bytes], headers: bytes
) -> None:
    client = await door.connect()
    await client.send(request_of(headers=headers) + request_of(b"second") + post(b""))
    assert statuses(await client.answers(3)) == [200, 200, 200]
    assert door.bodies == [BODY, b"second", b""]


async def test_it_does_not_matter_how_bytes_arrive(door: Door) -> None:
    data = chunked(headers=UPGRADES["h2c"]) + post(b"second")
    client = await door.connect()
    for byte in data:
        client.writer.write(bytes([byte]))
        await asyncio.sleep(0)
        await client.writer.drain()
    assert statuses(await client.answers(2)) == [200, 200]
    assert door.bodies == [BODY, b"second"]


async def test_clients_that_ask_for_an_upgrade_by_default_are_served(door: Door) -> None:
    url = f"http://127.0.0.1:{door.port}/echo"
    command = ["curl", "-sS", "--http2", "--data-binary", BODY.decode(), url]
    found = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await found.communicate()
    assert out == b'{"n":1,"bytes":19}'
    assert door.bodies == [BODY]


_JAVA = """
import java.net.URI;
import java.net.http.*;
public class Post {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int i = 0; i < 3; i++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(given[0]))
                .POST(HttpRequest.BodyPublishers.ofString("{}")).build();
            System.out.println(
                client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
        }
    }
}
"""


async def test_javas_own_client_is_served(door: Door, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("needs java")
    (tmp_path / "Post.java").write_text(_JAVA)
    command = ["java", str(tmp_path / "Post.java"), f"http://127.0.0.1:{door.port}/echo"]
    found = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await found.communicate()
    assert out.split() == [b"200"] * 3
    assert door.bodies == [b"{}"] * 3


_NGINX = """
{user}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream service {{ server 127.0.0.1:{service}; keepalive 1; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""


@pytest.mark.nginx
async def test_clients_behind_one_connection_of_a_proxy_get_their_own_answers(
    door: Door, tmp_path: Path
) -> None:
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    conf = tmp_path / "nginx.conf"
    conf.write_text(_NGINX.format(user=user, folder=tmp_path, service=door.port, port=port))
    nginx = nginx_binary()
    assert nginx is not None
    front = await asyncio.create_subprocess_exec(
        nginx, "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(conf)
    )
    try:
        await until_awaited(lambda: _accepts(port), "nginx")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            asking = {"upgrade": "h2c", "connection": "Upgrade"}
            sent = [
                client.post("/echo", content=b"x" * n, headers=asking if n % 2 else {})
                for n in range(30)
            ]
            found = [(await answered).json()["bytes"] for answered in sent]
        assert found == list(range(30))
    finally:
        front.terminate()
        await front.wait()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


BAD = {
    "garbage": b"x\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00",
    "bare line feeds": b"GET /health HTTP/1.1\nHost: a\n\n",
    "http 0.9": b"GET /health\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a length of many digits": b"POST /echo HTTP/1.1\r\nContent-Length: "
    + b"0" * 5_000
    + b"1\r\n\r\n",
    "a signed length": b"POST /echo HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}",
    "two lengths": b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": post(headers=b"Transfer-Encoding: chunked\r\n"),
    "another coding": b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an endless chunk": b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 20
    + b"\r\n",
    "a chunk of no size": b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a folded header": b"GET /health HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
    "a header with a blank": b"GET /health HTTP/1.1\r\nA b: c\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
async def test_what_is_no_request_is_answered_once_and_closed(door: Door, data: bytes) -> None:
    answered = await door.talk(data + post())
    assert statuses(answered) == [400]
    assert b"content-type: application/problem+json" in answered
    assert b"connection: close" in answered
    assert not any(door.bodies)


async def test_what_is_no_request_does_not_touch_the_one_before(door: Door) -> None:
    door.released.clear()
    client = await door.connect()
    await client.send(post() + b"x\r\n\r\n")
    await until(lambda: door.bodies, "the first request")
    door.released.set()
    assert statuses(await client.rest()) == [200, 400]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /health HTTP/1.1\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 10_000, 431),
        (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ],
)
async def test_what_is_too_much_has_a_status_of_its_own(
    door: Door, data: bytes, status: int
) -> None:
    assert statuses(await door.talk(data)) == [status]


@pytest.mark.parametrize("around", [b"1;" + b"a" * 200_000, b"0\r\n" + b"a: b\r\n" * 40_000])
async def test_what_stands_around_chunks_is_bounded(door: Door, around: bytes) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    answered = await door.talk(head + around)
    assert answered == b"reset" or statuses(answered) == [400]
    assert not any(door.bodies)


async def test_raw_bytes_in_a_query_reach_the_application(door: Door) -> None:
    data = "GET /health?a=café HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    assert statuses(await door.talk(data)) == [200]


async def test_a_client_that_half_closes_gets_every_answer(door: Door) -> None:
    assert statuses(await door.talk(post() * 3, end=True)) == [200, 200, 200]
    assert statuses(await door.talk(post() + post()[:-5], end=True)) == [200]


SILENT = {
    "nothing": b"",
    "half a head": b"POST /echo HTTP/1.1\r\nHost:",
    "a head without its body": post()[: -len(BODY)],
    "chunks without an end": chunked()[:-5],
    "a body that nobody reads": b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    "a body that drips": post(b"x" * 100)[:-90],
}


async def test_many_silent_connections_go_in_time_and_hold_up_nobody(door: Door) -> None:
    silent = [await door.connect() for _ in range(40) for _ in SILENT]
    for client, data in zip(silent, list(SILENT.values()) * 40, strict=True):
        await client.send(data)
    began = asyncio.get_running_loop().time()
    other = await door.connect()
    await other.send(post())
    assert statuses(await other.answers(1)) == [200]
    assert asyncio.get_running_loop().time() - began < 3
    ends = await asyncio.gather(*(client.rest() for client in silent))
    assert asyncio.get_running_loop().time() - began < 10
    # Whoever waits for an answer is told, whoever asked for nothing is not.
    assert [statuses(end) for end in ends[:6]] == [[], [408], [408], [408], [200], [408]]
    await other.send(post())
    assert statuses(await other.answers(1)) == [200]


async def test_an_answer_that_nobody_takes_in_is_given_up(door: Door) -> None:
    client = await door.connect()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    await until_awaited(lambda: _closed(client), "the end of the connection", 8)


async def _closed(client: Client) -> bool:
    try:
        await client.send(b"x")
    except (ConnectionError, OSError):
        return True
    return client.writer.is_closing()


async def test_beyond_the_limit_the_idle_make_room_and_the_busy_stay() -> None:
    async with serving(SHORT._replace(connections=5)) as door:
        idle = [await door.connect() for _ in range(5)]
        busy = [await door.connect() for _ in range(5)]
        door.released.clear()
        for client in busy:
            await client.send(post())
        await until(lambda: len(door.bodies) == 5, "five requests under way")
        assert [await client.rest() for client in idle] == [b""] * 5
        refused = await door.talk()
        assert statuses(refused) == [503]
        assert b"retry-after: 1" in refused
        door.released.set()
        for client in busy:
            assert statuses(await client.answers(1)) == [200]


def test_connections_leave_descriptors_for_all_else() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most_connections() < max(soft, Limits().connections + 1)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def _flood(door: Door, data: bytes, seconds: float) -> None:
    """As much of `data` as is taken in that time, then gone."""
    client = await door.connect()
    try:
        async with asyncio.timeout(seconds):
            await client.send(data)
            await client.reader.read()
    except (TimeoutError, ConnectionError):
        pass
    client.writer.transport.abort()


FLOODS: dict[str, tuple[bytes, float]] = {
    "answered": (post() * 40_000, 2.0),
    "closed early": (post() * 40_000, 0.05),
    "refused": (b"x\r\n" * 40_000, 0.2),
    "half sent": ((post() * 40_000)[:-5], 0.5),
}


@pytest.mark.parametrize(("data", "seconds"), FLOODS.values(), ids=FLOODS)
async def test_memory_comes_back_whatever_is_pipelined(
    door: Door, data: bytes, seconds: float
) -> None:
    await _flood(door, data, seconds)
    door.bodies.clear()
    gc.collect()
    before = _resident_mb()
    for _ in range(10):
        await _flood(door, data, seconds)
        door.bodies.clear()
    assert _resident_mb() - before < 30


async def test_what_strangers_do_is_one_line_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            await door.talk(b"x\r\n")
            client = await door.connect()
            await client.send(post() * 2)
            client.writer.transport.abort()
        await until(lambda: "no HTTP" in caplog.text, "a summary")
        await asyncio.sleep(0.2)
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert not any(record.exc_info for record in caplog.records)
