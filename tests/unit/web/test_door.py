"""Whom the application answers, under which addresses, and with which methods."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hosts import answers_for, host_name
from domain.problems import KINDS
from tests.asgi import http_scope
from web.app import create_app, route
from web.problems import Answer, answer

GETS = ["/health", "/ready", "/schema", "/schema/openapi.json", *(k.reference for k in KINDS)]
BODY = b'{"accepted":1}'


async def accept(_: Any, __: Any) -> Answer:
    return answer({"accepted": 1}, 202)


def application(*allowed: str) -> Any:
    return create_app(
        [route("/page-views/single", "POST", accept)], {}, {}, allowed_hosts=allowed or ("*",)
    )


APP = application()


class Client:
    """Sends a request byte for byte, and keeps what came back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.headers |= dict(message.get("headers", []))
        self.body += message.get("body", b"")


async def ask(
    app: Any,
    method: str,
    raw_path: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    query: bytes = b"",
) -> Client:
    client = Client()
    given = [(b"host", b"127.0.0.1")] if headers is None else headers
    scope = http_scope(method, raw_path, given, query)
    await app(scope, client.receive, client.send)
    return client


@pytest.mark.parametrize("path", GETS)
async def test_head_is_answered_as_get_is_without_the_body(path: str) -> None:
    got = await ask(APP, "GET", path.encode())
    asked = await ask(APP, "HEAD", path.encode())
    assert got.headers.pop(b"x-request-id") != asked.headers.pop(b"x-request-id")
    assert (got.status, asked.status, asked.body) == (200, 200, b"")
    assert got.headers == asked.headers
    assert int(asked.headers[b"content-length"]) == len(got.body) > 0


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("HEAD", "/nowhere", 404, None),
        ("HEAD", "/page-views/single", 405, b"POST"),
        ("OPTIONS", "/page-views/single", 405, b"POST"),
        ("OPTIONS", "/health", 405, b"GET, HEAD"),
        ("PATCH", "/ready", 405, b"GET, HEAD"),
    ],
)
async def test_other_methods_are_told_which_there_are(
    method: str, path: str, status: int, allow: bytes | None
) -> None:
    found = await ask(APP, method, path.encode())
    assert (found.status, found.headers.get(b"allow")) == (status, allow)
    assert (found.body == b"") == (method == "HEAD")


@st.composite
def other_spellings(draw: st.DrawFn) -> str:
    path = draw(st.sampled_from([*GETS, "/page-views/single"]))
    at = draw(st.integers(0, len(path)))
    start, end = path[:at], path[at:]
    kinds = ["/", "//", ".", "/.", "/./", "/../", ";x", "%2f", "%2F", "%00", "%20", "upper", "%"]
    match draw(st.sampled_from(kinds)):
        case "upper":
            return path.upper()
        case "%":
            return f"{start}%{ord(end[0]):02x}{end[1:]}" if end else f"{path}%20"
        case put:
            return f"{start}{put}{end}"


@given(other_spellings())
async def test_a_path_has_one_spelling(raw_path: str) -> None:
    for method in ("GET", "POST"):
        found = await ask(APP, method, raw_path.encode())
        assert found.status == 404, raw_path
        assert b"/problems/not-found" in found.body


OWN = ["127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:3000", "localhost", "LOCALHOST:80", "127.1"]
OWN += ["localhost.", "shop.localhost:3000", "192.0.2.7", "", "stats.example", "Stats.Example.:80"]
FOREIGN = ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example"]
FOREIGN += ["notlocalhost", "xstats.example", "a.stats.example", "1.2.3.4.5", "256.1.1.1", "[::g]"]


@pytest.mark.parametrize("host", OWN)
async def test_addresses_this_machine_and_named_hosts_are_answered(host: str) -> None:
    app = application("stats.example")
    assert (await ask(app, "GET", b"/health", [(b"host", host.encode())])).status == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_foreign_host_is_misdirected(host: str) -> None:
    headers = [(b"host", host.encode())]
    for method, path in (("GET", b"/health"), ("POST", b"/page-views/single"), ("GET", b"/no")):
        found = await ask(application("stats.example"), method, path, headers)
        assert (found.status, b"ALLOWED_HOSTS" in found.body) == (421, True)
        assert b"/problems/misdirected" in found.body
    assert (await ask(APP, "GET", b"/health", headers)).status == 200


@given(
    st.from_regex(
        r"[a-z][a-z0-9-]{0,20}(\.[a-z][a-z0-9-]{0,20}){1,3}\.(com|example)", fullmatch=True
    )
)
def test_no_name_that_somebody_can_register_is_taken_for_an_address(name: str) -> None:
    assert host_name(name) == name
    assert not answers_for(name, ())


async def test_without_a_host_it_is_no_browser() -> None:
    assert (await ask(application("a.example"), "GET", b"/health", [])).status == 200


@pytest.mark.parametrize(
    "hosts", [["a", "a"], ["127.0.0.1", "evil.example"], ["a b"], ["a/b"], ["u@a"]]
)
async def test_a_host_that_is_unclear_is_refused(hosts: list[str]) -> None:
    found = await ask(APP, "GET", b"/health", [(b"host", host.encode()) for host in hosts])
    assert found.status == 400
    assert b"Host" in found.body


def sent(site: str | None, origin: str | None, host: str) -> list[tuple[bytes, bytes]]:
    given = {b"host": host, b"sec-fetch-site": site, b"origin": origin}
    return [(name, value.encode()) for name, value in given.items() if value is not None]


@pytest.mark.parametrize(
    ("site", "origin", "host", "status"),
    [
        (None, None, "127.0.0.1:3000", 202),
        ("same-origin", "http://127.0.0.1:3000", "127.0.0.1:3000", 202),
        # A proxy may have changed the Host: the browser knows.
        ("same-origin", "https://shop.example", "ingest", 202),
        ("none", None, "127.0.0.1", 202),
        ("cross-site", "http://127.0.0.1:3000", "127.0.0.1:3000", 403),
        ("same-site", "http://localhost:8080", "localhost:3000", 403),
        ("of tomorrow", None, "127.0.0.1", 403),
        (None, "http://127.0.0.1:3000", "127.0.0.1:3000", 202),
        (None, "https://shop.example", "shop.example", 202),
        (None, "https://shop.example", "shop.example:443", 202),
        (None, "http://Shop.Example", "shop.example", 202),
        (None, "http://localhost:8080", "localhost:3000", 403),
        (None, "https://evil.example", "127.0.0.1", 403),
        (None, "http://127.0.0.1", "127.0.0.1:3000", 403),
        (None, "null", "127.0.0.1", 403),
        (None, "null", "null", 403),
        (None, "http://[::1", "[::1]", 403),
        (None, "file://", "", 403),
    ],
)
async def test_another_sites_page_writes_nothing(
    site: str | None, origin: str | None, host: str, status: int
) -> None:
    found = await ask(APP, "POST", b"/page-views/single", sent(site, origin, host))
    assert found.status == status
    assert (b"/problems/cross-site" in found.body) == (status == 403)
    # What it reads, the browser does not show it.
    assert (await ask(APP, "GET", b"/health", sent(site, origin, host))).status == 200


async def test_a_websocket_is_closed_before_it_is_open() -> None:
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "websocket", "path": "/health", "headers": [], "state": {}}
    await APP(scope, receive, send)
    assert [message["type"] for message in told] == ["websocket.close"]


async def test_a_connection_of_another_kind_is_an_error_of_the_server() -> None:
    with pytest.raises(ValueError, match="neither"):
        await APP({"type": "smoke", "headers": [], "state": {}}, None, None)
