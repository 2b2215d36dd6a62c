"""What is there before anything is asked: the page loads, quietly, wherever it is opened."""

import pytest
from playwright.async_api import Route

from tests.dashboard.conftest import Window
from tests.dashboard.looking import Look
from tests.dashboard.seeding import believable, hits
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest.mark.parametrize("place", ["/", "/pages", "/operations"])
async def test_every_place_opens_without_a_word_on_the_console(look: Look, place: str) -> None:
    await look.open(place)
    assert await look.page.title() != ""
    assert await look.page.locator("main").count() == 1


async def test_whatever_is_counted_it_opens_on_every_backend(
    service: Service, window: Window
) -> None:
    views = believable(days=8)
    await service.send(views)
    assert await service.total(period="all") == sum(sum(each.values()) for each in views.values())
    await service.hits(hits(20))
    async with window(service) as look:
        await look.open("/")
        await look.shot("shell")


async def test_what_the_policy_forbids_is_noticed(
    window: Window, embedded_service: Service
) -> None:
    async with window(embedded_service) as look:
        await look.open("/")
        await look.page.evaluate("document.body.setAttribute('style', 'color: red')")
        await look.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
        await look.page.evaluate("console.error('unhappy')")
        said = "\n".join(look.faults)
        look.faults.clear()
    assert "style-src" in said
    assert "127.0.0.1:9" in said
    assert "unhappy" in said


async def test_nothing_is_kept_where_the_theme_is_pinned_by_a_cookie(
    window: Window, embedded_service: Service
) -> None:
    async with window(embedded_service) as look:
        cookie = {"name": "theme", "value": "dark", "url": embedded_service.url}
        await look.page.context.add_cookies([cookie])  # type: ignore[list-item]
        await look.open("/")
        theme = await look.page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert theme == "dark"


@pytest.mark.npm
async def test_a_fault_of_accessibility_is_noticed(look: Look) -> None:
    await look.open("/")
    assert await look.axe() == []
    await look.page.evaluate("document.documentElement.removeAttribute('lang')")
    assert [found.partition(":")[0] for found in await look.axe()] == ["html-has-lang"]


async def test_what_cannot_be_seen_in_a_narrow_window_is_noticed(look: Look) -> None:
    await look.open("/")
    assert await look.sideways() == []
    await look.page.evaluate("document.querySelector('main').style.width = '500px'")
    assert await look.sideways() != []


async def test_files_that_are_gone_are_looked_for_once_more_and_no_further(look: Look) -> None:
    look.may_say("404")
    asked = 0

    async def gone(route: Route) -> None:
        nonlocal asked
        asked += 1
        await route.fulfill(status=404)

    await look.page.route("**/js/all-pages.js", gone)
    await look.page.goto(f"{look.url}/pages")
    await look.page.get_by_text("does not hand out this page").wait_for()
    assert asked == 2
