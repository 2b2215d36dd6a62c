"""What strangers do to the port of a real process, and who is served meanwhile.

One process is met by all of them, and by silent connections all the while: the last test looks what
became of these.
"""

import asyncio
import os
import resource
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from shutil import which

import httpx
import pytest
import pytest_asyncio

from cli.wiring.migrate import migrate
from tests.acceptance.processes import Role, report, until
from tests.acceptance.strangers import Stranger, post, statuses
from tests.conftest import embedded
from tests.servers import answers, free_port, nginx_binary
from web.server.limits import Limits

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

NOON = "2025-07-16T12:00:00Z"
SILENT_CLIENTS = 200


def view(page: str) -> bytes:
    return b'{"page":"%s","timestamp":"2025-07-16T11:00:00Z"}' % page.encode()


SILENT = (b"", b"POST /page-views/single HTTP/1.1\r\nHost:", post(view("silent"))[:-5])


class House:
    """`footfall up`, and those who say nothing to it."""

    def __init__(self, role: Role, silent: list[Stranger]) -> None:
        self.role = role
        self.silent = silent
        self.client = httpx.AsyncClient(base_url=role.url, timeout=30)

    def resident_mb(self) -> float:
        """Of the process that serves."""
        assert self.role.process is not None
        children = Path(f"/proc/{self.role.process.pid}/task/{self.role.process.pid}/children")
        (web,) = (
            child
            for child in children.read_text().split()
            if b"web" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        )
        pages = Path(f"/proc/{web}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize() / 1e6

    async def until_counted(self, page: str, views: int) -> None:
        async def counted() -> bool:
            rows = await report(self.client, page=page, now=NOON, order="desc", take="1")
            return rows[0]["v"] == views

        await until(counted, f"{views} views of {page}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = replace(embedded(tmp_path_factory.mktemp("strangers")), allowed_hosts="service")
    async with Role(settings, "up") as role:
        await role.serving()
        silent = [Stranger(role.port, data) for data in SILENT * SILENT_CLIENTS]
        await asyncio.gather(*(stranger.begin() for stranger in silent))
        found = House(role, silent)
        async with found.client:
            yield found
        for stranger in silent:
            stranger.leave()
        log = role.log()
        assert "Traceback" not in log
        assert len(log) < 10_000


async def _flood(port: int, data: bytes, seconds: float) -> None:
    """As much of `data` as is taken in that time, then gone."""
    stranger = await Stranger(port).begin()
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            await stranger.send(data)
            await stranger.rest()
    stranger.leave()


PIPELINED = post(view("flood")) * 40_000
FLOODS = {
    "answered": (PIPELINED, 2.0),
    "closed early": (PIPELINED, 0.1),
    "refused": (b"x\r\n" * 40_000, 0.5),
    "half sent": (PIPELINED[:-5], 0.5),
}


async def test_memory_comes_back_whatever_is_pipelined(house: House) -> None:
    await _flood(house.role.port, *FLOODS["answered"])
    before = house.resident_mb()
    for name, (data, seconds) in FLOODS.items():
        await asyncio.gather(*(_flood(house.role.port, data, seconds) for _ in range(10)))
        assert (await house.client.get("/health")).status_code == 200
        assert house.resident_mb() - before < 40, name


async def test_clients_that_ask_for_an_upgrade_by_default_are_counted(
    house: House, tmp_path: Path
) -> None:
    url = f"{house.role.url}/page-views/single"
    command = ["curl", "-sS", "--http2", "-d", view("curl").decode(), url]
    curl = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert (await curl.communicate())[0] == b'{"accepted":1}'
    await house.until_counted("curl", 1)
    await house.until_counted("java", await _java(house, tmp_path))


_JAVA = """
import java.net.URI;
import java.net.http.*;
public class Post {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int i = 0; i < 3; i++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(given[0]))
                .POST(HttpRequest.BodyPublishers.ofString(given[1])).build();
            System.out.println(
                client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
        }
    }
}
"""
# What it sends, for where there is none: the body in a packet of its own.
_AS_JAVA = (
    b"Connection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n"
    b"Upgrade: h2c\r\nUser-Agent: Java-http-client/17.0.15\r\n"
)


async def _java(house: House, folder: Path) -> int:
    """How many views it sent; each is answered 202."""
    if which("java") is None:
        whole = post(view("java"), _AS_JAVA)
        stranger = await Stranger(house.role.port).begin()
        for part in whole.partition(b"\r\n\r\n"):
            await stranger.send(part)
        stranger.end()
        assert statuses(await stranger.rest()) == [202]
        return 1
    (folder / "Post.java").write_text(_JAVA)
    url = f"{house.role.url}/page-views/single"
    command = ["java", str(folder / "Post.java"), url, view("java").decode()]
    java = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert (await java.communicate())[0].split() == [b"202"] * 3
    return 3


# The lines for WebSockets that everybody pastes.
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
async def test_clients_behind_one_connection_of_a_proxy_are_all_counted(
    house: House, tmp_path: Path
) -> None:
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    conf = tmp_path / "nginx.conf"
    conf.write_text(_NGINX.format(user=user, folder=tmp_path, service=house.role.port, port=port))
    nginx = nginx_binary()
    assert nginx is not None
    front = await asyncio.create_subprocess_exec(
        nginx, "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(conf)
    )

    async def listening() -> bool:
        return answers("127.0.0.1", port)

    try:
        await until(listening, "nginx listening")
        url = f"http://127.0.0.1:{port}"
        asking = {"upgrade": "h2c", "connection": "Upgrade"}
        async with (
            httpx.AsyncClient(base_url=url, headers=asking) as one,
            httpx.AsyncClient(base_url=url) as other,
        ):
            for _ in range(15):
                for client in (one, other):
                    sent = await client.post("/page-views/single", content=view("proxy"))
                    assert (sent.status_code, sent.text) == (202, '{"accepted":1}')
    finally:
        front.terminate()
        await front.wait()
    await house.until_counted("proxy", 30)


async def test_a_client_that_half_closes_gets_its_answer(house: House) -> None:
    strangers = [await Stranger(house.role.port, post(view("half"))).begin() for _ in range(10)]
    for stranger in strangers:
        stranger.end()
    assert [statuses(await stranger.rest()) for stranger in strangers] == [[202]] * 10
    await house.until_counted("half", 10)


async def test_connections_that_say_nothing_are_let_go(house: House) -> None:
    limits = Limits()
    seconds = 2 * max(limits.first_byte_seconds, limits.head_seconds)
    ends = await asyncio.gather(*(stranger.rest(seconds) for stranger in house.silent))
    assert [statuses(end) for end in ends] == [[], [408], [408]] * SILENT_CLIENTS


async def test_few_descriptors_stop_neither_health_nor_what_is_under_way(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    async with Role(settings, "web", descriptors=64) as web, AsyncExitStack() as stack:
        await web.serving()
        body = view("slow")
        slow = await Stranger(web.port, post(body)[: -len(body)]).begin()
        others = [await Stranger(web.port, data).begin() for data in SILENT[:2] * 100]
        for stranger in others:
            stack.callback(stranger.leave)
        async with httpx.AsyncClient(base_url=web.url, timeout=5) as client:
            for _ in range(3):
                assert (await client.get("/health")).status_code == 200
                assert (await client.post("/page-views/single", content=body)).status_code == 202
        await slow.send(body)
        slow.end()
        assert statuses(await slow.rest()) == [202]
        assert "Traceback" not in web.log()
        assert "Too many open files" not in web.log()
