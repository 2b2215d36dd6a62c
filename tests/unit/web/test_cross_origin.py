"""Which web pages of other sites a browser lets read what, and when it asks before."""

import pytest

from domain.errors import SettingsError
from domain.settings import Settings, from_env
from tests.unit.web.front import House
from web.cross_origin import CrossOrigin
from web.entrance import Front

PAGE = "https://shop.example"
DASHBOARD = "https://dash.example"
ALLOW = "access-control-allow-origin"
METHODS = "access-control-allow-methods"


def house(*origins: str) -> House:
    return House(Front(cross_origin=CrossOrigin(origins)), ["stats.example"])


def from_page(origin: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"origin", origin.encode()), (b"sec-fetch-site", b"cross-site"), *more]


def preflight(origin: str, method: bytes = b"POST") -> list[tuple[bytes, bytes]]:
    asked = (b"access-control-request-method", method)
    return from_page(origin, asked, (b"access-control-request-headers", b"content-type"))


async def test_any_page_may_ask_before_it_sends_a_view() -> None:
    found = await house().ask("OPTIONS", "/from-pages", preflight(PAGE))
    assert (found.status, found.body) == (204, b"")
    assert found.headers[ALLOW] == "*"
    assert "POST" in found.headers[METHODS]
    assert "content-type" in found.headers["access-control-allow-headers"]
    assert int(found.headers["access-control-max-age"]) > 0
    assert "content-length" not in found.headers
    assert "content-type" not in found.headers
    assert found.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("POST", "/from-pages", b"stats.example", 202),
        ("GET", "/pixel", b"stats.example", 200),
        ("HEAD", "/pixel", b"stats.example", 200),
        ("GET", "/from-pages", b"stats.example", 405),
        ("GET", "/broken", b"stats.example", 500),
        ("POST", "/from-pages", b"evil.example", 421),
        ("POST", "/from-pages", b"", 202),
        ("POST", "/from-pages", b"a b", 400),
    ],
)
async def test_every_answer_to_a_page_that_sends_views_may_be_read_there(
    method: str, path: str, host: bytes, status: int
) -> None:
    found = await house().ask(method, path, from_page(PAGE), host=host)
    assert (found.status, found.headers[ALLOW]) == (status, "*")
    assert "vary" not in found.headers or found.headers["vary"] == "accept"


async def test_what_a_handler_says_itself_is_not_said_twice() -> None:
    found = await house().ask("GET", "/pixel", from_page(PAGE))
    names = [name for name, _ in found.lines]
    assert names.count(b"access-control-expose-headers") == 1
    assert found.headers["access-control-expose-headers"] == "etag"


@pytest.mark.parametrize("path", ["/read", "/ingest", "/query", "/public", "/health", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_no_page_reads_anything_else_unless_it_is_named(method: str, path: str) -> None:
    found = await house().ask(method, path, preflight(DASHBOARD))
    assert not [name for name in found.headers if name.startswith("access-control-allow")]
    assert found.headers.get("vary") in (None, "accept")


async def test_a_page_that_is_named_reads_and_is_told_apart_in_caches() -> None:
    found = await house(DASHBOARD).ask("GET", "/read", from_page(DASHBOARD))
    assert (found.status, found.headers[ALLOW]) == (200, DASHBOARD)
    assert [value for name, value in found.lines if name == b"vary"] == [b"accept", b"origin"]
    assert "access-control-allow-credentials" not in found.headers


async def test_a_page_that_is_named_may_ask_with_a_key() -> None:
    found = await house(DASHBOARD).ask("OPTIONS", "/read", preflight(DASHBOARD, b"GET"))
    assert (found.status, found.headers[ALLOW]) == (204, DASHBOARD)
    assert "authorization" in found.headers["access-control-allow-headers"]
    assert "GET" in found.headers[METHODS]
    assert found.headers["vary"] == "origin"


async def test_a_query_that_a_named_page_posts_is_no_forgery() -> None:
    named = house(DASHBOARD)
    assert (await named.ask("POST", "/query", from_page(DASHBOARD))).status == 200
    other = await named.ask("POST", "/query", from_page(PAGE))
    assert (other.status, b"CORS_ORIGINS" in other.body) == (403, True)
    # No view was lost.
    assert named.noted == []


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://dash.example", "https://dash.example:8443", "null", "", "*",
     "https://dash.example.evil.example", "https://a.dash.example", "HTTPS://DASH.EXAMPLE"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_another_page_hears_nothing_of_it(method: str, origin: str) -> None:
    found = await house(DASHBOARD).ask(method, "/read", preflight(origin))
    assert found.status == (200 if method == "GET" else 405)
    assert ALLOW not in found.headers
    assert "origin" in [value.decode() for name, value in found.lines if name == b"vary"]


async def test_of_several_origins_none_is_believed() -> None:
    twice = [*from_page(DASHBOARD), *from_page(DASHBOARD)]
    found = await house(DASHBOARD).ask("GET", "/read", twice)
    assert ALLOW not in found.headers


async def test_a_page_that_may_read_may_not_append() -> None:
    found = await house(DASHBOARD).ask("POST", "/ingest", from_page(DASHBOARD))
    assert found.status == 403
    assert ALLOW not in found.headers


def test_origins_are_kept_as_browsers_send_them() -> None:
    assert Settings().cors_origins == ""
    text = " HTTPS://Dash.Example:443, http://localhost:8080,http://[::1]:80 "
    kept = from_env({"CORS_ORIGINS": text}).cors_origins
    assert kept == "https://dash.example,http://localhost:8080,http://[::1]"


@pytest.mark.parametrize(
    "text", ["*", "dash.example", "https://dash.example/", "https://a.example/b", "null",
             "https://*.example", "ftp://a.example", "https://a:123456", "https://u@a.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        from_env({"CORS_ORIGINS": text})
