"""What one process holds of the database, whatever it does at once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.events import Generation
from domain.settings import Settings
from rows.engine import open_engine
from rows.jobs import RETENTION
from rows.opening import ADDING_UP, ORDINARY, PATIENT, READING, SNAPSHOTS, open_rows
from tests.acceptance.processes import until
from tests.conftest import embedded

_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


async def connections(settings: Settings) -> int:
    """Of everybody else to the database."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(text(_CONNECTIONS))).scalar_one()) - 1
    finally:
        await engine.dispose()


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_a_projector_holds_no_more_than_its_pools(production: Settings) -> None:
    async with open_rows(production, now_ms) as rows:
        await asyncio.gather(
            *(rows.ping() for _ in range(50)),
            *(rows.jobs.holder(RETENTION) for _ in range(50)),
            *(rows.aggregates.live() for _ in range(50)),
            rows.comparison.audit(Generation(1)),
        )
        pools = (ORDINARY, PATIENT, SNAPSHOTS, ADDING_UP)
        most = sum(pool.connections for pool in pools)
        assert await connections(production) <= most == 18

    async def all_closed() -> bool:
        return await connections(production) == 0

    await until(all_closed, "no connections")


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_what_only_reads_holds_one_pool(production: Settings) -> None:
    async with open_rows(production, now_ms, read_only=True) as rows:
        await asyncio.gather(
            *(rows.leases.ownership() for _ in range(50)),
            *(rows.generations.all() for _ in range(50)),
            *(rows.ping_reports() for _ in range(50)),
        )
        assert await connections(production) <= READING.connections


async def test_what_only_reads_waits_for_no_writer(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    writing = open_engine(settings.rows_url)
    async with writing.begin(), asyncio.timeout(5):
        async with open_rows(settings, now_ms, read_only=True) as rows:
            await rows.leases.ownership()
            assert [info.generation for info in await rows.generations.all()] == [1]
    await writing.dispose()
