"""JSON that a real nginx writes, with each of its ways to escape, is read as what was requested."""

import socket
import time

import pytest

from importer.formats.choice import Choice
from importer.requests import Reading
from importer.views import View
from tests.importer.nginx import access_logs, nginx

pytestmark = pytest.mark.nginx

_MEMBERS = (
    '"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","request":"$request",'
    '"status":"$status","user_agent":"$http_user_agent","http_host":"$http_host"'
)
_APART = (
    '"msec":$msec,"request_method":"$request_method","request_uri":"$request_uri",'
    '"status":$status,"upstream_time":$upstream_response_time,"host":"$host",'
    '"agent":"$http_user_agent"'
)
_LOCAL = '"time_local":"$time_local","request":"$request","status":$status,"host":"$server_name"'

_FORMATS = {
    f"{kind}_{escape}": f"log_format {kind}_{escape} escape={escape} '{{{members}}}';"
    for kind, members in (("whole", _MEMBERS), ("apart", _APART), ("local", _LOCAL))
    for escape in ("json", "default")
}

PAGES = {
    b"/plain?query": "/plain",
    b"/caf\xc3\xa9": "/café",
    b"/caf\xe9": "/café",
    b"/caf%C3%A9": "/caf%C3%A9",
    b'/"quoted"': '/"quoted"',
    b"/back\\slash\\x41\\u0041": "/back\\slash\\x41\\u0041",
    b"/a/../b{}[],:'": "/a/../b{}[],:'",
    b"/del\x7f": None,
}
AGENTS = [b'an "agent"', b"back\\slash \\x22", b"caf\xe9 \t tab", b"{}[],:"]


def ask(port: int, target: bytes, agent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = (
            b"GET %s HTTP/1.1\r\nHost: Example.org\r\nConnection: close\r\nUser-Agent: %s\r\n\r\n"
        )
        connection.sendall(head % (target, agent))
        while connection.recv(4_096):
            pass


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    folder = tmp_path_factory.mktemp("nginx")
    formats = "\n".join(_FORMATS.values())
    server = f"server_name example.org; {access_logs(folder, _FORMATS)} return 200;"
    with nginx(folder, formats, server) as port:
        for at, target in enumerate(PAGES):
            ask(port, target, AGENTS[at % len(AGENTS)])
    return {name: (folder / f"{name}.log").read_bytes().splitlines() for name in _FORMATS}


@pytest.mark.parametrize("name", _FORMATS)
def test_the_pages_are_those_that_were_requested(logs: dict[str, list[bytes]], name: str) -> None:
    choice = Choice("auto", time.time, Reading())
    lines = [line for line in logs[name] if b"HTTP/1.1" in line or b'"/' in line]
    for line in lines:
        assert list(choice.parse(line)) == []
    found = [one for _, one in choice.rest()]
    assert choice.name == "json"
    pages = [one.page for one in found if isinstance(one, View)]
    assert pages == [f"example.org{page}" for page in PAGES.values() if page is not None]
    now = int(time.time()) // 3_600
    assert {one.hour for one in found if isinstance(one, View)} <= {now, now - 1}
