"""What follows the database, asked in its place: reports with their lag, verbs that only read."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import rows.engine
from cli.wiring.process import now_ms
from domain.errors import StoreUnavailable
from domain.hours import parse_instant
from domain.settings import Settings, from_env
from rows.opening import open_rows
from tests import dba
from tests.acceptance.processes import Role, footfall, until
from tests.cluster.standby import PrivateStandby
from tests.conftest import embedded
from tests.servers import PrivatePostgres

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(240)]

PAGE = "example.com/page"
QUESTION = {"page": PAGE, "now": "2025-07-16T12:00:00Z"}
VIEW = {"page": PAGE, "timestamp": "2025-07-16T10:00:00Z"}
# None of it may come of a verb.
TRACEBACK = "Traceback"


@pytest.fixture(scope="module")
def primary() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture(scope="module")
def standby(primary: PrivatePostgres) -> Iterator[PrivateStandby]:
    with PrivateStandby(primary) as server:
        yield server


@pytest.fixture
async def settings(primary: PrivatePostgres, tmp_path: Path) -> Settings:
    """An empty schema on the primary."""
    await dba.execute(primary.url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    found = replace(embedded(tmp_path), database_url=primary.url)
    code, _, err = await footfall(found, "migrate")
    assert code == 0, err
    return found


def both(standby: PrivatePostgres, primary: PrivatePostgres) -> str:
    """The setting that names both, the primary first: order does not decide."""
    url = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
    return from_env({"DATABASE_URL": primary.url, "READ_DATABASE_URL": url}).reports_url


async def level(primary: PrivatePostgres, standby: PrivatePostgres) -> None:
    """Until the standby has all that the primary has committed."""
    end = await dba.value(primary.url, "SELECT pg_current_wal_lsn()::text")

    async def replayed() -> bool:
        query = f"SELECT pg_last_wal_replay_lsn() >= '{end}'"
        return bool(await dba.value(standby.url, query))

    await until(replayed, "the standby having all")


async def send(client: httpx.AsyncClient, views: int) -> None:
    for _ in range(views):
        assert (await client.post("/page-views/single", json=VIEW)).status_code == 202


async def counted(primary: PrivatePostgres, views: int) -> None:
    """Until so many are folded."""

    async def folded() -> bool:
        return await dba.value(primary.url, "SELECT sum(views) FROM page_views") == views

    await until(folded, "the views being counted")


async def test_reading_verbs_are_honest_on_a_standby_and_writing_ones_say_why_not(
    settings: Settings, primary: PrivatePostgres, standby: PrivateStandby
) -> None:
    there = replace(settings, database_url=standby.url)
    async with Role(settings, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url, timeout=20) as client:
            await send(client, 3)
            await counted(primary, 3)
    assert (await footfall(settings, "verify"))[0] == 0
    kept = "SELECT max(checked_ms) FROM audits"
    before = await dba.value(primary.url, kept)
    await level(primary, standby)

    code, out, err = await footfall(there, "verify")
    assert (code, TRACEBACK in err) == (0, False), err
    assert "OK    generation 1: rows 3, folded 3" in out
    assert "NOTE  the server takes no writes: /metrics is not told of this result" in err
    assert await dba.value(primary.url, kept) == before
    code, out, err = await footfall(there, "status")
    assert (code, err) == (0, "")
    for verb in (["check"], ["verify", "--deep"], ["retain"], ["roll-up"], ["replay"]):
        code, out, err = await footfall(there, *verb)
        assert code == 1, verb
        assert "The server takes no writes" in out + err, verb
        assert TRACEBACK not in out + err, verb

    await dba.execute(primary.url, "DELETE FROM hourly_views")
    await level(primary, standby)
    code, out, _ = await footfall(there, "verify")
    assert code == 1
    assert "ERROR generation 1: rows 0, folded 3" in out


async def test_check_says_what_stands_behind_a_commit_as_far_as_the_role_may_see(
    settings: Settings, primary: PrivatePostgres, standby: PrivateStandby
) -> None:
    async def said(found: Settings) -> str:
        _, out, _ = await footfall(found, "check")
        lines = [line for line in out.splitlines() if "standby:" in line]
        assert len(lines) == 1, out
        return lines[0]

    assert (await said(settings)).startswith("NOTE  standby: standby (asynchronous): ")
    async with synchronous(primary, standby), dba.new_role(primary.url) as role:
        assert await said(settings) == "OK    standby: standby has each commit (synchronous)"
        await dba.execute(
            primary.url,
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            f"GRANT USAGE ON SCHEMA public TO {role}",
        )
        one = replace(settings, database_url=dba.as_role(primary.url, role))
        assert (await said(one)).endswith(f"not shown to role {role}: GRANT pg_monitor TO {role}")
        await dba.execute(primary.url, f"ALTER ROLE {role} SET synchronous_commit = off")
        assert f"synchronous_commit is off for role {role}" in await said(one)


@asynccontextmanager
async def synchronous(primary: PrivatePostgres, standby: PrivateStandby) -> AsyncIterator[None]:
    async def set_to(names: str, state: str) -> None:
        await dba.execute(
            primary.url,
            f"ALTER SYSTEM SET synchronous_standby_names = '{names}'",
            "SELECT pg_reload_conf()",
        )
        query = "SELECT coalesce(max(sync_state), 'none') FROM pg_stat_replication"

        async def is_so() -> bool:
            return await dba.value(primary.url, query) == state

        await until(is_so, f"the standby being {state}")

    await set_to(standby.name, "sync")
    try:
        yield
    finally:
        await set_to("", "async")


async def test_a_report_of_a_standby_tells_how_far_it_is_behind(
    settings: Settings, primary: PrivatePostgres, standby: PrivateStandby
) -> None:
    there = replace(settings, read_database_url=standby.url)
    async with Role(there, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url, timeout=20) as client:

            async def asked() -> tuple[int, int, int]:
                """Views, until when they are complete in ms, lag in s."""
                answer = await client.get("/report", params=QUESTION)
                assert answer.status_code == 200, answer.text
                until_ms = parse_instant(answer.headers["Footfall-Complete-Until"])
                views = sum(row["v"] for row in answer.json()["data"])
                return views, until_ms, int(answer.headers["Footfall-Lag-Seconds"])

            async def shows(views: int) -> bool:
                return (await asked())[0] == views

            async def tells() -> bool:
                """Until when it is complete is not known before a projector has said it."""
                answer = await client.get("/report", params=QUESTION)
                return "Footfall-Complete-Until" in answer.headers

            await until(tells, "the standby telling until when it is complete")
            await send(client, 1)
            await until(lambda: shows(1), "the first view")
            await dba.execute(standby.url, "SELECT pg_wal_replay_pause()")
            try:
                paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"

                async def stands() -> bool:
                    return bool(await dba.value(standby.url, paused))

                await until(stands, "the standby standing still")
                _, stood, lag = await asked()
                sent = now_ms()
                await send(client, 2)
                await counted(primary, 3)

                async def grown() -> bool:
                    return (await asked())[2] >= lag + 2

                await until(grown, "the lag being told")
                # What it cannot show it does not say it has.
                assert (await asked())[:2] == (1, stood)
                assert stood <= sent
            finally:
                await dba.execute(standby.url, "SELECT pg_wal_replay_resume()")
            await until(lambda: shows(3), "the views on the standby")

            async def complete() -> bool:
                return (await asked())[1] > sent

            await until(complete, "the standby being complete")


async def test_reports_fall_back_to_the_primary_and_go_back_to_the_standby(
    settings: Settings,
    primary: PrivatePostgres,
    standby: PrivateStandby,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = replace(settings, read_database_url=both(standby, primary))
    there, here = f"127.0.0.1:{standby.port}", f"127.0.0.1:{primary.port}"
    # How long a connection is used at most: five minutes, outside of this test.
    monkeypatch.setattr(rows.engine, "RECYCLE_SECONDS", 1)
    async with Role(named, "read-api") as api, open_rows(named, now_ms) as opened:
        await api.serving()
        async with httpx.AsyncClient(base_url=api.url, timeout=20) as client:
            assert await opened.answering() == (there, True)
            code, out, _ = await footfall(named, "check")
            assert f"OK    database for reports (PostgreSQL): {there}, a standby" in out
            assert code == 0, out
            assert (await client.get("/report", params=QUESTION)).status_code == 200

            await asyncio.to_thread(standby.kill)
            try:
                # Its connections are known to be gone: not one question is lost.
                assert (await client.get("/report", params=QUESTION)).status_code == 200
                assert (await client.get("/ready")).status_code == 200
                assert await opened.answering() == (here, False)
                code, out, _ = await footfall(named, "check")
                assert code == 0, out
                assert f"(PostgreSQL): {here}, which is no standby" in out
            finally:
                await asyncio.to_thread(standby.start)

            async def back() -> bool:
                return await opened.answering() == (there, True)

            await until(back, "reports coming from the standby again")


async def test_a_standby_that_vanishes_in_a_question_costs_that_one(
    settings: Settings, primary: PrivatePostgres, standby: PrivateStandby
) -> None:
    named = replace(settings, read_database_url=both(standby, primary))
    async with open_rows(named, now_ms) as opened:
        asking = asyncio.create_task(_slow(opened.reports._engine))
        pid = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"

        async def begun() -> bool:
            return await dba.value(standby.url, pid) == 1

        await until(begun, "the question")
        await asyncio.to_thread(standby.kill)
        try:
            with pytest.raises(StoreUnavailable):
                await asking
            assert (await opened.answering())[1] is False
        finally:
            await asyncio.to_thread(standby.start)


async def _slow(engine: AsyncEngine) -> None:
    async with rows.database.database_errors(), engine.connect() as connection:
        await connection.exec_driver_sql("SELECT pg_sleep(60)")
