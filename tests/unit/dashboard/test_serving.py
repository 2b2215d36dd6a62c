"""What browsers get of the dashboard: its places, its files, and how long they are kept."""

import gzip
import re
from collections.abc import Sequence
from typing import Any

import pytest

from dashboard.files import sources
from dashboard.routes import PLACES, dashboard_routes
from tests.asgi import Got, got_from
from web.app import create_app

FOUND = sources()
APP: Any = create_app(dashboard_routes(FOUND), {}, {})
# As docs/security.md says it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FOR_EVER = "public, max-age=31536000, immutable"
FIRST_LOAD = 60_000  # bytes
OF_ANSWERS = 12_000
BROWSER = "gzip, deflate, br, zstd"


async def get(path: str, method: str = "GET", **headers: str) -> Got:
    return await got_from(APP, path, method, b"127.0.0.1:3000", **headers)


def addresses(html: str, attribute: str = "href|src") -> Sequence[str]:
    return [each[1] for each in re.findall(rf'({attribute})="([^"#]+)"', html)]


@pytest.mark.parametrize("path", PLACES)
async def test_every_place_is_the_same_page_which_is_asked_for_anew_each_time(path: str) -> None:
    got, head = await get(path), await get(path, "HEAD")
    assert (got.status, got["content-type"]) == (200, "text/html; charset=utf-8")
    assert got.body == (await get("/")).body
    assert (head.status, head.body, head["content-length"]) == (200, b"", f"{len(got.body)}")
    assert got["cache-control"] == "no-cache"
    assert got["content-security-policy"] == POLICY
    assert got["x-content-type-options"] == "nosniff"
    assert got["referrer-policy"] == "same-origin"
    assert got["x-frame-options"] == "DENY"
    assert got["set-cookie"] is None
    again = await get(path, if_none_match=got["etag"] or "")
    assert (again.status, again.body) == (304, b"")
    assert again["content-security-policy"] == POLICY
    assert (await get(path, "POST")).status == 405


async def test_whatever_the_page_loads_is_there_and_nothing_is_written_into_it() -> None:
    html = (await get("/")).body.decode()
    assert "{" not in html
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\bon\w+=", html)
    loaded = [address for address in addresses(html) if address != "#main"]
    assert f"{FOUND.base}/page.css" in loaded
    assert f"{FOUND.base}/js/main.js" in loaded
    for address in loaded:
        got = await get(address)
        assert got.status == 200, address


async def test_files_are_kept_for_ever_at_a_path_that_says_what_they_are() -> None:
    types = {
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
    }
    for path, plain in FOUND.assets.items():
        got = await get(f"{FOUND.base}/{path}", accept_encoding="gzip, br")
        assert (got.status, got["cache-control"]) == (200, FOR_EVER)
        assert got["content-type"] == types[path.rpartition(".")[2]]
        assert got["content-encoding"] == "gzip"
        assert got["vary"] == "accept-encoding"
        assert got["x-content-type-options"] == "nosniff"
        assert gzip.decompress(got.body) == plain == (await get(f"{FOUND.base}/{path}")).body
        newer = await get(f"{FOUND.base}/{path}", accept_encoding="gzip, deflate, br, zstd")
        assert len(newer.body) <= len(got.body)
        assert newer["content-encoding"] in ("zstd", "gzip")
        assert (newer["etag"] == got["etag"]) is (newer["content-encoding"] == "gzip")


async def test_modules_come_smaller_to_browsers_that_take_more_than_gzip() -> None:
    path = f"{FOUND.base}/js/main.js"
    got = await get(path, accept_encoding="gzip, zstd")
    assert got["content-encoding"] == "zstd"
    assert len(got.body) < 0.95 * len((await get(path, accept_encoding="gzip")).body)
    refused = await get(path, accept_encoding="gzip, zstd;q=0")
    assert refused["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/0123456789abcdef/js/main.js",
        "/dashboard/0123456789abcdef/",
        f"{FOUND.base}/js/gone.js",
        f"{FOUND.base}/js/../js/main.js",
        f"{FOUND.base}/index.html",
        f"{FOUND.base}/js//main.js",
        f"{FOUND.base}",
        "/pages/",
        "/index.html",
        "//",
    ],
)
async def test_any_other_path_is_not_found_as_everywhere(path: str) -> None:
    got = await get(path)
    assert (got.status, got["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("cookie", "root"),
    [
        ("", '<html lang="en">'),
        ("theme=dark", '<html lang="en" data-theme="dark">'),
        ("a=b; theme=light; c=d", '<html lang="en" data-theme="light">'),
        ('theme="><script>', '<html lang="en">'),
        ("theme=DARK", '<html lang="en">'),
    ],
)
async def test_a_theme_that_was_chosen_is_there_from_the_first_frame(
    cookie: str, root: str
) -> None:
    got = await get("/", cookie=cookie)
    assert root in got.body.decode()
    assert got["vary"] == "accept-encoding, cookie"
    other = await get(
        "/", cookie=cookie, if_none_match=(await get("/", cookie="theme=x"))["etag"] or ""
    )
    assert other.status == (304 if root == '<html lang="en">' else 200)


async def test_who_looks_at_json_finds_an_icon() -> None:
    got = await get("/favicon.ico")
    assert (got.status, got["content-type"]) == (200, "image/svg+xml")
    assert got["cache-control"] == "public, max-age=86400"


async def test_the_first_load_leaves_room_for_the_answers() -> None:
    html = (await get("/")).body.decode()
    first = await get("/", accept_encoding=BROWSER)
    sizes = {"/": len(first.body)}
    for address in addresses(html):
        if address.startswith(FOUND.base):
            sizes[address] = len((await get(address, accept_encoding=BROWSER)).body)
    total = sum(sizes.values())
    print(f"first load: {total} bytes packed, {len(sizes)} files")  # noqa: T201
    assert total <= FIRST_LOAD - OF_ANSWERS, sizes
