"""A badge as a browser draws it, on a page of somebody else's."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.dashboard.service import running

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

HOSTILE = "%3C%2Ftext%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"
# Whose words are wider than what is drawn for them, were none to be fitted.
WIDE = "WWWWWWWWWWWWWWWWWWWW"
_LOADED = """() => Promise.all([...document.images].map(async (each) => {
    await each.decode()
    return [each.naturalWidth, each.naturalHeight]
}))"""


async def test_it_is_a_picture_on_any_page_and_does_nothing_by_itself(
    browser: Browser, tmp_path: Path, shots: Path
) -> None:
    async with running("embedded", tmp_path, badges="example.com") as service:
        await service.send({"example.com/pricing": {"2025-07-16T10:00:00Z": 1_204}})
        base = f"{service.url}/badge/example.com/pricing.svg"
        pictures = [base, f"{base}?period=30d", f"{base}?label={HOSTILE}", f"{base}?label={WIDE}"]
        page = await browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        try:
            shown = "".join(f'<p><img alt="" src="{each}"></p>' for each in pictures)
            await page.set_content(f'<body style="background: linear-gradient(#fff, #000)">{shown}')
            sizes = await page.evaluate(_LOADED)
            assert [height for _, height in sizes] == [20] * len(pictures)
            assert sizes[0][0] < sizes[3][0]
            await page.screenshot(path=shots / "badges.png")
            # By itself too: nothing in it runs, and the words lie within it.
            await page.goto(pictures[2])
            assert await page.evaluate("document.querySelectorAll('script').length") == 0
            within = """() => [...document.querySelectorAll('text')].every((each) => {
                const box = each.getBBox(), whole = document.documentElement.width.baseVal.value
                return box.x >= 0 && box.x + box.width <= whole
            })"""
            for each in pictures:
                await page.goto(each)
                assert await page.evaluate(within)
            assert said == []
        finally:
            await page.close()
