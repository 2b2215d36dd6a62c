"""Debian's chromium, driven by playwright: as people have it, but for where names lead."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.servers import chromium_binary

_PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A tracker is silent in a browser that says a program drives it.
    "--disable-blink-features=AutomationControlled",
    f"--user-agent={_PERSON}",
)
_NAMES = ("*.example", "localhost", "127.0.0.1")
# What playwright switches off for a quiet life of its own, and people have.
_NOT_OFF = ["--disable-back-forward-cache"]


@asynccontextmanager
async def chromium(port: int | None = None) -> AsyncIterator[Browser]:
    """A browser for which every website is at `port` of this machine, and nothing else is.

    Without `port` there is nothing but the addresses of this machine.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_binary(), args=_flags(port), ignore_default_args=_NOT_OFF
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def by_itself(port: int, folder: Path, address: str) -> AsyncIterator[None]:
    """A browser of that kind in `folder` that nobody drives, with that page in a window.

    Where playwright is attached no page is prerendered.
    """
    process = await asyncio.create_subprocess_exec(
        _binary(), *_flags(port), f"--user-data-dir={folder}", address,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def _binary() -> str:
    found = chromium_binary()
    assert found is not None
    return found


def _flags(port: int | None) -> Sequence[str]:
    rules = [f"MAP {name}:80 127.0.0.1:{port}" for name in _NAMES]
    if port is None:
        rules = ["EXCLUDE 127.0.0.1"]
    return [*_FLAGS, f"--host-resolver-rules={', '.join(rules)}, MAP * ~NOTFOUND"]
