"""Somebody who looks at the dashboard with a real browser, and sees whatever is wrong with it."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request

from tests.browser.clients import installed
from tests.dashboard.service import Service

SECONDS = 15
WIDE = (1280, 800)
PHONE = (390, 844)
NARROW = (320, 640)
_FOLDER = Path(__file__).parent
# Only what a browser itself tells of the policy has the directive in it.
_TELLING = """document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)
})"""
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_BUSY = "() => document.querySelectorAll('[aria-busy=true]').length"
_WIDER = """() => [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && each.checkVisibility())
    .map(each => `${each.tagName}.${each.className}`)"""
_AXE = """() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
    'best-practice']}).then(found => found.violations.map(each =>
        `${each.id}: ${each.help}: ${each.nodes.map(node => node.target.join(' ')).join(', ')}`))"""
# Sign of a negative number as people write it, and what stands between the digits.
_NUMBER = re.compile(r"[-\N{MINUS SIGN}]?\d[\d,.\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}]*")


class Look:
    """One page of the browser. `faults`: what nobody should have seen, checked at its end."""

    def __init__(self, page: Page, url: str, shots: Path) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        self._shots = shots
        self._expected: list[re.Pattern[str]] = []
        self._under_way: set[Request] = set()
        self._changed = asyncio.Event()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"thrown: {error}"))
        page.on("request", self._begun)
        for how in ("requestfinished", "requestfailed"):
            page.on(how, self._ended)

    def may_say(self, pattern: str) -> None:
        """What is said of that kind is no fault: a test has made it so."""
        self._expected.append(re.compile(pattern))

    async def open(self, address: str = "/", **parameters: str) -> None:
        """Go there by hand, and wait until all of it is there; `from_` is `from`."""
        query = urlencode({name.rstrip("_"): value for name, value in parameters.items()})
        await self.page.goto(self.url + address + (query and f"?{query}"))
        await self.settled()

    async def settled(self) -> None:
        """Return once no answer is waited for, and what the last one changed is drawn."""
        async with asyncio.timeout(SECONDS):
            while True:
                await self._silent()
                await self.page.evaluate(_FRAMES)
                if not self._under_way and not await self.page.evaluate(_BUSY):
                    return

    async def number(self, selector: str) -> int:
        """The first whole number that stands there, however it is grouped."""
        return (await self.numbers(selector))[0]

    async def numbers(self, selector: str) -> Sequence[int]:
        """The first of each element. Raises `AssertionError` where one has none."""
        return [whole(text) for text in await self.texts(selector)]

    async def texts(self, selector: str) -> Sequence[str]:
        """What people read there; at least one."""
        await self.page.locator(selector).first.wait_for(timeout=SECONDS * 1_000)
        found = await self.page.locator(selector).all_inner_texts()
        return [text.strip() for text in found]

    async def axe(self) -> Sequence[str]:
        """What is not accessible, by the rules of WCAG 2.2 A, AA and good practice; needs npm."""
        source = (installed(_FOLDER) / "axe-core/axe.min.js").read_text()
        await self.page.evaluate(source)
        found: Sequence[str] = await self.page.evaluate(_AXE)
        return found

    async def sideways(self, size: tuple[int, int] = NARROW) -> Sequence[str]:
        """What reaches beyond the edge of such a window, where it can be scrolled there."""
        await self.page.set_viewport_size({"width": size[0], "height": size[1]})
        await self.page.evaluate(_FRAMES)
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if await self.page.evaluate(over) <= 0:
            return []
        found: Sequence[str] = await self.page.evaluate(_WIDER)
        return found or ["the page itself"]

    async def shot(self, name: str, *, whole: bool = False) -> Path:
        """A picture of what is seen, kept by CI: DASHBOARD_SHOTS names the folder."""
        self._shots.mkdir(parents=True, exist_ok=True)
        file = self._shots / f"{name}.png"
        await self.page.screenshot(path=file, full_page=whole)
        return file

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._fault(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _fault(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._expected):
            self.faults.append(text)

    def _begun(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and not request.url.startswith(f"{self.url}/"):
            self._fault(f"asked somebody else: {request.url}")
        # A stream has no end.
        if request.resource_type != "eventsource":
            self._under_way.add(request)

    def _ended(self, request: Request) -> None:
        self._under_way.discard(request)
        self._changed.set()

    async def _silent(self) -> None:
        while self._under_way:
            self._changed.clear()
            await self._changed.wait()


def whole(text: str) -> int:
    """The first whole number in a text."""
    found = _NUMBER.search(text)
    assert found, f"no number in {text!r}"
    sign = -1 if found[0][0] in "-\N{MINUS SIGN}" else 1
    return sign * int(re.sub(r"\D", "", found[0]))


@asynccontextmanager
async def looking(
    browser: Browser,
    service: Service,
    shots: Path,
    *,
    size: tuple[int, int] = WIDE,
    dark: bool = False,
    **options: Any,
) -> AsyncIterator[Look]:
    """A window of that size, with nothing kept from before; `options` are of a browser context.

    Fails at its end where anything was said on the console, the policy was violated, or anybody
    but the service was asked.
    """
    given: dict[str, Any] = {"locale": "en-GB", "timezone_id": "UTC", **options}
    given["viewport"] = {"width": size[0], "height": size[1]}
    context = await browser.new_context(color_scheme="dark" if dark else "light", **given)
    try:
        await context.add_init_script(_TELLING)
        page = await context.new_page()
        page.set_default_timeout(SECONDS * 1_000)
        look = Look(page, service.url, shots)
        yield look
        assert not look.faults, "\n".join(look.faults)
    finally:
        await context.close()


def shots_folder(otherwise: Path) -> Path:
    """Where pictures go."""
    named = os.environ.get("DASHBOARD_SHOTS")
    return Path(named).resolve() if named else otherwise
