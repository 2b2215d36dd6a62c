"""Somebody who looks at websites with a real browser."""

from collections.abc import Sequence
from html import escape

from playwright.async_api import BrowserContext, Page

from tests.browser import website
from tests.browser.website import SERVICE, SHOP, Headers, Sent, Websites

# Resolves once what `step` begins has led to another entry of the history.
_MOVED = """(step) => new Promise(done => {
    addEventListener('popstate', () => done(), {once: true})
    history.go(step)
})"""


def tag(source: str = f"{SERVICE}/tracker.js", **attributes: str) -> str:
    """A script's tag, of the shop unless the attributes say another site; "" leaves one out."""
    given = {"data_domain": "shop.example", **attributes}
    said = [f'{k.replace("_", "-")}="{escape(v)}"' for k, v in given.items() if v]
    return f'<script defer src="{source}" {" ".join(said)}></script>'


class Visitor:
    """A browser's context of its own, with one page; `errors` are those that pages threw."""

    def __init__(self, websites: Websites, context: BrowserContext) -> None:
        self.websites = websites
        self.context = context
        self.errors: list[str] = []
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None
        return self._page

    async def another(self) -> Page:
        """A page more, which is the one from here on."""
        self._page = await self.context.new_page()
        self._page.on("pageerror", lambda error: self.errors.append(str(error)))
        return self._page

    async def open(
        self, *html: str, address: str = f"{SHOP}/start", headers: Headers | None = None
    ) -> Page:
        """Load a page with that in it."""
        self.put(*html, address=address, headers=headers)
        page = self._page or await self.another()
        await page.goto(address)
        return page

    def put(
        self, *html: str, address: str = f"{SHOP}/start", headers: Headers | None = None
    ) -> None:
        """A page that is there for whoever asks."""
        text = "<!doctype html><title>t</title>" + "".join(html)
        self.websites.pages[address] = website.Page(text, headers or {})

    async def go(self, step: int) -> None:
        """Back or forth in the history, without leaving the document."""
        await self.page.evaluate(_MOVED, step)

    async def run(self, script: str) -> None:
        await self.page.evaluate(script)

    async def sent(self, number: int) -> Sequence[Sent]:
        """What the service got, once it is so many; more would fail."""
        found = self.websites.sent
        await self.websites.until(lambda: len(found) >= number, f"request {number}")
        if not self.page.is_closed():
            # What a page asks for comes in the order in which it asks.
            await self.page.evaluate(f"fetch('{SERVICE}/after', {{mode: 'no-cors'}})")
        assert len(found) == number, found
        return list(found)

    async def pages(self, number: int) -> list[str]:
        """The pages of the views, once they are so many."""
        return [each.page for each in await self.sent(number)]
