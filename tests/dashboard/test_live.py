"""What comes in, as the API says it: as it comes, or asked for where it does not come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Route

from tests.acceptance.processes import until
from tests.dashboard.conftest import Window
from tests.dashboard.looking import PHONE, Look, whole
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

NUMBER = ".live-num"
STREAM = "**/stats/live/events*"
PAGE = "example.com/live"
OTHER = "shop.example/live"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def until_it_says(look: Look, service: Service, **query: str) -> int:
    """The number, once it is the one that the API says to the same question."""
    found: list[int] = []

    async def same() -> bool:
        told = (await service.ask("/stats/live", **query))["views"]
        found[:] = [told]
        shown = await look.page.locator(NUMBER).text_content() or ""
        return any(map(str.isdigit, shown)) and whole(shown) == told

    await until(same, "live showing what the API says")
    return found[0]


async def test_it_shows_what_comes_in_as_the_api_says_it(service: Service, window: Window) -> None:
    await service.send({PAGE: {now(): 3}, OTHER: {now(): 1_200}})
    async with window(service) as look:
        await look.open("/")
        before = await until_it_says(look, service)
        await service.send({PAGE: {now(): 2}})
        assert await until_it_says(look, service) == before + 2
        latest: Any = (await service.ask("/stats/live"))["latest"]
        rows = look.page.locator(".latest li")
        assert await rows.count() == min(8, len(latest))
        assert PAGE in await rows.first.inner_text()
        assert await rows.first.locator("time").get_attribute("datetime") == latest[0]["at"]
        note = look.page.get_by_text("These views are confirmed, and may not all be counted")
        assert await note.count() == 1
        # A press on a page shows that page alone, and live follows.
        await rows.first.locator("a").click()
        await look.page.wait_for_url("**page=example.com*")
        of_page = await until_it_says(look, service, page=PAGE)
        assert of_page < before


async def test_without_a_stream_it_asks_again_and_again(
    window: Window, embedded_service: Service
) -> None:
    async with window(embedded_service) as look:
        look.may_say(r"Failed to load resource|net::ERR")
        refused: list[str] = []

        async def refuse(route: Route) -> None:
            refused.append(route.request.url)
            await route.abort()

        await look.page.route(STREAM, refuse)
        await embedded_service.send({PAGE: {now(): 1}})
        await look.open("/")
        before = await until_it_says(look, embedded_service)
        await embedded_service.send({PAGE: {now(): 4}})
        assert await until_it_says(look, embedded_service) == before + 4
        assert len(refused) == 1


async def test_paused_nothing_moves_and_what_came_is_counted(
    window: Window, embedded_service: Service
) -> None:
    async with window(embedded_service) as look:
        await embedded_service.send({PAGE: {now(): 1}})
        await look.open("/")
        before = await until_it_says(look, embedded_service)
        pause = look.page.get_by_role("button", name="Pause")
        await pause.click()
        await embedded_service.send({PAGE: {now(): 5}, OTHER: {now(): 9}})
        await look.page.get_by_text("Paused, 14 views since").wait_for()
        assert await look.number(NUMBER) == before
        assert await look.page.locator(".trust.ok").count() == 1
        await look.page.get_by_role("button", name="Go on").click()
        assert await until_it_says(look, embedded_service) == before + 14


async def test_rows_stay_under_the_pointer_while_the_number_goes_on(
    window: Window, embedded_service: Service
) -> None:
    async with window(embedded_service) as look:
        await embedded_service.send({OTHER: {now(): 1}})
        await look.open("/")
        await until_it_says(look, embedded_service)
        first = look.page.locator(".latest li").first
        await first.hover()
        was = await first.inner_text()
        await embedded_service.send({PAGE: {now(): 2}, "example.com/new": {now(): 1}})
        await until_it_says(look, embedded_service)
        assert await first.inner_text() == was
        await look.page.mouse.move(0, 0)
        await look.page.locator(".latest").get_by_text("example.com/new").wait_for()


@asynccontextmanager
async def counting(look: Look) -> AsyncIterator[list[str]]:
    """What is asked of live meanwhile."""
    asked: list[str] = []
    look.page.on("request", lambda request: asked.append(request.url))
    yield asked
    asked[:] = [url for url in asked if "/stats/live" in url]


async def test_folded_on_a_phone_it_asks_nothing_until_it_is_opened(
    window: Window, embedded_service: Service
) -> None:
    await embedded_service.send({PAGE: {now(): 1}})
    async with window(embedded_service, size=PHONE) as look:
        async with counting(look) as asked:
            await look.open("/")
        assert asked == []
        await look.page.locator(".at-live .fold").click()
        await until_it_says(look, embedded_service)
