"""What websites get when they ask for a script."""

import base64
import gzip
import hashlib
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from ingest.tracker.making import NEWEST, classic, kept, own, queued
from ingest.tracker.routes import tracker_routes
from tests.asgi import Got, got_from
from web.app import create_app

REPOSITORY = Path(__file__).parents[4]
APP: Any = create_app(tracker_routes(), {}, {})
A_DAY = "public, max-age=86400"
MOST = 1_000  # bytes
# Tags of websites have these digests: what is once released here is for ever.
KEPT = {
    1: "sha384-be3VoN4LRFrTxvrR47lg09qQdX0vN4CDS3OeoGDMmjwok+ctP3a+rv5Bpgg12JVa",
}


async def get(path: str, method: str = "GET", **headers: str) -> Got:
    return await got_from(APP, path, method, b"stats.example", **headers)


def integrity(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


async def test_the_tracker_is_small_and_comes_packed() -> None:
    got = await get("/tracker.js", accept_encoding="gzip, deflate, br")
    assert (got.status, got["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(got.body) == own()
    assert len(got.body) <= MOST
    plain = await get("/tracker.js")
    assert (plain.body, plain["content-encoding"]) == (own(), None)
    refused = await get("/tracker.js", accept_encoding="br, gzip;q=0")
    assert refused["content-encoding"] is None
    assert (await get("/tracker.js", accept_encoding="br;q=1, GZIP;q=0.5")).body == got.body


@pytest.mark.parametrize("path", ["/tracker.js", "/js/script.hash.js", "/js/pa-Xy_z-9.js"])
async def test_every_page_may_load_it_and_keep_it_for_a_day(path: str) -> None:
    got = await get(path, origin="https://shop.example", sec_fetch_site="cross-site")
    assert got.status == 200
    assert got["content-type"] == "application/javascript; charset=utf-8"
    assert got["access-control-allow-origin"] == "*"
    assert got["cross-origin-resource-policy"] == "cross-origin"
    assert got["x-content-type-options"] == "nosniff"
    assert got["cache-control"] == A_DAY
    assert got["vary"] == "accept-encoding"
    assert got["set-cookie"] is None
    head = await get(path, "HEAD")
    assert (head.status, head.body, head["content-length"]) == (200, b"", str(len(got.body)))


async def test_who_holds_the_script_gets_it_no_second_time() -> None:
    for accepted in ("gzip", "identity"):
        first = await get("/tracker.js", accept_encoding=accepted)
        tag = first["etag"]
        assert tag is not None
        again = await get("/tracker.js", accept_encoding=accepted, if_none_match=f'"x", W/{tag}')
        assert (again.status, again.body, again["etag"]) == (304, b"", tag)
        assert again["cache-control"] == A_DAY
    assert (await get("/tracker.js", if_none_match='"x"')).status == 200


async def test_a_version_that_a_tag_names_with_its_digest_never_changes() -> None:
    assert {number: integrity(kept(number)) for number in range(1, NEWEST + 1)} == KEPT
    assert kept(NEWEST) == own(), "the sources have changed: a new version belongs in versions/"
    for number in KEPT:
        got = await get(f"/tracker-{number}.js")
        assert got.body == kept(number)
        assert got["cache-control"] == "public, max-age=31536000, immutable"
        assert got["access-control-allow-origin"] == "*"
    assert (await get(f"/tracker-{NEWEST + 1}.js")).status == 404


def test_the_documentation_has_the_newest_digest_and_the_sizes() -> None:
    text = (REPOSITORY / "docs/tracker.md").read_text()
    tag = re.search(r'tracker-(\d+)\.js"\s+integrity="([^"]+)"', text)
    assert tag is not None
    assert (int(tag[1]), tag[2]) == (NEWEST, KEPT[NEWEST])
    for name, content in (("tracker", own()), ("js/script", classic(())), ("js/pa-…", queued())):
        packed = len(gzip.compress(content, 9, mtime=0))
        assert f"| `/{name}.js` | {len(content)} | {packed} | " in text


async def test_tags_get_their_script_whatever_the_order_of_its_extensions() -> None:
    ways = {
        (await get(f"/js/script.{'.'.join(each)}.js")).body
        for each in permutations(("hash", "manual", "exclusions", "outbound-links"))
    }
    assert ways == {classic({"hash", "manual", "exclusions"})}
    for name in ("script", "plausible", "analytics", "index"):
        assert (await get(f"/js/{name}.js")).body == classic(())
    ignored = "compat.file-downloads.pageview-props.tagged-events.revenue.pageleave"
    assert (await get(f"/js/plausible.{ignored}.local.js")).body == classic({"local"})
    assert (await get("/js/pa-AbC123.js")).body == queued()


@pytest.mark.parametrize(
    "name",
    [
        "script",
        "script.hsah.js",
        "script..js",
        "script.js.map",
        "hash.js",
        "index.hash.js",
        "pa-.js",
        "pa-a.b.js",
        "pa-" + "a" * 65 + ".js",
        "Script.js",
        "script.js%0A",
        "%73cript.js",
        "js/script.js",
        ".js",
        "",
    ],
)
async def test_a_name_that_means_no_script_is_not_found(name: str) -> None:
    got = await get(f"/js/{name}")
    assert (got.status, got["content-type"]) == (404, "application/problem+json")


def test_all_variants_differ_by_what_was_asked_alone() -> None:
    switches = ("hash", "local", "manual", "exclusions")
    alone = {classic({switch}) for switch in switches}
    assert len(alone | {classic(()), classic(switches)}) == len(switches) + 2
    for content in (own(), queued(), *alone):
        assert b"//" not in content.replace(b"https://", b"")
        assert content.startswith(b"(() => {\n")
        assert content.endswith(b"\n})()\n")


@pytest.mark.parametrize("forbidden", [b"cookie", b"setItem", b"sessionStorage", b"indexedDB"])
def test_no_script_knows_a_way_to_keep_anything_in_a_browser(forbidden: bytes) -> None:
    for content in (own(), queued(), classic(("hash", "local", "exclusions"))):
        assert forbidden not in content
        assert re.search(rb"localStorage\.?\w*\s*=[^=]", content) is None
