"""Lists of pages, sources, sites and movers: they say what the API answers, and filter all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Route

from tests.dashboard.conftest import Window
from tests.dashboard.lists import (
    MOVERS,
    PAGES,
    SITES,
    SOURCES,
    chosen,
    downloaded,
    expected,
    names,
    press,
    rows,
    said,
)
from tests.dashboard.looking import PHONE, Look
from tests.dashboard.seeding import believable, by_hour, hits, moment
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

RANGE = {"from_": moment(167), "to": moment(0)}
QUESTIONS = [
    {},
    {"site": "shop.example"},
    {"agent": "unknown"},
    {"compare": "year"},
    {"source": "news.example"},
    {"source": ""},
]
_FIELD = f"{PAGES} input[type=search]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(service: Service) -> AsyncIterator[Service]:
    await service.send(believable())
    await service.send({f"example.com/notes/{n}": by_hour([0, n % 3 + 1, 0]) for n in range(20)})
    await service.hits(hits())
    yield service


@pytest_asyncio.fixture(loop_scope="module")
async def seen(counted: Service, window: Window) -> AsyncIterator[Look]:
    async with window(counted) as found:
        yield found


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
async def test_every_number_is_that_of_the_answer(
    counted: Service, seen: Look, asked: dict[str, str]
) -> None:
    await seen.open("/", **RANGE, **asked)
    compare = {"compare": "previous", **asked}
    of_pages = {**RANGE, **{name: each for name, each in compare.items() if name != "source"}}
    answer = await counted.ask("/stats/pages", limit="10", **of_pages)
    assert await rows(seen, PAGES) == expected(answer, "page")
    if answer["pages_total"] > len(answer["pages"]):
        assert await seen.number(f"{PAGES} a[href^='/pages']") == answer["pages_total"]

    of_sources = {name: each for name, each in compare.items() if name != "source"}
    answer = await counted.ask("/stats/sources", limit="7", **RANGE, **of_sources)
    assert await rows(seen, SOURCES) == expected(answer, "source")
    known = [answer["known"], answer["of_views"]]
    words = f"Known of {known[0]:,} of {known[1]:,} views: the others are in no row."
    assert (words in await said(seen, f"{SOURCES} .note")) is (known[0] < known[1])

    of_sites = {name: each for name, each in compare.items() if name != "site"}
    answer = await counted.ask("/stats/sites", limit="7", **RANGE, **of_sites)
    assert await rows(seen, SITES) == expected(answer, "site")


@pytest.mark.parametrize("asked", [{}, {"site": "shop.example"}, {"compare": "year"}], ids=str)
async def test_movers_are_those_of_the_answer(
    counted: Service, seen: Look, asked: dict[str, str]
) -> None:
    await seen.open("/", **RANGE, **asked)
    answer = await counted.ask("/stats/movers", limit="5", **RANGE, **asked)
    found = [*answer["risers"], *answer["fallers"]]
    if not answer["compare"]["total"]:
        assert await said(seen, f"{MOVERS} .empty") == [
            "Movers need two ranges with views in them."
        ]
        return
    assert found
    assert await seen.texts(f"{MOVERS} .name") == [row["page"] for row in found]
    assert await seen.numbers(f"{MOVERS} .c-moved") == [row["difference"] for row in found]
    between = [f"{row['before']:,} → {row['views']:,}" for row in found]
    assert await seen.texts(f"{MOVERS} small") == between


async def test_a_press_filters_all_and_back_undoes_it(counted: Service, seen: Look) -> None:
    await seen.open("/")
    before = await names(seen, PAGES)
    assert not await chosen(seen, PAGES)

    await press(seen, SITES, "shop.example")
    assert "site=shop.example" in seen.page.url
    assert await chosen(seen, SITES) == ["shop.example"]
    assert all(name.startswith("shop.example/") for name in await names(seen, PAGES))

    await press(seen, PAGES, "shop.example/lanterns")
    assert await chosen(seen, PAGES) == ["shop.example/lanterns"]
    assert await seen.number(".hero .v") == await counted.total(page="shop.example/lanterns")
    focused = "document.activeElement.textContent"
    assert await seen.page.evaluate(focused) == "shop.example/lanterns"
    [words] = await said(seen, f"{SOURCES} .apart")
    told = "Sources are counted by site, not by page. These are all of shop.example."
    assert words == told

    await press(seen, SOURCES, "news.example")
    assert "source=news.example" in seen.page.url
    assert "site=shop.example" in seen.page.url
    assert "page=" not in seen.page.url
    told = "Pages are not counted by source. These are all views of all sources."
    assert await said(seen, f"{PAGES} .apart") == [told]
    assert await said(seen, f"{MOVERS} .apart") == [told]

    for _ in range(3):
        await seen.page.go_back()
        await seen.settled()
    assert await names(seen, PAGES) == before
    assert not await chosen(seen, SITES)


async def test_who_came_from_nowhere_can_be_asked_for(counted: Service, seen: Look) -> None:
    await seen.open("/")
    await press(seen, SOURCES, "(no source given)")
    assert seen.page.url.endswith("?source=")
    assert await chosen(seen, SOURCES) == ["(no source given)"]
    assert await seen.number(".hero .v") == await counted.total(source="")


async def test_what_is_typed_is_found(counted: Service, seen: Look) -> None:
    await seen.open("/")
    entries = await seen.page.evaluate("history.length")
    await seen.page.locator(_FIELD).press_sequentially("NOTES/1")
    await seen.page.wait_for_url("**/?search=NOTES%2F1")
    await seen.settled()
    asked = {"search": "notes/1", "compare": "previous", "limit": "10"}
    answer = await counted.ask("/stats/pages", **asked)
    assert await rows(seen, PAGES) == expected(answer, "page")
    assert answer["pages_total"] == 11
    assert await seen.texts("#say") == ["11 pages found"]
    assert await seen.page.evaluate("history.length") == entries

    await seen.page.locator(_FIELD).fill("lanten")
    await seen.page.wait_for_url("**/?search=lanten")
    await seen.settled()
    pages = (await counted.ask("/stats/pages"))["pages_total"]
    told = f'No page contains "lanten". {pages} pages searched.'
    assert await said(seen, f"{PAGES} .empty") == [told]
    assert await seen.texts("#say") == [told]

    await seen.page.locator(_FIELD).fill("")
    await seen.page.wait_for_url("**/")
    await seen.settled()
    assert len(await rows(seen, PAGES)) == 10


async def test_an_answer_that_comes_too_late_is_dropped(seen: Look) -> None:
    late = asyncio.Event()

    async def held(route: Route) -> None:
        await late.wait()
        # Nobody waits for it any more.
        with suppress(PlaywrightError):
            await route.continue_()

    await seen.open("/")
    await seen.page.route("**/stats/pages?*search=pricing*", held)
    field = seen.page.locator(_FIELD)
    async with seen.page.expect_request("**/stats/pages?*search=pricing*"):
        await field.fill("pricing")
    await field.fill("docs/install")
    await seen.page.locator(f"{PAGES} .note", has_text="1 page found").wait_for()
    late.set()
    await seen.settled()
    assert await names(seen, PAGES) == ["example.com/docs/install"]


async def test_one_letter_is_not_searched_for(seen: Look) -> None:
    await seen.open("/")
    before = await names(seen, PAGES)
    await seen.page.locator(_FIELD).fill("n")
    await seen.page.locator(_FIELD).press("Enter")
    assert await names(seen, PAGES) == before
    assert "search" not in seen.page.url


async def test_a_table_has_the_same_numbers(seen: Look) -> None:
    await seen.open("/", site="example.com")
    table = await downloaded(seen, f"{PAGES} a[download]")
    found = [(row["page"], f"{int(row['views']):,}") for row in table]
    shown = [(row.name, row.views) for row in await rows(seen, PAGES)]
    assert found[: len(shown)] == shown
    assert len(found) > len(shown)


async def test_what_is_folded_on_a_phone_asks_nothing_until_it_is_opened(
    counted: Service, window: Window
) -> None:
    async with window(counted, size=PHONE) as look:
        asked: list[str] = []
        look.page.on("request", lambda request: asked.append(request.url))
        await look.open("/")
        assert any("/stats/pages" in url for url in asked)
        for unasked in ("/stats/sources", "/stats/movers", "/stats/sites"):
            assert not any(unasked in url for url in asked)
        assert await look.number(f"{SITES} .gist") == 3
        assert not await look.page.locator(f"{SOURCES} table").is_visible()

        await look.page.locator(f"{SOURCES} .fold").click()
        await look.settled()
        answer = await counted.ask("/stats/sources", limit="7", compare="previous")
        assert await rows(look, SOURCES) == expected(answer, "source")
        assert await look.texts(f"{SOURCES} .fold") == ["Hide"]


async def test_one_question_that_fails_takes_nothing_else_along(seen: Look) -> None:
    seen.may_say("500")
    await seen.page.route("**/stats/movers?*", lambda route: route.fulfill(status=500))
    await seen.open("/")
    assert await said(seen, f"{MOVERS} .apart") == ["No answer to this: status 500. Ask again"]
    assert await rows(seen, SOURCES)
    await seen.page.unroute("**/stats/movers?*")
    await seen.page.locator(f"{MOVERS} .apart button").click()
    await seen.page.locator(f"{MOVERS} .c-moved").first.wait_for()
    assert not await seen.page.locator(f"{MOVERS} .apart").first.is_visible()


async def test_pages_that_are_counted_together_are_explained(counted: Service, seen: Look) -> None:
    await counted.send(
        {"other.example/(other)": by_hour([3, 0]), "other.example/": by_hour([5, 0])}
    )
    await seen.open("/", site="other.example")
    told = (
        'Some pages are counted together as "(other)": '
        "more than MAX_NEW_PAGES new ones of a site came in an hour."
    )
    assert await said(seen, f"{PAGES} .apart") == [told]
