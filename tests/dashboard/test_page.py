"""The main page: what is asked is said back and in the address, every number is that of /stats."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.dashboard.conftest import Window
from tests.dashboard.looking import PHONE, Look
from tests.dashboard.seeding import believable, by_hour, hits
from tests.dashboard.service import Service, running
from tests.keys import numbered

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

VIEWS, CHANGE = ".hero .v", ".change .n"
PRICING = "example.com/pricing"
# Of 25 hours in Berlin, the one from 2 to 3 twice.
LONG_DAY = {"from_": "2025-10-26", "to": "2025-10-27", "tz": "Europe/Berlin"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(service: Service) -> AsyncIterator[Service]:
    await service.send(believable())
    await service.hits(hits())
    days = {f"2025-10-{day}T{hour:02}:10:00Z": hour + 1 for day in (25, 26) for hour in range(24)}
    await service.send({"example.com/": days})
    yield service


async def same_as(look: Look, service: Service, **query: str) -> Any:
    """The answer of the API, once the page shows exactly its numbers."""
    compare = query.get("compare", "previous")
    found = await service.ask("/stats/views", **{**query, "compare": compare})
    await expect(look.page.locator(VIEWS)).to_have_text(f"{found['total']:,}")
    before = found["compare"]
    if before["before"] and before["hours"] * 2 >= before["of_hours"]:
        await expect(look.page.locator(CHANGE)).to_contain_text(f"{before['before']:,} before")
    busiest = found["busiest"]
    assert await look.texts(".num:last-child .v") == [f"{busiest['views']:,}" if busiest else "–"]
    return found


async def test_from_everything_to_one_page_and_back(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        await look.open("/")
        await same_as(look, counted)
        assert await look.texts("h1") == ["All sites, last 7 days"]
        await look.page.get_by_role("link", name="30 d").click()
        await look.settled()
        await same_as(look, counted, period="30d")
        row = look.page.get_by_role("link", name=PRICING, exact=True).first
        await row.scroll_into_view_if_needed()
        top = await look.page.evaluate("scrollY")
        await row.click()
        await look.settled()
        one = await same_as(look, counted, period="30d", page=PRICING)
        assert await look.texts("h1") == ["One page, last 30 days"]
        assert await look.page.title() == f"{PRICING}, last 30 days – Footfall"
        all_of_it = await counted.total(period="30d")
        share = f"{one['total'] / all_of_it * 100:.1f}\u202f% of all sites"
        await expect(look.page.locator(".hero .n")).to_have_text(share)
        # What was pressed keeps focus, and says that it is what is shown.
        assert await look.page.evaluate("document.activeElement.textContent") == PRICING
        said = f"Only page {PRICING}, last 30 days: {one['total']:,} views"
        await expect(look.page.locator("#say")).to_contain_text(said)
        await look.page.go_back()
        await look.settled()
        await same_as(look, counted, period="30d")
        assert await look.page.evaluate("scrollY") == top
        assert await look.page.evaluate("document.activeElement.textContent") == PRICING
        await look.page.go_forward()
        await look.settled()
        undo = look.page.get_by_role("link", name=f"No longer only page {PRICING}")
        await undo.click()
        await look.settled()
        await same_as(look, counted, period="30d")
        assert look.page.url == f"{counted.url}/?period=30d"


async def test_a_link_shows_the_same_to_anybody(counted: Service, window: Window) -> None:
    query = {"site": "example.com", "period": "30d", "tz": "Asia/Tokyo", "compare": "previous"}
    seen = []
    for zone, size in (("America/New_York", (1280, 800)), ("Europe/Berlin", PHONE)):
        async with window(counted, timezone_id=zone, size=size) as look:
            await look.open("/", **query)
            await same_as(look, counted, **query)
            texts = [await look.texts(each) for each in (".asked", ".num .v", ".num .n")]
            seen.append([" ".join(" ".join(each).split()) for each in texts])
    assert seen[0] == seen[1]
    assert "example.com, last 30 days" in seen[0][0]
    assert "Tokyo time (UTC+9) · by day · people and robots" in seen[0][0]


async def test_without_a_mouse(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        await look.open("/")
        keys, page = look.page.keyboard, look.page
        await keys.press("Tab")
        await expect(page.get_by_text("Skip to the numbers")).to_be_focused()
        await keys.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        await keys.press("c")
        await look.settled()
        assert page.url.endswith("/?compare=previous")
        await keys.press("c")
        await keys.press("[")
        await look.settled()
        week = await counted.ask("/stats/views", period="7d", compare="previous")
        shown = (await look.texts(".asked > p"))[0]
        assert await look.number(VIEWS) == week["compare"]["total"], shown
        await keys.press("]")
        await look.settled()
        assert await look.number(VIEWS) == week["total"]
        await keys.press("]")
        await expect(page.locator("#say")).to_have_text("This range ends with the present.")
        await look.open("/")
        site = page.get_by_role("button", name="Site: All sites")
        await site.focus()
        await keys.press("Enter")
        await expect(page.get_by_role("link", name="All sites")).to_be_focused()
        await keys.press("ArrowDown")
        await keys.press("Enter")
        await look.settled()
        assert page.url.endswith("/?site=example.com")
        await expect(page.get_by_role("button", name="Site: example.com")).to_be_focused()
        await keys.press("Escape")
        await look.settled()
        assert page.url == f"{counted.url}/"
        await keys.press("?")
        await expect(page.get_by_role("checkbox")).to_be_focused()
        await keys.press("Space")
        await keys.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.locator("#main").focus()
        await keys.press("c")
        await keys.press("/")
        await expect(page.locator("#main")).to_be_focused()
        assert page.url == f"{counted.url}/"


async def test_a_day_of_25_hours(counted: Service, window: Window) -> None:
    async with window(counted, locale="en-GB") as look:
        await look.open("/", tz="Europe/Berlin")
        await look.page.get_by_role("button", name="Custom").click()
        await look.page.get_by_label("From").fill("2025-10-26")
        await look.page.get_by_label("To, included").fill("2025-10-26")
        await expect(look.page.get_by_text("Whole days, Berlin time")).to_be_visible()
        await look.page.get_by_role("button", name="Show", exact=True).click()
        await look.settled()
        found = await same_as(look, counted, **LONG_DAY)
        assert len(found["buckets"]) == 25
        assert await look.texts("h1") == ["All sites, 26 Oct 2025"]
        assert "Sun 26 Oct" in (await look.texts(".asked > p"))[0]
        await look.page.get_by_role("button", name="Table", exact=True).click()
        rows = await look.texts(".twin tbody tr")
        views = [int(row.split("\t")[1].replace(",", "")) for row in rows]
        assert views == [each["views"] for each in found["buckets"]]
        assert [row.split("\t")[0][-7:] for row in rows[2:4]] == ["(UTC+2)", "(UTC+1)"]


async def test_a_link_that_asks_what_cannot_be_answered(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        look.may_say("status of 400")
        await look.open("/", unit="minute", tz="Europe/Berlinn", site="example.com")
        assert await look.texts("h1") == ["This link asks what cannot be answered"]
        faults = " ".join(await look.texts(".faults li"))
        assert "unit=minute: " in faults
        assert "tz=Europe/Berlinn: " in faults
        await look.page.get_by_role("link", name="Show last 7 days").click()
        await look.settled()
        await same_as(look, counted, site="example.com")
        assert look.page.url == f"{counted.url}/?site=example.com"
        await look.page.go_back()
        await expect(look.page.locator("h1")).to_have_text("This link asks what cannot be answered")


async def test_a_range_without_a_view(counted: Service, window: Window) -> None:
    async with window(counted) as look:
        await look.open("/", from_="2025-01-01", to="2025-01-03")
        assert await look.texts(VIEWS) == ["0"]
        panel = look.page.locator(".at-pages")
        await expect(panel).to_contain_text("No page was viewed in this range.")
        await expect(panel).to_contain_text("The last view counted is of ")
        await panel.get_by_role("link", name="Show 30 days").click()
        await look.settled()
        await same_as(look, counted, period="30d")


async def test_300_million_views_are_exact(look: Look, embedded_service: Service) -> None:
    await embedded_service.send({"big.example/": by_hour([1_000_003] * 150 + [1])})
    await embedded_service.send({"big.example/": by_hour([999_999] * 160 + [0])})
    await look.open("/")
    found = await same_as(look, embedded_service)
    assert found["total"] > 300_000_000
    await look.page.set_viewport_size({"width": 320, "height": 640})
    assert await look.sideways() == []


async def test_a_zone_is_found_by_its_name(counted: Service, window: Window) -> None:
    async with window(counted, timezone_id="Asia/Kathmandu") as look:
        await look.open("/")
        await look.page.get_by_role("button", name="Time zone: UTC").click()
        # That of the browser is close at hand.
        await expect(look.page.locator(".options .sheet li").nth(1)).to_contain_text("UTC+5:45")
        assert await look.sideways((1280, 800)) == []
        await look.page.keyboard.type("new york")
        await look.page.get_by_role("link", name="America/New York").click()
        await look.settled()
        found = await same_as(look, counted, tz="America/New_York")
        assert "New York time (UTC" in (await look.texts(".asked > p"))[0]
        assert found["question"]["tz"] == "America/New_York"
        # Hours of the other are cut, and the answer says so.
        await look.open("/", tz="Asia/Kathmandu")
        notes = (await same_as(look, counted, tz="Asia/Kathmandu"))["notes"]
        assert notes[0] in await look.texts(".notes p")


async def test_400_sites_to_pick_one_from(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        sites = {f"s{n:03}.example/": by_hour([1 + n % 7]) for n in range(400)}
        await service.send(sites)
        async with window(service, size=PHONE) as look:
            await look.open("/")
            await look.page.get_by_role("button", name="Site: All sites").click()
            field = look.page.get_by_placeholder("Find one of 400 sites")
            await expect(field).to_be_focused()
            await expect(look.page.locator(".sheet li")).to_have_count(61)
            await expect(look.page.locator(".top")).to_contain_text("60 of 400 sites")
            await field.fill("S399")
            await look.page.get_by_role("link", name="s399.example").click()
            await look.settled()
            await same_as(look, service, site="s399.example")


async def test_whoever_is_not_signed_in_comes_back_to_the_link(
    window: Window, tmp_path: Path
) -> None:
    admin, read = numbered(1), numbered(2)
    async with running("embedded", tmp_path, admin_key=admin, read_key=read) as service:
        await service.send({"example.com/a": by_hour([3, 4])})
        async with window(service) as look:
            look.may_say("401")
            await look.page.goto(f"{service.url}/?site=example.com&period=24h")
            await look.page.wait_for_url("**/sign-in?to=*")
            await look.page.get_by_label("Read key").fill(read)
            await look.page.keyboard.press("Enter")
            await look.page.wait_for_url("**/?site=example.com&period=24h")
            await look.settled()
            await expect(look.page.locator(VIEWS)).to_have_text("7")
            foot = look.page.locator("footer")
            await expect(foot.get_by_role("button", name="Sign out")).to_be_visible()
            await expect(foot.get_by_role("link", name="Operations")).to_be_hidden()
