"""PostgreSQL behind a PgBouncer, where a session lasts for one transaction."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from domain.errors import StoreUnavailable
from domain.settings import Settings
from rows.database import database_errors, outside_transaction, snapshot, transaction
from rows.engine import engine_at, open_engine
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import embedded, postgres_database
from tests.servers import PrivatePgBouncer, postgres_url

pytestmark = [pytest.mark.postgres, pytest.mark.pgbouncer]

# What administrators let pass who cannot change their clients; it is thrown away then.
_IGNORED = (
    "jit,idle_in_transaction_session_timeout,tcp_keepalives_idle,tcp_keepalives_interval,"
    "tcp_keepalives_count,default_transaction_isolation,search_path"
)
_ASKED = "SELECT current_setting('jit'), current_setting('search_path'), count(*) FROM {table}"


@pytest.fixture
async def database() -> AsyncIterator[str]:
    """The name of an empty one."""
    async with postgres_database() as url:
        yield url.rpartition("/")[2]


@pytest.mark.parametrize("ignored", ["", _IGNORED], ids=["refuses settings", "ignores settings"])
@pytest.mark.parametrize("read_only", [False, True], ids=["writing", "reading"])
async def test_settings_hold_and_statements_do_not_meet(
    database: str, ignored: str, read_only: bool
) -> None:
    settings: dict[str, Any] = {"ignore_startup_parameters": ignored} if ignored else {}
    with PrivatePgBouncer(postgres_url(), default_pool_size=2, **settings) as front:
        url = f"{front.url(database)}?options=-c%20search_path%3Dviews,public"
        # As two processes: names of statements that each thinks its own.
        engines = [open_engine(url, read_only=read_only) for _ in range(2)]

        async def ask(number: int) -> set[tuple[Any, ...]]:
            async with engines[number % 2].connect() as connection:
                return {
                    tuple((await connection.execute(text(_ASKED.format(table=table)))).one())[:2]
                    for table in ("pg_class", "pg_type", "pg_class")
                    for _ in range(5)
                }

        found = await asyncio.gather(*(ask(number) for number in range(12)))
        assert set().union(*found) == {("off", "views,public")}
        for engine in engines:
            await engine.dispose()


async def test_what_a_transaction_has_set_does_not_stay_with_the_session(database: str) -> None:
    with PrivatePgBouncer(postgres_url(), default_pool_size=1) as front:
        async with engine_at(front.url(database)) as ours:
            async with transaction(ours) as connection:
                await connection.execute(text("CREATE TABLE seen (page text)"))
            async with snapshot(ours) as connection:
                await connection.execute(text("SELECT * FROM seen"))
            async with ours.connect() as connection:
                await connection.rollback()
                await outside_transaction(connection, "VACUUM seen", 5)
        fresh = await _settings(postgres_url().replace("+asyncpg", ""))
        assert await _settings(front.url(database).replace("+asyncpg", "")) == fresh


async def _settings(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    names = ("jit", "lock_timeout", "idle_in_transaction_session_timeout")
    async with connection.transaction():
        found = {name: await connection.fetchval(f"SHOW {name}") for name in names}
    await connection.close()
    return found


@pytest.mark.parametrize("patient", [False, True], ids=["ordinary", "patient"])
async def test_a_small_pool_of_sessions_is_told_of_in_time(database: str, patient: bool) -> None:
    with PrivatePgBouncer(postgres_url(), "session", default_pool_size=1) as front:
        url = f"{front.url(database)}?connect_timeout=1"
        async with engine_at(url) as first, first.connect() as holding:
            await holding.execute(text("SELECT 1"))
            second = open_engine(url, patient=patient)
            with pytest.raises(StoreUnavailable, match="all of its server connections are taken"):
                async with asyncio.timeout(5), database_errors(), second.connect():
                    pass
            await second.dispose()


@pytest.mark.timeout(300)
async def test_every_role_and_verb_works_in_transaction_mode(database: str, tmp_path: Path) -> None:
    with PrivatePgBouncer(postgres_url(), default_pool_size=4) as front:
        settings = replace(embedded(tmp_path), database_url=front.url(database))
        code, _, err = await footfall(settings, "migrate")
        assert code == 0, err
        async with (
            Role(settings, "ingest") as ingest,
            Role(settings, "read-api") as reading,
            Role(settings, "projector") as projector,
            Role(settings, "projector") as other,
        ):
            await asyncio.gather(ingest.serving(90), reading.serving(90))
            await asyncio.gather(projector.start(), other.start())
            now = datetime.now(UTC)
            moments = [now - timedelta(minutes=1), now - timedelta(days=400)]
            async with httpx.AsyncClient(base_url=ingest.url) as client:
                for number in range(30):
                    page, moment = f"example.com/{number}", moments[number % 2].isoformat()
                    view = {"page": page, "timestamp": moment}
                    answer = await client.post("/page-views/single", json=view)
                    assert answer.status_code == 202, answer.text
            await until(lambda: _folded(settings), "30 views being folded")
            async with httpx.AsyncClient(base_url=reading.url) as client:
                later = (now + timedelta(hours=1)).isoformat()
                rows = await report(client, page="example.com/0", now=later)
                assert sum(row["v"] for row in rows) == 1
            for verb in (("check",), ("verify",), ("verify", "--deep"), ("replay",)):
                code, out, err = await footfall(settings, *verb)
                assert code == 0, f"{verb}: {out} {err}"
            month = replace(settings, retention_days=30)
            code, out, err = await footfall(month, "retain")
            assert code == 0, err
            assert out.count("gone: ") >= 1, out
            assert "rows" in out
            code, out, err = await footfall(month, "verify")
            assert code == 0, f"{out} {err}"
            assert await projector.stop() == 0
            for role in (projector, other, reading):
                assert "Traceback" not in role.log()
                assert "prepared statement" not in role.log()


async def _folded(settings: Settings) -> bool:
    code, out, _ = await footfall(settings, "status", "--json")
    return code == 0 and json.loads(out)["views"] == 30
