"""A primary that is killed under load, with both servers in DATABASE_URL: all goes on by itself."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.errors import StoreUnavailable
from domain.settings import Settings, from_env
from tests import dba
from tests.acceptance.processes import Role, footfall, until
from tests.acceptance.test_exactly_once import Load, folded, stored
from tests.cluster.standby import PrivateStandby, follow
from tests.conftest import embedded
from tests.servers import PrivatePostgres

pytestmark = [pytest.mark.machines, pytest.mark.private_servers, pytest.mark.timeout(420)]

logger = logging.getLogger(__name__)

CLIENTS = 4


@pytest.fixture
def first() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture
def second(first: PrivatePostgres) -> Iterator[PrivateStandby]:
    with PrivateStandby(first, name="second") as server:
        yield server


@pytest.fixture
async def settings(first: PrivatePostgres, second: PrivateStandby, tmp_path: Path) -> Settings:
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
    url = from_env({"DATABASE_URL": f"postgresql://postgres@{hosts}/postgres"}).database_url
    found = replace(embedded(tmp_path), database_url=url)
    code, _, err = await footfall(found, "migrate")
    assert code == 0, err
    return found


def at(settings: Settings, server: PrivatePostgres) -> Settings:
    """With nothing but this one."""
    return replace(settings, database_url=server.url)


async def total(settings: Settings) -> int:
    """Views that are counted; -1 where nobody answers."""
    try:
        return (await stored(settings)).total()
    except StoreUnavailable:
        return -1


async def grows(settings: Settings, what: str) -> None:
    """Until more is counted than now."""
    before = await total(settings)

    async def more() -> bool:
        return await total(settings) > before

    await until(more, what, 60)


async def is_value(url: str, query: str, wanted: object, what: str) -> None:
    async def found() -> bool:
        return await dba.value(url, query) == wanted

    await until(found, what, 60)


async def wait_for_each_commit(first: PrivatePostgres, second: PrivateStandby) -> None:
    names = f"ALTER SYSTEM SET synchronous_standby_names = '{second.name}'"
    await dba.execute(first.url, names, "SELECT pg_reload_conf()")
    query = "SELECT max(sync_state) FROM pg_stat_replication"
    await is_value(first.url, query, "sync", "a synchronous standby")


async def lose_the_last_commits(settings: Settings, second: PrivateStandby) -> None:
    """The standby hears of nothing any more, and views are counted on the primary meanwhile."""
    alone = "ALTER SYSTEM SET primary_conninfo = ''"
    await dba.execute(second.url, alone, "SELECT pg_reload_conf()")
    heard = "SELECT count(*) FROM pg_stat_wal_receiver"
    await is_value(second.url, heard, 0, "the standby being on its own")
    await grows(settings, "commits that the standby has not")


@pytest.mark.parametrize("synchronous", [True, False], ids=["synchronous", "asynchronous"])
async def test_a_primary_that_is_killed_costs_no_view_and_returns_as_a_standby(
    settings: Settings, first: PrivatePostgres, second: PrivateStandby, *, synchronous: bool
) -> None:
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "read-api") as api,
        Role(settings, "projector") as projector,
        Role(settings, "projector") as another,
    ):
        await asyncio.gather(
            ingest.serving(90), api.serving(90), projector.start(), another.start()
        )
        load = Load(ingest.url, clients=CLIENTS)
        running = asyncio.create_task(load.run())
        await grows(at(settings, second), "views reaching the standby")
        if synchronous:
            await wait_for_each_commit(first, second)
            await grows(at(settings, second), "views being counted by both")
        else:
            await lose_the_last_commits(settings, second)

        await asyncio.to_thread(first.kill)
        killed = time.monotonic()
        await dba.execute(second.url, "SELECT pg_promote()")
        promoted = time.monotonic()
        await grows(at(settings, second), "views being counted on the new primary")
        logger.info(
            "promoted %.1f s after the kill, counting %.1f s later",
            promoted - killed,
            time.monotonic() - promoted,
        )
        await until(lambda: answers(api), "reports from the new primary")

        # The former primary is the first of the hosts, and follows now.
        await asyncio.to_thread(follow, first, second, "first")
        await asyncio.to_thread(first.start)
        await projector.kill()
        await projector.start()
        await grows(at(settings, second), "views being counted beside the returned server")
        load.stop()
        await running
        await until(lambda: folded(settings), "the fold catching up", 60)

        # Ingest asks the database for nothing that it cannot do without.
        assert not load.uncertain
        assert await stored(at(settings, second)) == load.confirmed
        assert await dba.value(first.url, "SELECT pg_is_in_recovery()") is True
        await until(
            lambda: equal(lambda: stored(at(settings, first)), load.confirmed), "both being equal"
        )
        assert await reported(api) == load.confirmed[PAGE]
    code, out, err = await footfall(settings, "verify")
    assert code == 0, out + err
    code, out, err = await footfall(settings, "verify", "--deep")
    assert code == 0, out + err


async def test_a_former_primary_that_comes_back_as_one_is_folded_into_exactly_too(
    settings: Settings, first: PrivatePostgres, second: PrivateStandby
) -> None:
    """Whoever connects anew takes the first host that can be written to. Each of the two has its
    own checkpoints, and no view counts twice in either.
    """
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "projector") as projector,
        Role(settings, "projector") as another,
    ):
        await asyncio.gather(ingest.serving(90), projector.start(), another.start())
        load = Load(ingest.url, clients=CLIENTS)
        running = asyncio.create_task(load.run())
        await grows(at(settings, second), "views reaching the standby")
        await asyncio.to_thread(first.kill)
        await dba.execute(second.url, "SELECT pg_promote()")
        await grows(at(settings, second), "views being counted on the new primary")

        await asyncio.to_thread(first.start)
        # One of the two has to connect anew, the other stays where it is for a while.
        assert projector.process is not None
        await dba.execute(
            second.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE application_name LIKE 'footfall projector%%-{projector.process.pid}'",
        )
        await grows(at(settings, first), "views being counted on the former primary")
        await asyncio.to_thread(first.kill)
        await grows(at(settings, second), "views being counted on the new primary again")
        load.stop()
        await running
        await until(lambda: folded(at(settings, second)), "the fold catching up", 60)
        assert not load.uncertain
        assert await stored(at(settings, second)) == load.confirmed
    code, out, err = await footfall(at(settings, second), "verify", "--deep")
    assert code == 0, out + err

    # And the former one: some of it, none of it twice.
    await asyncio.to_thread(first.start)
    code, out, err = await footfall(at(settings, first), "verify")
    assert code == 0, out + err
    there = await stored(at(settings, first))
    assert 0 < there.total() <= load.confirmed.total()
    assert not there - load.confirmed
    # Folding on it comes to the same.
    async with Role(at(settings, first), "projector") as projector:
        await projector.start()
        await until(lambda: folded(at(settings, first)), "the former primary catching up", 60)
        assert await stored(at(settings, first)) == load.confirmed


PAGE = "example.com/0"


async def equal(found: Callable[[], Awaitable[Counter[str]]], wanted: Counter[str]) -> bool:
    return await found() == wanted


async def reported(api: Role) -> int:
    query = {"page": PAGE, "now": "2025-07-16T12:00:00Z"}
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as client:
        answer = await client.get("/report", params=query)
    assert answer.status_code == 200, answer.text
    return sum(row["v"] for row in answer.json()["data"])


async def answers(api: Role) -> bool:
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as client:
        return (await client.get("/ready")).status_code == 200
