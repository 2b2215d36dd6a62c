"""More is asked at once than can be answered: who waits how long, and what the others hear."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from domain.settings import Settings
from rows.engine import engine_at
from tests.acceptance.processes import Role, report, until
from tests.acceptance.strangers import Stranger, statuses

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.rabbitmq]

VIEW = {"page": "storm", "timestamp": "2025-07-16T11:00:00Z"}
REPORT = "/report?page=storm&now=2025-07-16T12:00:00Z"
# What a view may wait, and what a busy machine may add.
VIEW_SECONDS = 1.0
GRACE_SECONDS = 1.5


def asking(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


@asynccontextmanager
async def crowd(port: int, target: str, size: int) -> AsyncIterator[list[asyncio.Task[bytes]]]:
    """So many who ask for the same at once; what each of them hears."""
    strangers = await asyncio.gather(*(Stranger(port).begin() for _ in range(size)))
    for stranger in strangers:
        await stranger.send(asking(target))
    asked = [asyncio.create_task(stranger.rest()) for stranger in strangers]
    try:
        yield asked
    finally:
        for stranger in strangers:
            stranger.leave()
        await asyncio.gather(*asked, return_exceptions=True)


async def slowest_view(client: httpx.AsyncClient, meanwhile: list[asyncio.Task[bytes]]) -> float:
    """Seconds that one took, of those sent one after the other until the others have heard."""
    slowest, sent = 0.0, 0
    while not sent or not all(task.done() for task in meanwhile):
        began = time.monotonic()
        assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
        slowest = max(slowest, time.monotonic() - began)
        sent += 1
    return slowest


async def test_what_asks_at_once_delays_no_view_and_hears_in_time(production: Settings) -> None:
    async with Role(production, "web") as web:
        await web.serving()
        async with httpx.AsyncClient(base_url=web.url, timeout=30) as client:
            async with crowd(web.port, "/ready", 400) as asked:
                assert await slowest_view(client, asked) < VIEW_SECONDS + GRACE_SECONDS
                assert {*map(status, asked)} == {200}
            await _reports_that_the_database_holds_up(production, web, client)
        said = web.log()
        assert "QueuePool" not in said
        assert "Traceback" not in said
        # One of each reason, not one of each request.
        assert 1 <= said.count("GET /report: ") <= 3


async def _reports_that_the_database_holds_up(
    settings: Settings, web: Role, client: httpx.AsyncClient
) -> None:
    async with engine_at(settings.rows_url) as engine, engine.begin() as holding:
        await holding.execute(text("LOCK TABLE hourly_views IN ACCESS EXCLUSIVE MODE"))
        async with crowd(web.port, REPORT, 700) as asked:

            async def most_have_heard() -> bool:
                return sum(task.done() for task in asked) >= 600

            await until(most_have_heard, "most hearing that it is too much", 10)
            assert (await client.get("/health")).status_code == 200
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            await holding.rollback()
            heard = await asyncio.gather(*asked)
    refused = [answered for answered in heard if statuses(answered) == [503]]
    # Those who had their turn hear it once the database goes on.
    assert {*map(status, asked)} == {200, 503}
    assert len(refused) >= 600
    for answered in refused:
        assert b"\r\nretry-after: 1\r\n" in answered
        assert b'"type":"/problems/unavailable"' in answered
        assert not any(word in answered.lower() for word in (b"pool", b"sqla", b"asyncpg"))
    assert len(await report(client, page="storm", now="2025-07-16T12:00:00Z")) == 24


def status(asked: "asyncio.Task[bytes]") -> int:
    """Of the one answer there is."""
    (found,) = statuses(asked.result())
    return found
