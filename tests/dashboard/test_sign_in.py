"""Signing in with a real browser: to the form, through it, and out again."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.chromium import chromium
from tests.dashboard.conftest import Window
from tests.dashboard.looking import NARROW, Look
from tests.dashboard.seeding import by_hour
from tests.dashboard.service import running
from tests.keys import numbered

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

ADMIN, READ, WRONG = numbered(1), numbered(2), numbered(3)


async def send(look: Look, secret: str) -> None:
    """As somebody does who has the key in the clipboard and no mouse."""
    field = look.page.get_by_label("Read key")
    await expect(field).to_be_focused()
    await field.fill(secret)
    await field.press("Enter")


async def cookies(context: BrowserContext) -> set[str]:
    return {found.get("name", "") for found in await context.cookies()}


@pytest.mark.npm
async def test_somebody_signs_in_and_out_without_a_mouse_and_then_without_a_script(
    window: Window, tmp_path: Path
) -> None:
    async with running("embedded", tmp_path, admin_key=ADMIN, read_key=READ) as service:
        await service.send({"example.com/a": {"2025-07-16T10:00:00Z": 3}})
        async with window(service, size=NARROW) as look:
            look.may_say("401")
            page = look.page
            await look.open("/sign-in", to="/session")
            assert await look.axe() == []
            await send(look, WRONG)
            wrong = page.get_by_role("alert")
            await expect(wrong).to_have_text("This key is not known here, or was withdrawn.")
            assert await look.axe() == []
            await look.shot("sign-in-wrong")
            assert await cookies(page.context) == set()
            await send(look, READ)
            await page.wait_for_url("**/session")
            assert '"signed_in":true' in await page.content()
            # No script sees it, and the same page may ask.
            await look.open("/sign-in")
            assert READ not in await page.evaluate("document.cookie")
            found = "fetch('/stats/views?period=all').then(r => r.json()).then(r => r.total)"
            assert await page.evaluate(found) == 3
            await page.get_by_role("button", name="Sign out").press("Enter")
            await expect(page.get_by_role("heading")).to_have_text("Sign in with a read key")
            assert await cookies(page.context) == set()
        async with window(service, java_script_enabled=False) as look:
            await look.page.goto(f"{service.url}/sign-in?to=/session")
            await send(look, READ)
            await look.page.wait_for_url("**/session")
            assert '"signed_in":true' in await look.page.content()


async def test_without_tls_it_works_where_browsers_say_less(tmp_path: Path) -> None:
    """Of an address that is neither TLS nor this machine they send no Sec-Fetch-Site."""
    hosts = {"allowed_hosts": "stats.example"}
    async with running("embedded", tmp_path, read_key=READ, admin_key=ADMIN, **hosts) as service:
        async with chromium(service.roles["up"].port) as browser:
            page = await browser.new_page()
            await page.goto("http://stats.example/sign-in?to=/pages")
            await page.get_by_label("Read key").fill(READ)
            await page.get_by_role("button", name="Sign in").click()
            await page.wait_for_url("http://stats.example/pages")
            assert await cookies(page.context) == {"footfall"}
            await page.get_by_role("button", name="Sign out").click()
            await page.wait_for_url("http://stats.example/sign-in")
            assert await cookies(page.context) == set()
            # A page of another site does not get its form through, whatever is in it.
            await page.goto("http://other.example/sign-in")
            assert "does not answer for the host" in await page.content()
            form = '<form method="post" action="http://stats.example/sign-in">'
            await page.set_content(f'{form}<input name="key" value="{READ}">')
            async with page.expect_navigation() as sent:
                await page.evaluate("document.forms[0].submit()")
            answer = await sent.value
            assert answer is not None
            assert answer.status == 403
            assert await cookies(page.context) == set()


async def test_who_may_read_of_some_sites_is_told_that_there_may_be_others(
    window: Window, tmp_path: Path
) -> None:
    public = {"public_sites": "docs.example"}
    async with running("embedded", tmp_path, admin_key=ADMIN, **public) as service:
        await service.send(
            {
                "example.com/": by_hour([3]),
                "docs.example/": by_hour([2]),
                "docs.example/a": by_hour([1]),
            }
        )
        async with window(service) as look:
            await look.open("/")
            told = look.page.get_by_text("Only of these sites may be read here: docs.example.")
            await expect(told).to_be_visible()
            assert await look.number(".hero .v") == 3
