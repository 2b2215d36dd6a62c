"""An Upgrade that nobody takes changes nothing: raw bytes, real clients, a shared upstream."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.acceptance.processes import until as until_awaited
from tests.integration.server.doors import BODY, Door, chunked, post, statuses
from tests.servers import free_port, nginx_binary

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
