"""A browser and services for all tests of a module; a window with nothing in it for each."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import chromium
from tests.conftest import PRODUCTION
from tests.dashboard.looking import Look, looking, shots_folder
from tests.dashboard.service import Service, running
from tests.servers import PrivatePostgres

Window = Callable[..., AbstractAsyncContextManager[Look]]
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report: Any = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedded_service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """`footfall up`, empty at first; what a test has it count is there for those after it."""
    async with running("embedded", tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["embedded", PRODUCTION])
async def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Each backend in turn, likewise."""
    async with running(request.param, tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shots_folder(tmp_path_factory.getbasetemp() / "shots")


@pytest.fixture
def window(browser: Browser, shots: Path) -> Window:
    """`async with window(service, size=PHONE, dark=True) as look`."""
    return partial(_window, browser, shots)


def _window(
    browser: Browser, shots: Path, service: Service, **options: Any
) -> AbstractAsyncContextManager[Look]:
    return looking(browser, service, shots, **options)


@pytest_asyncio.fixture(loop_scope="module")
async def look(
    request: pytest.FixtureRequest, window: Window, embedded_service: Service
) -> AsyncIterator[Look]:
    """A window on the embedded service. A picture is kept of it where the test failed."""
    async with window(embedded_service) as found:
        yield found
        if request.node.stash.get(_FAILED, False):
            await found.shot(f"failed-{request.node.name}", whole=True)


@pytest.fixture(scope="module")
def database() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server
