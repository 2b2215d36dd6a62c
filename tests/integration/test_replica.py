"""Reports from a read replica: a real standby that follows a real primary."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, report, until
from tests.acceptance.test_exactly_once import Load, folded, stored
from tests.cluster.standby import PrivateStandby
from tests.conftest import embedded
from tests.servers import PrivatePostgres

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

VIEW = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
NOON = "2025-07-16T12:00:00Z"


@pytest.fixture
def primary() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture
def standby(primary: PrivatePostgres) -> Iterator[PrivatePostgres]:
    with PrivateStandby(primary) as server:
        yield server


@pytest.fixture
def settings(primary: PrivatePostgres, standby: PrivatePostgres, tmp_path: Path) -> Settings:
    return replace(embedded(tmp_path), database_url=primary.url, read_database_url=standby.url)


async def test_reports_come_from_the_replica(
    settings: Settings, primary: PrivatePostgres, standby: PrivatePostgres
) -> None:
    async with Role(settings, "up") as up:
        await up.serving()
        code, out, _ = await footfall(settings, "check")
        assert code == 0, out
        assert "OK    database for reports (PostgreSQL)" in out
        async with httpx.AsyncClient(base_url=up.url, timeout=20) as client:
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202

            async def counted() -> bool:
                rows = await report(client, page=VIEW["page"], now=NOON)
                return sum(row["v"] for row in rows) == 1

            await until(counted, "the view reaching the replica")
            # Nothing but the replica is left to read from.
            await asyncio.to_thread(primary.kill)
            assert await counted()
            assert (await client.get("/ready")).status_code == 200
            await asyncio.to_thread(standby.kill)
            answers: list[httpx.Response] = []

            async def told() -> bool:
                # What was looked at is shared for a second.
                answers.append(await client.get("/ready"))
                return answers[-1].status_code == 503

            await until(told, "/ready telling of it")
            answer = answers[-1]
            assert answer.json()["checks"]["log"] == "ok"
            assert answer.json()["checks"]["database"] != "ok"


async def test_check_names_a_replica_that_is_away(
    settings: Settings, standby: PrivatePostgres
) -> None:
    assert (await footfall(settings, "migrate"))[0] == 0
    await asyncio.to_thread(standby.kill)
    code, out, _ = await footfall(settings, "check")
    assert code == 1
    assert "OK    database (PostgreSQL)" in out
    assert "ERROR database for reports (PostgreSQL): the database: " in out


async def test_the_fold_goes_on_from_a_replica_that_was_promoted(
    settings: Settings, primary: PrivatePostgres, standby: PrivatePostgres
) -> None:
    """The last commits may not have reached it: rows and checkpoints are older, together."""
    promoted = replace(settings, database_url=standby.url)
    assert (await footfall(settings, "migrate"))[0] == 0
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "projector") as before,
        Role(promoted, "projector") as after,
    ):
        await ingest.serving()
        await before.start()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())

        async def some_folded() -> bool:
            return (await stored(promoted)).total() > 1_000

        await until(some_folded, "views reaching the replica")
        await asyncio.to_thread(primary.kill)
        await before.stop()
        await query(promoted, "SELECT pg_promote()")
        await after.start()
        load.stop()
        await running
        await until(lambda: folded(promoted), "the fold catching up")
        assert not load.uncertain
        assert await stored(promoted) == load.confirmed


async def query(settings: Settings, statement: str) -> None:
    engine = open_engine(settings.rows_url, read_only=True)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
