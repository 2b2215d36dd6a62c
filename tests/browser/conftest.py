"""A browser for all tests of a module; a visitor with nothing in it for each."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import chromium
from tests.browser.visitor import Visitor
from tests.browser.website import Websites


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def websites() -> AsyncIterator[Websites]:
    async with Websites() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(websites: Websites) -> AsyncIterator[Browser]:
    async with chromium(websites.port) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(websites: Websites, browser: Browser) -> AsyncIterator[Visitor]:
    websites.begin()
    context = await browser.new_context()
    yield Visitor(websites, context)
    await context.close()
