"""Badges of a running service: for pages of the sites that are named, without a key."""

from dataclasses import replace
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role
from tests.keys import numbered

pytestmark = pytest.mark.acceptance

ADMIN = numbered(1)
HOSTILE = 'example.com/<script>alert("1")</script>/\u202e?a=b#c%2F&'
VIEWS = {
    "example.com/pricing": {"2025-07-16T10:00:00Z": 1_000, "2025-07-17T10:00:00Z": 204},
    HOSTILE: {"2025-07-16T10:00:00Z": 1},
    "other.example/secret": {"2025-07-16T11:00:00Z": 40},
}


async def test_anybody_gets_badges_of_the_sites_that_are_named(
    backend: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LOG", "true")
    settings = replace(backend, admin_key=ADMIN, badges="example.com")
    shown = {"authorization": f"Bearer {ADMIN}"}
    async with (
        Role(settings, "up") as up,
        httpx.AsyncClient(base_url=up.url, timeout=30) as client,
    ):
        await up.serving()
        sent = await client.post("/page-views/multi", json=VIEWS, headers=shown)
        waiting = {"min-position": sent.headers["footfall-position"], "wait": "10"}
        assert (await client.get("/stats/bounds", params=waiting, headers=shown)).is_success

        found = await client.get("/badge/example.com/pricing.svg")
        picture = ElementTree.fromstring(found.text)
        assert picture.get("aria-label") == "total: 1,204 views"
        tag = {"if-none-match": found.headers["etag"]}
        assert (await client.get("/badge/example.com/pricing.svg", headers=tag)).status_code == 304
        told = (await client.get("/badge/example.com/pricing.json")).json()
        question = {"page": "example.com/pricing", "period": "all"}
        counted = (await client.get("/stats/views", params=question, headers=shown)).json()
        assert (told["views"], told["message"]) == (counted["total"], "1,204 views")
        recent = await client.get("/badge/example.com/pricing.json?period=30d")
        assert recent.json()["views"] == 0
        hostile = await client.get(f"/badge/{quote(HOSTILE)}.json")
        assert hostile.json()["message"] == "1 view"
        nobody = await client.get("/badge/example.com/nobody.json")
        assert nobody.json()["message"] == "0 views"

        nothing = await client.get("/nowhere")
        for path in ("other.example/secret.svg", "other.example/secret.json", "example.com/a"):
            refused = await client.get(f"/badge/{path}")
            assert (refused.status_code, refused.text) == (404, nothing.text)
        assert (await client.get("/stats/views")).status_code == 401
    assert "path=/badge/{path:path} status=200" in up.log()
    assert "pricing" not in up.log()
