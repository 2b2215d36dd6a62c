"""A primary that takes no writes any more, and the way to the server that does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from domain.settings import from_env
from rows.database import transaction
from rows.engine import engine_at
from tests import dba
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import embedded
from tests.integration.test_replica import primary, standby
from tests.servers import PrivatePostgres

__all__ = ["primary", "standby"]
pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

VIEW = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
NOON = "2025-07-16T12:00:00Z"
FENCED = ("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")


class Way:
    """A proxy that can be turned: what is connected already stays where it is."""

    def __init__(self, port: int) -> None:
        self.to = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Way":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self.to)
        for reader, writer in ((near, forth), (far, back)):
            task = asyncio.create_task(_copy(reader, writer))
            self._tasks.add(task)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def way(primary: PrivatePostgres) -> AsyncIterator[Way]:
    async with Way(primary.port) as found:
        yield found


async def test_the_fold_follows_to_the_server_that_takes_writes(
    primary: PrivatePostgres, standby: PrivatePostgres, way: Way, tmp_path: Path
) -> None:
    settings = replace(embedded(tmp_path), database_url=way.url)
    async with Role(settings, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url, timeout=20) as client:

            async def counted(views: int) -> bool:
                rows = await report(client, page=VIEW["page"], now=NOON)
                return sum(row["v"] for row in rows) == views

            async def ready() -> bool:
                return (await client.get("/ready")).status_code == 200

            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            await until(lambda: counted(1), "the first view")
            await dba.execute(primary.url, *FENCED)

            async def refused() -> bool:
                return not await ready()

            await until(refused, "/ready telling of it")
            checks = (await client.get("/ready")).json()["checks"]
            assert "takes no writes" in checks["database"], checks
            assert checks["log"] == "ok"
            # Taken all the same: the log has room for it.
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            code, out, _ = await footfall(settings, "check")
            assert code == 1
            assert "ERROR database (PostgreSQL): " in out
            assert "takes no writes" in out
            code, _, err = await footfall(settings, "retain")
            assert code == 1
            assert "takes no writes" in err

            await dba.execute(standby.url, "SELECT pg_promote()")
            way.to = standby.port
            await until(lambda: counted(2), "the view on the new primary")
            await until(ready, "/ready")
        assert "takes no writes" in up.log()


async def test_of_several_hosts_the_one_that_takes_writes_is_chosen(
    primary: PrivatePostgres, standby: PrivatePostgres
) -> None:
    hosts = f"127.0.0.1:{standby.port},127.0.0.1:{primary.port}"
    url = from_env({"DATABASE_URL": f"postgresql://postgres@{hosts}/postgres"}).database_url
    assert url is not None
    async with engine_at(url) as engine:
        async with transaction(engine) as connection:
            await connection.execute(text("CREATE TABLE written (number integer)"))

        async def copied() -> bool:
            return bool(await dba.value(standby.url, "SELECT to_regclass('written') IS NOT NULL"))

        await until(copied, "the table on the standby")
        # A failover: the connection of the pool is to what is no primary any more.
        await dba.execute(primary.url, *FENCED)
        await dba.execute(standby.url, "SELECT pg_promote()")

        async def written() -> bool:
            with suppress(Exception):
                async with transaction(engine) as connection:
                    await connection.execute(text("INSERT INTO written VALUES (1)"))
                    return True
            return False

        await until(written, "the other host")
    assert await dba.value(standby.url, "SELECT count(*) FROM written") == 1
