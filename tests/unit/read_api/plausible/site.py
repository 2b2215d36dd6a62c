"""Plausible's statistics asked over HTTP, without a server, of rows in a dictionary."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from domain.agents.classes import Agent
from domain.events import Hour
from domain.hours import parse_instant
from domain.keys import ANYBODY, Caller
from domain.ports.stats import StatsReader
from domain.sites import Sites
from read_api.plausible.routes import plausible_routes
from read_api.waiting import Waiting
from tests.asgi import http_scope
from tests.fakes import FakeReceipts
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import NOW_MS, Answered
from web.app import create_app

SITE = "shop.example"
ASKED: Mapping[str, Any] = {"site_id": SITE, "metrics": ["pageviews"], "date_range": "7d"}


def hour(text: str) -> Hour:
    """The hour that begins at a moment such as 2025-07-14T10."""
    return Hour(parse_instant(f"{text}:00:00Z") // 3_600_000)


def some(**more: Any) -> FakeStats:
    """17 views of the site in the week before 2025-07-16, 9 of the day, 5 a month before.

    Sources are known of 12 views.
    """
    rows = {
        (hour("2025-06-14T10"), f"{SITE}/old"): 5,
        (hour("2025-07-14T10"), f"{SITE}/"): 4,
        (hour("2025-07-14T10"), f"{SITE}/blog/a"): 3,
        (hour("2025-07-14T10"), f"{SITE}.evil/blog/a"): 100,
        (hour("2025-07-14T10"), "other.example/"): 100,
        (hour("2025-07-15T09"), f"{SITE}/Blog/café"): 3,
        (hour("2025-07-15T23"), f"{SITE}/blog/a"): 2,
        (hour("2025-07-15T23"), f"{SITE}/app#/inbox"): 1,
        (hour("2025-07-16T11"), f"{SITE}/"): 9,
    }
    known = {
        (hour("2025-07-15T09"), f"{SITE}/", Agent.PERSON): 3,
        (hour("2025-07-15T09"), f"{SITE}/blog/a", Agent.ROBOT): 1,
    }
    sources = {
        (hour("2025-07-14T10"), SITE, "", Agent.PERSON): 5,
        (hour("2025-07-14T10"), SITE, "t.co", Agent.PERSON): 5,
        (hour("2025-07-15T10"), SITE, "News", Agent.ROBOT): 2,
        (hour("2025-07-15T10"), "other.example", "t.co", Agent.PERSON): 100,
    }
    return FakeStats(rows, known=known, sources=sources, **more)


class Plausible:
    """An application over `reader` for `sites`, asked by `caller`."""

    def __init__(
        self,
        reader: StatsReader | None = None,
        *,
        sites: str = "",
        caller: Caller = ANYBODY,
        receipts: FakeReceipts | None = None,
        now_ms: int = NOW_MS,
    ) -> None:
        waiting = Waiting(receipts or FakeReceipts(), most=2)
        self.reader = reader or some()
        routes = plausible_routes(self.reader, lambda: now_ms, waiting, Sites(sites), 5)
        self._app = create_app(routes, {}, {}, lock=lambda _: caller)

    async def query(self, query: str = "", **fields: Any) -> Answered:
        """The answer to what `ASKED` is, with other fields; without those that are None."""
        asked = {name: one for name, one in {**ASKED, **fields}.items() if one is not None}
        return await self.post(json.dumps(asked).encode(), query)

    async def post(self, body: bytes, query: str = "") -> Answered:
        """The answer to any body."""
        return await self._ask("POST", "/api/v2/query", body, query)

    async def get(self, name: str, query: str) -> Answered:
        """The answer of the first version."""
        return await self._ask("GET", f"/api/v1/stats/{name}", b"", query)

    async def _ask(self, method: str, path: str, body: bytes, query: str) -> Answered:
        found = Answered()

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        given = [(b"host", b"127.0.0.1"), (b"authorization", b"Bearer anything")]
        scope = http_scope(method, path.encode(), given, query.encode())
        await self._app(scope, receive, found.send)
        return found


@cache
def plausible() -> Plausible:
    """One over `some`, for all who change nothing."""
    return Plausible()


async def results(**fields: Any) -> Any:
    """What is found, as pairs of dimensions and views."""
    found = await plausible().query(**fields)
    assert found.status == 200, found.body
    return [(row["dimensions"], *row["metrics"]) for row in found.json["results"]]


def refused(found: Answered, status: int = 400) -> str:
    """The sentence of a refusal, which stands in both members."""
    assert found.status == status, found.body
    assert found.headers[b"content-type"] == b"application/problem+json"
    assert found.json["error"] == found.json["detail"]
    return str(found.json["error"])
