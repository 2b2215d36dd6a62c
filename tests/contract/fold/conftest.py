"""Each database in turn; no partition is ever given twice under one epoch."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from migrations.upgrade import upgrade
from rows.engine import open_engine
from tests.contract.fold.site import Database, nothing_was_given_twice, url_of


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with url_of(request.param, tmp_path) as url, AsyncExitStack() as stack:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()
        found = Database(url, stack)
        yield found
        nothing_was_given_twice(found.projectors)
