"""Each backend in turn, with retention that has a clock of its own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cli.wiring.process import now_ms
from log.opening import open_reader, open_writer
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.rebuild.comparison import SqlComparison
from rows.reports.hourly import SqlReportReader
from tests.conftest import PRODUCTION, open_backend
from tests.contract.retention.site import Site


@pytest.fixture(params=["embedded", PRODUCTION])
async def site(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Site]:
    async with open_backend(request.param, tmp_path) as settings:
        engine = open_engine(settings.rows_url, patient=True)
        snapshots = open_engine(settings.rows_url, read_only=True)
        found = Site(
            settings,
            engine,
            open_writer(settings),
            open_reader(settings),
            SqlProjectionStore(engine, now_ms),
            SqlComparison(snapshots),
            SqlReportReader(snapshots),
        )
        yield found
        await found.writer.close()
        await found.reader.close()
        await engine.dispose()
        await snapshots.dispose()
