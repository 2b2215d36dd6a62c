"""Each database in turn: one for many examples, which leave nothing behind."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from migrations.upgrade import upgrade
from rows.engine import open_engine
from tests.contract.fold.site import url_of
from tests.contract.stats.site import POSTGRES, Site


@pytest.fixture(scope="module", params=["sqlite", POSTGRES])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    stack = AsyncExitStack()

    async def begin() -> Site:
        url = await stack.enter_async_context(url_of(request.param, tmp_path_factory.mktemp("s")))
        engine, reading = open_engine(url), open_engine(url, read_only=True)
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(reading.dispose)
        await upgrade(engine)
        return Site(loop, engine, reading)

    with asyncio.Runner() as loop:
        yield loop.run(begin())
        loop.run(stack.aclose())


@pytest.fixture
def site(opened: Site) -> Site:
    """Empty."""
    opened.holds({})
    return opened
