"""Each database in turn, with the job of rebuilding taken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from migrations.upgrade import upgrade
from rows.engine import open_engine
from tests.contract.fold.site import url_of
from tests.contract.rebuild.site import Site


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async with url_of(request.param, tmp_path) as url:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()
        found = Site(url)
        await found.take_job()
        yield found
        await found.close()
