"""Lists that are longer than a window: all pages, 400 sites."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.dashboard.conftest import Window
from tests.dashboard.lists import ALL, PAGES, SITES, downloaded, expected, names, press, rows, said
from tests.dashboard.looking import NARROW, Look
from tests.dashboard.seeding import by_hour, moment
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

COUNT = 270
MOST_ELEMENTS = 2_000
MANY = 400
RANGE = {"from_": moment(167), "to": moment(-1)}
_NEXT = f"{ALL} .pager >> nth=0 >> text=Next 100"
_BACK = f"{ALL} .pager >> nth=0 >> text=Back"
_FIELD = f"{ALL} input[type=search]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(embedded_service: Service) -> AsyncIterator[Service]:
    pages = {
        f"example.com/{n:03}": {moment(3): 1 + n * 7 % 31, moment(200): 2 + n % 5}
        for n in range(COUNT)
    }
    await embedded_service.send(pages)
    yield embedded_service


@pytest_asyncio.fixture(loop_scope="module")
async def seen(counted: Service, window: Window) -> AsyncIterator[Look]:
    async with window(counted) as found:
        yield found


async def test_all_pages_are_looked_through_a_hundred_at_a_time(
    counted: Service, seen: Look
) -> None:
    await seen.open("/pages", **RANGE)
    answer = await counted.ask("/stats/pages", limit="1000", compare="previous", **RANGE)
    every = expected(answer, "page")
    assert len(every) == COUNT
    for first, last, count in ((1, 100, 100), (101, 200, 100), (201, 270, 70)):
        assert (await seen.texts(f"{ALL} .pager > span"))[0] == f"{first} to {last} of 270"
        found = await rows(seen, ALL)
        assert len(found) == count
        assert list(found) == list(every[first - 1 : last])
        assert await seen.page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
        if last < COUNT:
            await seen.page.locator(_NEXT).click()
            await seen.settled()
    assert await seen.page.locator(_NEXT).get_attribute("aria-disabled") == ""

    await seen.page.locator(_BACK).click()
    await seen.settled()
    assert await names(seen, ALL) == [row.name for row in every[100:200]]
    await seen.page.go_back()
    await seen.settled()
    assert await names(seen, ALL) == [row.name for row in every[200:]]


async def test_a_page_of_the_list_leads_to_its_counts_and_back_to_where_it_was(seen: Look) -> None:
    await seen.open("/pages")
    await seen.page.locator(_NEXT).click()
    await seen.settled()
    before = await names(seen, ALL)
    await press(seen, ALL, before[40])
    assert seen.page.url.endswith(f"/?page=example.com%2F{before[40][-3:]}")
    await seen.page.go_back()
    await seen.settled()
    assert await names(seen, ALL) == before


@pytest.mark.parametrize(
    ("words", "order"), [("largest change first", "change"), ("by name", "page")]
)
async def test_all_pages_stand_in_another_order(
    counted: Service, seen: Look, words: str, order: str
) -> None:
    await seen.open("/pages")
    await seen.page.locator(f"{ALL} select").select_option(label=words)
    await seen.settled()
    assert seen.page.url.endswith(f"/pages?order={order}")
    answer = await counted.ask("/stats/pages", limit="100", compare="previous", order=order)
    assert await rows(seen, ALL) == expected(answer, "page")


async def test_what_is_searched_for_among_all_pages_is_found_from_the_first_on(
    counted: Service, seen: Look
) -> None:
    await seen.open("/pages")
    await seen.page.locator(_NEXT).click()
    await seen.settled()
    await seen.page.locator(_FIELD).fill("com/12")
    await seen.page.wait_for_url("**/pages?search=com%2F12")
    await seen.settled()
    answer = await counted.ask("/stats/pages", limit="100", compare="previous", search="com/12")
    assert await rows(seen, ALL) == expected(answer, "page")
    assert len(await rows(seen, ALL)) == 10
    await seen.page.locator(_FIELD).fill("lanten")
    await seen.page.wait_for_url("**/pages?search=lanten")
    await seen.settled()
    told = 'No page contains "lanten". 270 pages searched.'
    assert await said(seen, f"{ALL} .empty") == [told]


async def test_all_pages_are_one_table(counted: Service, seen: Look) -> None:
    await seen.open("/pages")
    table = await downloaded(seen, f"{ALL} a[download]")
    answer = await counted.ask("/stats/pages", limit="1000")
    shown = [(row["page"], str(row["views"])) for row in answer["pages"]]
    assert [(row["page"], row["views"]) for row in table] == shown


async def test_more_pages_than_an_answer_holds_are_one_table_too(
    counted: Service, window: Window
) -> None:
    await counted.send({f"more.example/{n:04}": by_hour([1 + n % 3, 0]) for n in range(1_150)})
    async with window(counted) as look:
        await look.open("/pages", site="more.example")
        table = await downloaded(look, f"{ALL} button:text('CSV of all 1,150')")
    assert len({row["page"] for row in table}) == len(table) == 1_150
    assert [int(row["rank"]) for row in table] == list(range(1, 1_151))
    total = await counted.total(site="more.example")
    assert sum(int(row["views"]) for row in table) == total


async def test_a_link_that_cannot_be_answered_says_what_to_send_instead(seen: Look) -> None:
    seen.may_say("400")
    await seen.open("/pages", tz="Europe/Berlinn")
    assert "tz=Europe/Berlinn" in (await seen.texts(".faults li"))[0]


async def test_many_sites_are_looked_through_fifty_at_a_time(
    counted: Service, window: Window
) -> None:
    await counted.send({f"s{n:03}.example/": by_hour([1 + n % 9, 0]) for n in range(MANY)})
    async with window(counted) as look:
        await look.open("/")
        total = (await counted.ask("/stats/sites"))["sites_total"]
        await look.page.locator(f"{SITES} button", has_text=f"All {total} sites").click()
        await look.settled()
        answer = await counted.ask("/stats/sites", limit="1000", compare="previous")
        every = expected(answer, "site")
        assert list(await rows(look, SITES)) == list(every[:50])
        await look.page.locator(f"{SITES} .pager >> text=Next 50").click()
        await look.settled()
        assert await look.texts(f"{SITES} .pager > span") == [f"51 to 100 of {total}"]
        assert list(await rows(look, SITES)) == list(every[50:100])
        assert await look.page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
        await look.shot("sites-400", whole=True)

        await press(look, SITES, every[60].name)
        assert await look.number(".hero .v") == await counted.total(site=every[60].name)
        assert every[60].name in await names(look, SITES)
        assert len(await names(look, PAGES)) == 1
        assert await look.sideways(NARROW) == []
