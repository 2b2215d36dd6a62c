"""Signing in to a running service: what the cookie opens, what it does not, and when it ends."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.processes.keys_file import changing
from domain.key_secrets import id_of
from domain.keys import Right
from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.keys import key, numbered

pytestmark = pytest.mark.acceptance

INGEST, READ, ADMIN, BOUND, WRONG = (numbered(number) for number in range(5))
SECRETS = (INGEST, READ, ADMIN, BOUND, WRONG)
VIEWS = {
    "mine.example/a": {"2025-07-16T10:00:00Z": 3},
    "other.example/secret": {"2025-07-16T11:00:00Z": 40},
}


@pytest.fixture
def settings(backend: Settings, tmp_path: Path) -> Settings:
    with changing(tmp_path / "keys") as write:
        write(
            [
                key(INGEST, Right.INGEST),
                key(READ),
                key(ADMIN, Right.ADMIN),
                key(BOUND)._replace(sites=frozenset({"mine.example"})),
            ]
        )
    return replace(backend, keys_file=tmp_path / "keys")


class Window:
    """A browser as far as signing in goes: it keeps cookies and says from where it asks."""

    def __init__(self, up: Role) -> None:
        self.own = {"origin": up.url, "sec-fetch-site": "same-origin"}
        self.client = httpx.AsyncClient(base_url=up.url, timeout=30)
        self.seen: list[str] = []

    async def __aenter__(self) -> "Window":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def get(self, path: str, **query: str) -> httpx.Response:
        return self._seen(await self.client.get(path, params=query))

    async def send(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = self.own if headers is None else headers
        return self._seen(await self.client.post(path, data=dict(fields), headers=sent))

    async def sign_in(self, secret: str, to: str = "/pages?period=all") -> httpx.Response:
        return await self.send("/sign-in", {"key": secret, "to": to})

    async def total(self) -> int:
        found: int = (await self.get("/stats/views", period="all")).json()["total"]
        return found

    def _seen(self, found: httpx.Response) -> httpx.Response:
        headers = [(name, text) for name, text in found.headers.items() if name != "set-cookie"]
        self.seen.append(f"{headers} {found.text}")
        return found


async def test_a_browser_that_is_signed_in_looks_and_does_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("ACCESS_LOG", "true")
    async with Role(settings, "up", "--workers", "2") as up:
        await up.serving()
        await counted(up)
        async with Window(up) as window:
            assert (await window.get("/stats/views", period="all")).status_code == 401
            assert (await window.get("/session")).json()["needs_key"] is True
            assert (await window.get("/sign-in")).status_code == 200
            for secret, status in ((WRONG, 401), (INGEST, 403)):
                assert (await window.sign_in(secret)).status_code == status
                assert not window.client.cookies
            for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
                found = await window.send("/sign-in", {"key": READ}, headers)
                assert (found.status_code, dict(window.client.cookies)) == (403, {})

            found = await window.sign_in(READ)
            assert (found.status_code, found.headers["location"]) == (303, "/pages?period=all")
            assert "HttpOnly; SameSite=Strict" in found.headers["set-cookie"]
            assert await window.total() == 43
            assert (await window.get("/metrics")).status_code == 403
            assert (await window.sign_in(ADMIN)).status_code == 303
            assert (await window.get("/metrics")).status_code == 200
            # Whoever appends shows a key itself.
            for found in (
                await window.client.post("/page-views/multi", json=VIEWS),
                await window.client.post("/page-views/multi", json=VIEWS, headers=window.own),
            ):
                assert found.status_code == 401
            assert await window.total() == 43

            # Of some sites.
            assert (await window.sign_in(BOUND)).status_code == 303
            assert await window.total() == 3
            assert "secret" not in (await window.get("/stats/pages", period="all")).text
            assert (await window.get("/session")).json()["sites"] == ["mine.example"]

            # It is withdrawn while somebody looks.
            assert (await footfall(settings, "key", "revoke", id_of(BOUND)))[0] == 0

            async def shut() -> bool:
                codes = [
                    (await window.get("/stats/views", period="all")).status_code for _ in range(8)
                ]
                return codes == [401] * 8

            await until(shut, "both workers knowing that the key was withdrawn")
            found = await window.get("/sign-in")
            assert "Signed out: the key no longer counts here." in found.text
            assert not window.client.cookies

            # Out again.
            assert (await window.sign_in(READ)).status_code == 303
            assert (await window.send("/sign-out", {}, {})).status_code == 403
            assert await window.total() == 43
            found = await window.send("/sign-out", {})
            assert (found.status_code, found.headers["location"]) == (303, "/sign-in")
            assert not window.client.cookies
            assert (await window.get("/stats/views", period="all")).status_code == 401
            seen = window.seen
    log = up.log()
    assert "path=/sign-in" in log
    assert f"key={id_of(READ)}" in log
    for text in (log, *seen):
        assert not [secret for secret in SECRETS if secret[12:] in text]


async def counted(up: Role) -> None:
    """All of `VIEWS` are, by whoever may append."""
    async with httpx.AsyncClient(base_url=up.url, timeout=30) as client:
        shown = {"authorization": f"Bearer {INGEST}"}
        sent = await client.post("/page-views/multi", json=VIEWS, headers=shown)
        assert sent.status_code == 202, sent.text
        found = await client.get(
            "/stats/bounds",
            params={"min-position": sent.headers["footfall-position"], "wait": "10"},
            headers={"authorization": f"Bearer {READ}"},
        )
        assert found.status_code == 200, found.text


async def test_sites_that_are_public_are_read_by_everybody_and_no_others(
    settings: Settings,
) -> None:
    async with Role(replace(settings, public_sites="mine.example"), "up") as up:
        await up.serving()
        await counted(up)
        async with Window(up) as window:
            assert await window.total() == 3
            for path in ("/stats/pages", "/stats/sites", "/export/hourly"):
                found = await window.get(path, period="all")
                assert (found.status_code, "other.example" in found.text) == (200, False)
            for page, views in (("mine.example/a", 3), ("other.example/secret", 0)):
                found = await window.get("/report", page=page, now="2025-07-16T12:00:00Z")
                assert sum(row["v"] for row in found.json()["data"]) == views
            assert (await window.get("/session")).json()["public"] is True
            assert (await window.get("/metrics")).status_code == 401
            found = await window.client.post("/page-views/multi", json=VIEWS)
            assert found.status_code == 401
            assert (await window.sign_in(READ)).status_code == 303
            assert await window.total() == 43
            assert (await window.send("/sign-out", {})).status_code == 303
            assert await window.total() == 3


async def test_where_everybody_reads_everything_no_site_is_public(settings: Settings) -> None:
    unlocked = replace(settings, keys_file=None, public_sites="mine.example")
    code, out, err = await footfall(unlocked, "up")
    assert (code, out) == (2, "")
    assert err.startswith("footfall: PUBLIC_SITES is set and there are no keys")
