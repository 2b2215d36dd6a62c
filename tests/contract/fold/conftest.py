"""Each database in turn, and the fake; no partition is ever given twice under one epoch."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from migrations.upgrade import upgrade
from rows.engine import open_engine
from tests.contract.fold.site import (
    ADAPTERS,
    Database,
    FakeDatabase,
    SqlDatabase,
    nothing_was_given_twice,
    url_of,
)


@asynccontextmanager
async def open_database(name: str, tmp_path: Path) -> AsyncIterator[Database]:
    if name == "fake":
        yield FakeDatabase()
        return
    async with url_of(name, tmp_path) as url, AsyncExitStack() as stack:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()
        yield SqlDatabase(url, stack)


@pytest.fixture(params=ADAPTERS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(request.param, tmp_path) as found:
        yield found
        nothing_was_given_twice(found.projectors)
