"""Statistics as clients of Plausible's ask a running service for them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import REPOSITORY, Role, until
from tests.browser.clients import installed
from tests.conftest import embedded
from tests.servers import node_binary

pytestmark = pytest.mark.acceptance

SITE = "shop.example"
CLIENTS = REPOSITORY / "tests/clients"


def views(yesterday: str) -> Any:
    """Of a site, and of one whose name begins like it."""
    return {
        f"{SITE}/": {f"{yesterday}T10:00:00Z": 4, f"{yesterday}T23:00:00Z": 3},
        f"{SITE}/blog/a": {f"{yesterday}T10:00:00Z": 2},
        f"{SITE}/caf\u00e9": {f"{yesterday}T11:00:00Z": 1},
        f"{SITE}.evil/": {f"{yesterday}T10:00:00Z": 100},
    }


async def counted(client: httpx.AsyncClient) -> str:
    """Once all are: the day that they are of."""
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    assert (await client.post("/page-views/multi", json=views(yesterday))).status_code == 202

    async def is_there() -> bool:
        found = (await client.get("/stats/views", params={"period": "30d", "site": SITE})).json()
        return bool(found["total"] == 10)

    await until(is_there, "10 views being counted")
    return yesterday


async def test_questions_of_the_second_version(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        headers = {"authorization": "Bearer any-key", "content-type": "application/json"}
        async with httpx.AsyncClient(base_url=up.url, headers=headers) as client:
            day = await counted(client)
            asked: Any = {"site_id": SITE, "metrics": ["pageviews"], "date_range": [day, day]}

            async def ask(**fields: Any) -> Any:
                found = await client.post("/api/v2/query", json={**asked, **fields})
                assert found.status_code == 200, found.text
                return [(*row["dimensions"], *row["metrics"]) for row in found.json()["results"]]

            pages = [("/", 7), ("/blog/a", 2), ("/caf\u00e9", 1)]
            assert await ask() == [(10,)]
            assert await ask(date_range="all") == [(10,)]
            assert await ask(date_range=["0001-01-01", "9999-12-31"]) == [(10,)]
            assert await ask(dimensions=["event:page"]) == pages
            for page, number in pages:
                assert await ask(filters=[["is", "event:page", [page]]]) == [(number,)]
            assert await ask(filters=[["matches", "event:page", ["^/(blog|caf\u00e9)"]]]) == [(3,)]
            named = {
                "dimensions": ["time:hour", "event:page"],
                "order_by": [["event:page", "desc"]],
            }
            assert await ask(**named, filters=[["contains_not", "event:page", ["blog"]]]) == [
                (f"{day} 11:00:00", "/caf\u00e9", 1),
                (f"{day} 10:00:00", "/", 4),
                (f"{day} 23:00:00", "/", 3),
            ]
            assert await ask(dimensions=["visit:source"]) == []
            refused = await client.post("/api/v2/query", json={**asked, "metrics": ["visitors"]})
            assert refused.status_code == 400
            assert refused.json()["error"].startswith("#/metrics/0: visitors cannot be answered")


async def test_what_its_trackers_send_is_what_its_readers_are_told(tmp_path: Path) -> None:
    async with Role(embedded(tmp_path), "up") as up:
        await up.serving()
        agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko Firefox/126.0"}
        async with httpx.AsyncClient(base_url=up.url, headers=agent) as client:
            for path, referrer in (
                ("/", None),
                ("/caf%C3%A9?ref=News", None),
                ("/", "https://t.co/x"),
            ):
                event = {"n": "pageview", "d": SITE, "u": f"https://{SITE}{path}", "r": referrer}
                sent = await client.post("/api/event", content=json.dumps(event))
                assert sent.status_code == 202

            async def told(dimension: str, *filters: Any) -> Any:
                asked = {
                    "site_id": SITE, "metrics": ["pageviews"], "date_range": "day",
                    "dimensions": [dimension], "filters": [*filters],
                }  # fmt: skip
                found = await client.post("/api/v2/query?agent=person", json=asked)
                assert found.status_code == 200, found.text
                return [(*row["dimensions"], *row["metrics"]) for row in found.json()["results"]]

            async def is_there() -> bool:
                return bool(sum(views for _, views in await told("event:page")) == 3)

            await until(is_there, "3 views being counted")
            pages = await told("event:page")
            assert [views for _, views in pages] == [2, 1]
            for page, views in pages:
                assert await told("event:page", ["is", "event:page", [page]]) == [(page, views)]
            sources = [("Direct / None", 1), ("News", 1), ("t.co", 1)]
            assert await told("visit:source") == sources
            for source in sources:
                found = await told("visit:source", ["is", "visit:source", [source[0]]])
                assert found == [source]


@pytest.mark.npm
async def test_a_client_of_the_first_version_is_answered_as_it_is(tmp_path: Path) -> None:
    modules = await asyncio.to_thread(installed, CLIENTS)
    async with Role(embedded(tmp_path), "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            day = await counted(client)
        both = f"{day},{day}"
        calls = [
            ["getAggregate", ["day", "pageviews", False, None, day]],
            ["getAggregate", ["custom", "pageviews", True, "event:page==/|/blog/*", both]],
            ["getTimeseries", ["custom", "pageviews", None, "day", both]],
            ["getBreakdown", ["custom", "pageviews", "event:page", None, 2, 1, both]],
            ["getBreakdown", ["custom", "visitors", "event:page", None, 2, 1, both]],
            ["getRealtime", []],
        ]  # fmt: skip
        told = await run(modules, up.url, calls)
    assert told[:4] == [
        {"value": 10},
        {"value": 9, "change": None},
        [{"date": day, "pageviews": 10}],
        [{"page": "/", "pageviews": 7}, {"page": "/blog/a", "pageviews": 2}],
    ]
    assert told[4]["thrown"].startswith("metrics: visitors cannot be answered")
    assert told[5]["thrown"].startswith("visitors: how many visitors there are now")


async def run(modules: Path, base: str, calls: Any) -> Any:
    """What each call of the client comes to."""
    process = await asyncio.create_subprocess_exec(
        node_binary() or "node", CLIENTS / "ask.cjs", modules, base, SITE,
        json.dumps(calls), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)
