"""What the main page does by itself: it goes on with what is counted, and never jumps."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Request, expect

from tests.acceptance.processes import footfall, until
from tests.dashboard.conftest import Window
from tests.dashboard.looking import Look
from tests.dashboard.seeding import believable, by_hour
from tests.dashboard.service import Service, on, running
from tests.servers import PrivatePostgres

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

VIEWS = ".hero .v"
MINUTE_MS = 60_000
PATIENCE_MS = 60_000
# Each text that a number had since, and whether anything was grey again or moved.
_WATCH = """() => {
    const number = document.querySelector('.hero .v');
    const chart = document.querySelector('.chart');
    window.seen = {texts: [number.textContent], grey: 0, tops: [chart.getBoundingClientRect().top]};
    new MutationObserver(() => {
        seen.texts.push(number.textContent);
        seen.grey += document.querySelectorAll('main .wait, main .ghost').length;
        seen.tops.push(chart.getBoundingClientRect().top);
    }).observe(document.querySelector('main'), {subtree: true, childList: true, attributes: true});
}"""


async def steady(look: Look) -> list[str]:
    """The texts that the number of views had since, in turn; fails where something jumped."""
    seen = await look.page.evaluate("seen")
    assert seen["grey"] == 0
    assert len(set(seen["tops"])) == 1
    return list(dict.fromkeys(seen["texts"]))


async def test_the_first_view_turns_first_steps_into_the_page(
    window: Window, tmp_path: Path
) -> None:
    async with running("embedded", tmp_path) as service, window(service) as look:
        await look.open("/")
        assert await look.texts("h1") == ["Nothing is counted yet"]
        await look.shot("first")
        await service.send({"example.com/page": by_hour([1])})
        await expect(look.page.locator(VIEWS)).to_have_text("1", timeout=PATIENCE_MS)
        await expect(look.page.locator("h1")).to_have_text("All sites, last 7 days")
        await expect(look.page.locator(".at-pages")).to_contain_text("example.com/page")


async def test_what_is_counted_comes_by_itself_and_nothing_jumps(
    look: Look, embedded_service: Service
) -> None:
    await embedded_service.send(believable())
    await look.open("/")
    before = await look.number(VIEWS)
    await look.page.evaluate(_WATCH)
    await embedded_service.send({"example.com/": by_hour([7])})
    await expect(look.page.locator(VIEWS)).to_have_text(f"{before + 7:,}", timeout=PATIENCE_MS)
    hour = await embedded_service.ask("/stats/views", period="24h", unit="hour")
    assert await look.number(".num:nth-child(3) .v") == hour["buckets"][-1]["views"]
    assert await steady(look) == [f"{before:,}", f"{before + 7:,}"]


async def test_paused_it_stands_still_until_it_goes_on(
    look: Look, embedded_service: Service
) -> None:
    await embedded_service.send({"example.com/": by_hour([4])})
    await look.open("/")
    before = await look.number(VIEWS)
    await look.page.get_by_role("button", name="Pause").click()
    await embedded_service.send({"example.com/": by_hour([5])})
    # The strip always tells the truth.
    for _ in range(3):
        async with look.page.expect_response("**/stats/state"):
            pass
    assert await look.number(VIEWS) == before
    await look.page.get_by_role("button", name="Go on").click()
    await expect(look.page.locator(VIEWS)).to_have_text(f"{before + 5:,}", timeout=PATIENCE_MS)


async def test_out_of_sight_it_asks_nothing_and_catches_up(
    look: Look, embedded_service: Service
) -> None:
    await embedded_service.send({"example.com/": by_hour([4])})
    await look.page.clock.install()
    await look.open("/")
    before = await look.number(VIEWS)
    asked: list[str] = []

    def begun(request: Request) -> None:
        if "/stats/views" in request.url or "/stats/pages" in request.url:
            asked.append(request.url)

    hide = """hidden => {
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    await look.page.evaluate(hide, True)
    look.page.on("request", begun)
    await embedded_service.send({"example.com/": by_hour([6])})
    for _ in range(5):
        await look.page.clock.fast_forward(MINUTE_MS)
    await look.settled()
    assert asked == []
    await look.page.evaluate(hide, False)
    await expect(look.page.locator(VIEWS)).to_have_text(f"{before + 6:,}", timeout=PATIENCE_MS)


@pytest.mark.timeout(240)
async def test_a_promotion_moves_nothing(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        await service.send(believable())
        async with window(service) as look:
            await look.open("/")
            generation = (await service.ask("/stats/bounds"))["generation"]
            before = await look.texts(VIEWS)
            await look.page.evaluate(_WATCH)
            code, _, wrong = await footfall(service.settings, "replay")
            assert code == 0, wrong
            after = (await service.ask("/stats/bounds"))["generation"]
            assert after > generation
            strip = look.page.locator(".trust .says")
            await expect(strip).to_contain_text(f"generation {after}", timeout=PATIENCE_MS)
            assert await steady(look) == before


@pytest.mark.private_servers
@pytest.mark.timeout(240)
async def test_without_its_database_the_last_answer_stays_and_then_it_goes_on(
    window: Window, database: PrivatePostgres, tmp_path: Path
) -> None:
    async with on(database, tmp_path) as service:
        await service.send(believable())
        async with window(service) as look:
            look.may_say(r"status of 50[0-9]")
            await look.open("/")
            before = await look.number(VIEWS)
            await look.page.evaluate("document.querySelector('.hero .v').dataset.kept = 'yes'")
            await asyncio.to_thread(database.kill)
            try:
                line = look.page.locator("main > .apart")
                await expect(line).to_contain_text("Asking again in", timeout=PATIENCE_MS)
                await expect(line).to_contain_text("What you see is the last answer.")
                assert await look.number(VIEWS) == before
                await look.shot("away")
                # Nobody is asked to look at another page meanwhile: a filter waits for an answer.
                await look.page.get_by_role("link", name="24 h").click()
                await expect(line).to_contain_text("Asking again in", timeout=PATIENCE_MS)
            finally:
                await asyncio.to_thread(database.start)
            await expect(line).to_be_hidden(timeout=PATIENCE_MS)

            async def same() -> bool:
                expected = await service.total(period="24h")
                return await look.texts(VIEWS) == [f"{expected:,}"]

            await until(same, "the page showing what is counted", 60)
