"""Names that strangers chose are shown as text, whole or marked where they were cut."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.dashboard.conftest import Window
from tests.dashboard.lists import ALL, MOVERS, PAGES, chosen, names, said
from tests.dashboard.looking import NARROW, PHONE, Look
from tests.dashboard.seeding import moment
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

LONG = ("shop.example/" + "a-very-long-name-" * 120)[:2_000]
NAMES = {
    LONG: LONG[:200] + "…" + LONG[-20:],
    "<script>alert('counted')</script>": "<script>alert('counted')</script>",
    "<img src=x onerror=alert(1)>": "<img src=x onerror=alert(1)>",
    "example.com/\u202egpj.exe": "example.com/U+202Egpj.exe",
    "שלום.example/עמוד": "שלום.example/עמוד",
    "example.com/\u2028Set-Cookie: a=b": "example.com/U+2028Set-Cookie: a=b",
    "example.com/a\u200b\u2066b": "example.com/aU+200BU+2066b",
    '=HYPERLINK("http://x.example","click")': '=HYPERLINK("http://x.example","click")',
    "   ": "3 spaces",
    "example.com/%0d%0a/?a=1&b=2#c": "example.com/%0d%0a/?a=1&b=2#c",
}
"""What is sent, and what is to be read."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(embedded_service: Service) -> AsyncIterator[Service]:
    views = {name: {moment(2): 100 - at} for at, name in enumerate(NAMES)}
    await embedded_service.send({**views, LONG: {moment(2): 200, moment(200): 1}})
    yield embedded_service


async def test_names_are_text_wherever_they_stand(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        look.page.on("dialog", lambda dialog: look.faults.append(f"it ran: {dialog.message}"))
        await look.open("/")
        assert sorted(await names(look, PAGES)) == sorted(NAMES.values())
        assert await look.page.locator("#app img, #app script").count() == 0
        await look.open("/pages")
        assert sorted(await names(look, ALL)) == sorted(NAMES.values())


async def test_such_pages_can_be_pressed_and_are_counted(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        await look.open("/")
        for name in (LONG, "<script>alert('counted')</script>", "example.com/\u202egpj.exe", "   "):
            row = (await names(look, PAGES)).index(NAMES[name])
            await look.page.locator(f"{PAGES} a.name").nth(row).click()
            await look.settled()
            assert await look.number(".hero .v") == await counted.total(page=name)
            parameters = "Object.fromEntries(new URLSearchParams(location.search))"
            assert await look.page.evaluate(parameters) == {"page": name}
            assert await chosen(look, PAGES) == [NAMES[name]]


@pytest.mark.parametrize("place", ["/", "/pages"])
async def test_no_name_breaks_a_narrow_page(counted: Service, window: Window, place: str) -> None:
    async with window(counted, size=NARROW) as look:
        await look.open(place)
        for fold in await look.page.locator(".fold").all():
            await fold.click()
        await look.settled()
        await look.shot(f"hostile-{place.strip('/') or 'counts'}-320", whole=True)
        assert await look.sideways() == []
        if place == "/":
            await look.page.locator(f"{MOVERS} .name").first.wait_for()
            assert set(await names(look, MOVERS)) < set(NAMES.values())


async def test_a_row_keeps_to_two_lines_on_a_phone(counted: Service, window: Window) -> None:
    async with window(counted, size=PHONE) as look:
        await look.open("/")
        heights = "rows => rows.map(row => Math.round(row.getBoundingClientRect().height))"
        found = await look.page.locator(f"{PAGES} tbody tr").evaluate_all(heights)
        assert len(set(found)) == 1


async def test_what_is_searched_for_is_text_too(look: Look, counted: Service) -> None:
    await look.open("/", search="<b>\u202e")
    pages = (await counted.ask("/stats/pages"))["pages_total"]
    told = f'No page contains "<b>U+202E". {pages} pages searched.'
    assert await said(look, f"{PAGES} .empty") == [told]
