"""While nothing is counted: three ways to send a view, and the page once one of them was taken."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.dashboard.conftest import Window
from tests.dashboard.looking import NARROW
from tests.dashboard.service import running

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]


async def test_the_line_that_is_shown_makes_of_it_the_page(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        clipboard = {"permissions": ["clipboard-read", "clipboard-write"]}
        async with window(service, **clipboard) as look:
            await look.open("/")
            await look.page.get_by_role("heading", name="Nothing is counted yet").wait_for()
            await look.page.locator(".trust.ok .lead").get_by_text("Nothing counted yet").wait_for()
            assert await look.page.get_by_text("Waiting for the first view.").is_visible()
            tag, line, logs = await look.texts(".steps pre")
            assert f'src="{service.url}/tracker.js"' in tag
            assert f"--to '{service.url}'" in logs
            await look.shot("first")
            copy = look.page.get_by_role("button", name="Copy From anything that speaks HTTP")
            await copy.click()
            await look.page.get_by_text("Copied").first.wait_for()
            copied = await look.page.evaluate("navigator.clipboard.readText()")
            assert copied.splitlines() == [each.rstrip() for each in copied.splitlines()]
            assert copied.split() == line.split()
            sent = await asyncio.to_thread(
                subprocess.run, copied.replace("curl ", "curl -s -w '%{http_code}' ", 1),
                shell=True, check=True, capture_output=True, text=True,
            )  # fmt: skip
            assert sent.stdout.endswith("202")
            await look.page.locator(".hero .v").wait_for()
            assert await look.number(".hero .v") == await service.total() == 1
            assert await look.page.get_by_text("Nothing is counted yet").count() == 0


@pytest.mark.npm
async def test_it_fits_a_narrow_window_and_is_for_everybody(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service, window(service, size=NARROW) as look:
        await look.open("/")
        await look.page.get_by_role("heading", name="Nothing is counted yet").wait_for()
        assert await look.sideways(NARROW) == []
        assert await look.axe() == []
