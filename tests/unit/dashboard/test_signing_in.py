"""Signing in with a read key: the form, what comes of it, and what is never said."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.files import sources
from dashboard.signing_in import MAX_BYTES, sign_in_routes
from domain.addresses import Proxies
from domain.key_ring import Ring
from domain.key_secrets import id_of
from domain.keys import STRANGER, Caller, Right, public
from tests.asgi import http_scope
from tests.keys import bearer, key, numbered
from tests.unit.dashboard.test_serving import POLICY
from tests.unit.web.front import Clock
from web.access import Access
from web.app import create_app, route
from web.clients import Clients
from web.entrance import Front
from web.lock import Lock, lock_of, nobody_locks
from web.problems import Answer, answer
from web.rates import Rate

INGEST, READ, ADMIN, WRONG, BOUND, OVER = (numbered(number) for number in range(6))
KEYS = [
    key(INGEST, Right.INGEST),
    key(READ),
    key(ADMIN, Right.ADMIN),
    key(BOUND)._replace(sites=frozenset({"b.example", "a.example"})),
    key(OVER)._replace(revoked_ms=1),
]
SECRETS = (INGEST, READ, ADMIN, WRONG, BOUND, OVER)
LOCK = lock_of(lambda: Ring(KEYS), lambda: 0)
NOBODY_KNOWS = "This key is not known here, or was withdrawn."
OURS = [(b"origin", b"http://stats.example.com"), (b"sec-fetch-site", b"same-origin")]
PROXY = "10.0.0.1"


async def told(_: Any, __: Any) -> Answer:
    return answer({})


class Browser:
    """Asks an application, and keeps its cookies."""

    def __init__(
        self, lock: Lock = LOCK, front: Front | None = None, nameless: Caller = STRANGER
    ) -> None:
        clients = Clients(Proxies(PROXY))
        self.app: Any = create_app(
            [
                *sign_in_routes(sources(), lock, clients, 5),
                route("/numbers", "GET", told, access=Access(Right.READ)),
            ],
            {}, {}, lock=lock, front=front or Front(clients), nameless=nameless,
        )  # fmt: skip
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = ""

    async def ask(
        self,
        method: str,
        path: str,
        headers: Any = (),
        body: bytes = b"",
        client: str = "203.0.113.9",
    ) -> "Browser":
        place, _, query = path.partition("?")
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()
        sent = [(b"host", b"stats.example.com"), *headers, *([(b"cookie", jar)] if jar else [])]
        scope = http_scope(method, place.encode(), sent, query.encode())
        scope["client"] = (client, 4711)
        self.body, self.headers = "", []
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        await self.app(scope, receive, self._send)
        for line in self.all("set-cookie"):
            name, value = line.partition(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return self

    async def _send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.headers += [(k.decode(), v.decode()) for k, v in message.get("headers", ())]
        self.body += message.get("body", b"").decode()

    def all(self, name: str) -> Sequence[str]:
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name: str) -> str:
        (found,) = self.all(name)
        return found

    async def sign_in(self, secret: str, headers: Any = OURS, **fields: str) -> "Browser":
        body = urlencode({"key": secret, **fields}).encode()
        return await self.ask("POST", "/sign-in", headers, body)

    async def session(self, *headers: Any) -> Any:
        return json.loads((await self.ask("GET", "/session", headers)).body)


class Fields(HTMLParser):
    """What a form would send, and where."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.forms: list[tuple[str | None, str | None]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input":
            self.found[given["name"] or ""] = given.get("value") or ""
        elif tag == "form":
            self.forms.append((given.get("method"), given.get("action")))
        elif tag == "a":
            self.links.append(given["href"] or "")


async def test_the_form_is_whole_without_a_script_and_says_how_a_key_is_made() -> None:
    found = await Browser().ask("GET", "/sign-in?to=/pages?period=30d")
    assert (found.status, found["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<h1 class="h-big">Sign in with a read key</h1>' in found.body
    assert "footfall key new --right read" in found.body
    assert Fields(found.body).forms == [("post", "/sign-in")]
    assert Fields(found.body).found == {"to": "/pages?period=30d", "key": ""}
    assert NOBODY_KNOWS not in found.body
    assert "<script" not in found.body
    assert " style=" not in found.body


async def test_it_is_kept_nowhere_and_under_the_policy_of_the_page() -> None:
    browser = Browser()
    for found in (await browser.ask("GET", "/sign-in"), await browser.sign_in(WRONG)):
        assert found["cache-control"] == "no-store"
        assert found["content-security-policy"] == POLICY
        assert found["x-frame-options"] == "DENY"
        assert found["referrer-policy"] == "same-origin"


async def test_its_sheets_are_there() -> None:
    found = await Browser().ask("GET", "/sign-in")
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)">', found.body)
    base, assets = sources().base, sources().assets
    assert sheets
    assert all(sheet.removeprefix(f"{base}/") in assets for sheet in sheets)
    assert not [sheet for sheet in sheets if sheet.removeprefix(f"{base}/") == "style/page.css"]


async def test_a_theme_that_was_pinned_is_that_of_the_form() -> None:
    browser = Browser()
    browser.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in (await browser.ask("GET", "/sign-in")).body


@pytest.mark.parametrize("secret", [READ, f" {READ}\r\n", ADMIN, BOUND])
async def test_a_key_that_reads_is_kept_by_the_browser_and_leads_on(secret: str) -> None:
    browser = await Browser().sign_in(secret, to="/pages?period=30d")
    assert (browser.status, browser["location"]) == (303, "/pages?period=30d")
    assert browser.cookies == {"footfall": secret.strip()}
    assert (await browser.ask("GET", "/numbers")).status == 200


async def test_signing_out_has_the_browser_forget_it() -> None:
    browser = await Browser().sign_in(READ)
    await browser.ask("POST", "/sign-out", OURS)
    assert (browser.status, browser["location"], browser.cookies) == (303, "/sign-in", {})
    assert (await browser.ask("GET", "/numbers")).status == 401
    assert (await browser.ask("POST", "/sign-out", OURS)).status == 303


@pytest.mark.parametrize("secret", [WRONG, OVER, "", "x", READ[:-1], f"{READ} {READ}", "\n", "é"])
async def test_any_other_key_is_refused_in_a_sentence(secret: str) -> None:
    browser = await Browser().sign_in(secret, to="/pages")
    assert (browser.status, browser.cookies) == (401, {})
    assert browser["www-authenticate"] == 'Bearer realm="footfall"'
    assert NOBODY_KNOWS in browser.body
    assert Fields(browser.body).found == {"to": "/pages", "key": ""}
    assert 'aria-invalid="true"' in browser.body
    assert 'role="alert"' in browser.body


async def test_a_key_that_may_not_read_is_told_what_it_takes() -> None:
    browser = await Browser().sign_in(INGEST)
    assert (browser.status, browser.cookies) == (403, {})
    assert "This key may not read: it takes one with the right read." in browser.body


@pytest.mark.parametrize("body", [b"", b"key", b"&&&", b"\xff\xfe=\x00", b"key=%ff%00%zz",
                                  b"a=b&" * 50, b'{"key":"x"}', b"key=a&key=b"])  # fmt: skip
async def test_whatever_else_is_sent_is_no_key(body: bytes) -> None:
    assert (await Browser().ask("POST", "/sign-in", OURS, body)).status == 401


async def test_of_a_long_form_nothing_is_read() -> None:
    browser = await Browser().ask("POST", "/sign-in", OURS, b"key=" + b"a" * MAX_BYTES)
    assert (browser.status, browser["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://stats.example.com:8080")],
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site"), (b"origin", b"http://stats.example.com")],
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_a_form_of_another_site_signs_nobody_in_or_out(path: str, headers: Any) -> None:
    browser = await Browser().sign_in(READ)
    body = urlencode({"key": ADMIN}).encode()
    found = await browser.ask("POST", path, headers, body)
    assert (found.status, json.loads(found.body)["type"]) == (403, "/problems/cross-site")
    assert browser.cookies == {"footfall": READ}


async def test_over_tls_the_cookie_is_of_this_host_and_of_tls_alone() -> None:
    browser = await Browser().sign_in(READ, [(b"origin", b"https://stats.example.com")])
    assert browser.cookies == {"__Host-footfall": READ}
    assert (await browser.ask("GET", "/numbers")).status == 200
    await browser.ask("POST", "/sign-out", OURS)
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("client", "said", "name"),
    [
        (PROXY, ["https"], "__Host-footfall"),
        (PROXY, ["http, HTTPS"], "__Host-footfall"),
        (PROXY, ["http", "https"], "__Host-footfall"),
        (PROXY, ["https, http"], "footfall"),
        (PROXY, [], "footfall"),
        ("203.0.113.9", ["https"], "footfall"),
    ],
)
async def test_a_proxy_of_ours_is_believed_that_it_came_over_tls(
    client: str, said: Sequence[str], name: str
) -> None:
    browser = Browser()
    forwarded = [(b"x-forwarded-proto", each.encode()) for each in said]
    body = urlencode({"key": READ}).encode()
    await browser.ask("POST", "/sign-in", [OURS[1], *forwarded], body, client)
    assert browser.cookies == {name: READ}


async def test_where_there_are_no_keys_nobody_has_to() -> None:
    browser = await Browser(nobody_locks).ask("GET", "/sign-in?to=/pages")
    assert "Nobody needs to sign in here" in browser.body
    assert Fields(browser.body).links == ["/", "/pages"]
    assert not Fields(browser.body).forms
    await browser.sign_in(READ, to="/pages")
    assert (browser.status, browser["location"], browser.cookies) == (303, "/pages", {})


async def test_who_is_signed_in_is_shown_as_whom_and_may_sign_out() -> None:
    browser = await Browser().sign_in(READ)
    await browser.ask("GET", "/sign-in?to=/pages")
    assert id_of(READ) in browser.body
    assert Fields(browser.body).forms == [("post", "/sign-out")]
    assert Fields(browser.body).links == ["/", "/pages"]


async def test_a_key_that_was_withdrawn_meanwhile_is_forgotten_with_a_sentence() -> None:
    browser = Browser()
    browser.cookies["footfall"] = OVER
    assert (await browser.ask("GET", "/numbers")).status == 401
    await browser.ask("GET", "/sign-in")
    assert "Signed out: the key no longer counts here." in browser.body
    assert browser.cookies == {}


async def test_a_link_on_another_site_signs_nobody_out() -> None:
    browser = await Browser().sign_in(READ)
    await browser.ask("GET", "/sign-in", [(b"sec-fetch-site", b"same-site")])
    assert browser.cookies == {"footfall": READ}


async def test_what_needs_no_key_is_offered_beside_the_form() -> None:
    browser = await Browser(nameless=public({"a.example"})).ask("GET", "/sign-in")
    assert "What needs no key" in browser.body


async def test_the_page_is_told_who_asks() -> None:
    browser = Browser()
    nobody = {"signed_in": False, "needs_key": True, "rights": [], "sites": None, "public": False}
    assert await browser.session() == nobody
    assert browser["cache-control"] == "no-store"
    assert await browser.session(bearer(WRONG)) == nobody
    known = nobody | {"signed_in": True}
    await browser.sign_in(READ)
    assert await browser.session() == known | {"rights": ["read"]}
    await browser.sign_in(BOUND)
    sites = ["a.example", "b.example"]
    assert await browser.session() == known | {"rights": ["read"], "sites": sites}
    await browser.sign_in(ADMIN)
    assert await browser.session() == known | {"rights": ["read", "admin"]}
    everything = ["ingest", "read", "admin"]
    assert await browser.session(bearer(ADMIN)) == known | {"rights": everything}
    open_to_all = await Browser(nobody_locks).session()
    assert open_to_all == nobody | {"needs_key": False, "rights": everything}
    shown = await Browser(nameless=public(sites)).session()
    assert shown == nobody | {"rights": ["read"], "sites": sites, "public": True}


async def test_whoever_tries_too_often_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    browser = Browser(front=Front(of_pages=Rate("address", 1)))
    found = [(await browser.sign_in(secret)).status for secret in [WRONG, READ] * 6]
    assert found == [401, 303] * 5 + [429, 429]
    assert browser["retry-after"] == "1"
    assert (await browser.ask("GET", "/session")).status == 200


@given(st.text(max_size=50) | st.sampled_from(['"><script>', "/'\"<b>&", "/&quot;><i>"]))
async def test_where_to_go_on_to_is_text_in_the_form(to: str) -> None:
    found = await Browser().ask("GET", "/sign-in?" + urlencode({"to": to}, errors="replace"))
    fields = Fields(found.body)
    assert fields.forms == [("post", "/sign-in")]
    assert set(fields.found) == {"to", "key"}
    assert fields.found["to"] in (to, "/")


@pytest.mark.parametrize("secret", SECRETS)
async def test_no_secret_is_in_any_answer_but_the_cookie(secret: str) -> None:
    browser = await Browser().sign_in(secret)
    for _ in range(2):
        said = [value for name, value in browser.headers if name != "set-cookie"]
        assert secret[12:] not in f"{said}{browser.body}"
        await browser.ask("GET", "/sign-in")
