"""A database that answers and does not commit: a real one whose synchronous standby is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from cli.wiring.process import now_ms
from domain.errors import StoreUnavailable
from domain.settings import Settings
from rows.opening import open_rows
from tests import dba
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.servers import PrivatePgBouncer, PrivatePostgres, free_port

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(240)]

AWAY = ("ALTER SYSTEM SET synchronous_standby_names = 'other_site'", "SELECT pg_reload_conf()")
ALONE = ("ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
WAITS = "every commit waits for a synchronous standby"
IN_FULL = f"{WAITS}: synchronous_standby_names is other_site, standbys connected: none"


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as found:
        yield found


@pytest.fixture
async def settings(server: PrivatePostgres, tmp_path: Path) -> Settings:
    found = replace(embedded(tmp_path), database_url=server.url)
    code, _, err = await footfall(found, "migrate")
    assert code == 0, err
    return found


@asynccontextmanager
async def standby_away(url: str) -> AsyncIterator[None]:
    await dba.execute(url, *AWAY)
    shown = "SELECT current_setting('synchronous_standby_names')"

    async def known() -> bool:
        return await dba.value(url, shown) == "other_site"

    try:
        await until(known, "the setting")
        yield
    finally:
        await dba.execute(url, *ALONE)


async def waiting(url: str) -> object:
    """Sessions that wait for a standby, but for those of projectors."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
        "AND application_name NOT LIKE 'footfall projector%'"
    )
    return await dba.value(url, query)


async def test_a_standby_that_is_away_is_told_by_check_status_the_projector_and_ready(
    settings: Settings, server: PrivatePostgres
) -> None:
    port = free_port()
    async with (
        Role(settings, "projector", "--port", str(port), port=port) as projector,
        Role(settings, "projector") as another,
        httpx.AsyncClient(base_url=projector.url, timeout=20) as client,
    ):
        await projector.serving()
        await another.start()
        async with standby_away(server.url):

            async def told() -> bool:
                return all(IN_FULL in one.log() for one in (projector, another))

            await until(told, "both projectors saying what they wait for")
            answer = await client.get("/ready")
            assert answer.status_code == 503
            said = answer.json()["checks"]["partitions"]
            assert said.startswith("the database has not committed for ")
            assert said.endswith(WAITS)

            code, out, _ = await footfall(settings, "check")
            assert code == 1
            late = "ERROR database (PostgreSQL): the database has not committed for 5 s"
            assert f"{late}: {IN_FULL}" in out
            code, out, _ = await footfall(settings, "status")
            (line,) = (line for line in out.splitlines() if line.startswith("projectors alive: "))
            assert "none: nothing is folded; 2 are connected and renew no lease" in line
            assert str(projector.process and projector.process.pid) in line
            # Nothing of check is left waiting there.
            assert await waiting(server.url) == 0

        async def ready() -> bool:
            return (await client.get("/ready")).status_code == 200

        await until(ready, "/ready")
        assert (await footfall(settings, "check"))[0] == 0
        for log in (projector.log(), another.log()):
            assert not [line for line in log.splitlines() if line.endswith("TimeoutError: ")]


@pytest.fixture(params=["direct", pytest.param("pooled", marks=pytest.mark.pgbouncer)])
def way(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """To the same rows, through PgBouncer too."""
    if request.param == "direct":
        yield settings
        return
    with PrivatePgBouncer(settings.rows_url) as pooler:
        yield replace(settings, database_url=pooler.url("postgres"))


async def test_what_is_tried_leaves_nothing_behind_and_ends_in_time(
    way: Settings, server: PrivatePostgres
) -> None:
    async with open_rows(way, now_ms, name="footfall tests x") as rows:
        await rows.require_commits(5)
        async with standby_away(server.url), asyncio.timeout(30):
            for _ in range(3):
                with pytest.raises(StoreUnavailable, match=IN_FULL) as caught:
                    await rows.require_commits(0.3)
                # Names are for operators.
                assert caught.value.told.endswith(WAITS)
            assert await waiting(server.url) == 0
        await rows.require_commits(5)


async def test_a_server_that_does_not_let_a_role_try_is_not_tried(
    settings: Settings, server: PrivatePostgres
) -> None:
    mark = "FUNCTION pg_logical_emit_message(boolean, text, text)"
    await dba.execute(server.url, f"REVOKE EXECUTE ON {mark} FROM PUBLIC", "CREATE ROLE few LOGIN")
    try:
        few = replace(settings, database_url=server.url.replace("//postgres", "//few"))
        async with open_rows(few, now_ms) as rows:
            await rows.require_commits(5)
    finally:
        await dba.execute(server.url, f"GRANT EXECUTE ON {mark} TO PUBLIC", "DROP ROLE few")


async def test_who_holds_a_lock_is_named(settings: Settings, server: PrivatePostgres) -> None:
    async with open_rows(settings, now_ms, name="footfall tests x") as rows:
        holder = create_async_engine(server.url)
        try:
            async with holder.connect() as held:
                await held.exec_driver_sql("SET application_name = 'a nightly job'")
                await held.exec_driver_sql("LOCK TABLE generations")
                pid = (await held.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
                writing = asyncio.create_task(rows.ping())

                async def told() -> bool:
                    found = await rows.waits.look()
                    return found.what == "it waits for a lock" and all(
                        word in found.more for word in ("a nightly job", str(pid), "idle in trans")
                    )

                await until(told, "who holds the lock")
            await writing
        finally:
            await holder.dispose()
