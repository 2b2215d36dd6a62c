"""Several processes behind one port: all of them answer, and none is missed when it dies."""

import asyncio
import signal
import socket

import httpx
import pytest
from sqlalchemy import text

from domain.settings import Settings
from rows.database import database_errors
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, until
from tests.acceptance.test_exactly_once import PAGES, Load, folded, stored
from tests.servers import Process, family, process

pytestmark = pytest.mark.acceptance


def workers(role: Role) -> list[Process]:
    """What a role started to do its work."""
    assert role.process is not None
    return family(process(role.process.pid))[1:]


async def producers(settings: Settings) -> int:
    """How many ingest processes have been folded so far."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with database_errors(), engine.connect() as connection:
            query = "SELECT count(DISTINCT producer) FROM producer_positions"
            return int((await connection.execute(text(query))).scalar_one())
    finally:
        await engine.dispose()


async def test_a_worker_killed_under_load_costs_no_confirmed_view(backend: Settings) -> None:
    async with (
        Role(backend, "ingest", "--workers", "2") as ingest,
        Role(backend, "projector") as projector,
    ):
        await ingest.serving()
        await projector.start()
        load = Load(ingest.url, clients=16)
        running = asyncio.create_task(load.run())

        async def have_appended(number: int) -> bool:
            return await producers(backend) >= number

        await until(lambda: have_appended(2), "both workers appending")
        workers(ingest)[0].signal(signal.SIGKILL)
        await until(lambda: have_appended(3), "the killed one being replaced")
        load.stop()
        await running
        await until(lambda: folded(backend), "the fold catching up")
        found = await stored(backend)
        for page in PAGES:
            confirmed = load.confirmed[page]
            assert confirmed <= found[page] <= confirmed + load.uncertain[page]
        assert await ingest.stop() == 0
        assert "ended with code -9, starting it again" in ingest.log()
        assert "Traceback" not in ingest.log()


async def test_workers_answer_what_is_under_way_before_they_stop(backend: Settings) -> None:
    async with Role(backend, "ingest", "--workers", "2") as ingest:
        await ingest.serving()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())

        async def confirmed() -> bool:
            return load.confirmed.total() > 100

        await until(confirmed, "views being confirmed")
        ingest.signal(signal.SIGTERM)
        assert await ingest.stop() == 0
        load.stop()
        await running
        async with Role(backend, "projector") as projector:
            await projector.start()
            await until(lambda: folded(backend), "the fold catching up")
        assert await stored(backend) == load.confirmed


@pytest.mark.parametrize("role", ["ingest", "read-api"])
async def test_no_worker_outlives_a_parent_that_was_killed(backend: Settings, role: str) -> None:
    parent = await Role(backend, role, "--workers", "2").serving()
    children = workers(parent)
    await parent.kill()

    async def gone() -> bool:
        return not any(child.alive() for child in children)

    await until(gone, "the workers ending")
    async with Role(backend, role, "--workers", "2", port=parent.port) as again:
        await again.serving()


async def test_both_workers_of_up_answer(backend: Settings) -> None:
    async with Role(backend, "up", "--workers", "2") as up:
        await up.serving()
        # Two workers and a projector.
        assert len(workers(up)) == 3
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def both_appended() -> bool:
                # A connection of its own each time: it goes to either worker.
                body = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
                headers = {"connection": "close"}
                await client.post("/page-views/single", json=body, headers=headers)
                return await producers(backend) == 2

            await until(both_appended, "both workers appending")
        assert await up.stop() == 0
        assert "Traceback" not in up.log()


@pytest.mark.parametrize("arguments", [["ingest", "--workers", "2"], ["up"]])
async def test_a_port_in_use_is_said_in_a_sentence(backend: Settings, arguments: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = await footfall(backend, *arguments, "--port", port)
    assert code == 1
    assert "nothing can listen there: the port is taken" in err
    assert "Traceback" not in err
