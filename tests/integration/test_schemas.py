"""Two installations in two schemas of one database, both at work, neither knows of the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cli.output.rebuild import Narrator
from domain.errors import StoreUnavailable
from domain.events import Generation
from domain.hours import hour_of
from domain.page_rules import NO_RULES
from migrations.turn import LOCK
from migrations.upgrade import upgrade
from projector.rebuild.replay import Replay, replay
from projector.rebuild.verify import verify
from rows.database import LEASES_LOCK, MONTHS_LOCK, STRUCTURE_LOCK, alone
from rows.engine import engine_at
from rows.fold.leases import SqlLeases
from rows.jobs import RETENTION
from rows.retention.expiry import SqlExpiry
from tests import dba
from tests.conftest import postgres_database
from tests.contract.rebuild.site import MONTH_MS, ONE, PAGE, Site
from tests.factories import TEN, event

pytestmark = pytest.mark.postgres

SECONDS = 20
OTHER = "other"
PATHS = {
    "a schema alone": "other",
    "a name that needs quotes": '"Zweite: 2", public',
    "a name with a quote": '"o\'brien", public',
}


@pytest.fixture
async def database() -> AsyncIterator[str]:
    async with postgres_database() as url:
        yield url


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as found:
        yield found


async def installed(stack: AsyncExitStack, url: str) -> Site:
    async with engine_at(url) as engine:
        await upgrade(engine)
    site = Site(url)
    stack.push_async_callback(site.close)
    return site


async def in_schema(stack: AsyncExitStack, database: str, path: str) -> str:
    """The URL of a role whose `search_path` begins with a schema of its own."""
    role = await stack.enter_async_context(dba.new_role(database, search_path=path))
    await dba.execute(database, f"CREATE SCHEMA {path.partition(',')[0]} AUTHORIZATION {role}")
    return dba.as_role(database, role)


async def work(site: Site, times: int) -> None:
    """Everything there is to do, with as many views as the other has not."""
    await site.take_job()
    for _ in range(times):
        await site.fill()
    await site.fold()
    await site.assert_exact()
    assert (await verify(site.rebuild(), Narrator())).differing == 0
    await replay(site.rebuild(), Replay(NO_RULES), Narrator())
    await site.append(ONE, event(PAGE, TEN + 7 * MONTH_MS))
    await site.fold(epoch=2)
    await site.assert_exact()


@pytest.mark.parametrize("path", PATHS.values(), ids=list(PATHS))
async def test_two_installations_work_side_by_side(
    database: str, stack: AsyncExitStack, path: str
) -> None:
    first = await installed(stack, database)
    second = await installed(stack, await in_schema(stack, database, path))

    await asyncio.gather(work(first, 1), work(second, 2))
    await first.assert_exact()
    await second.assert_exact()

    # The oldest month of the one goes, those of the other stay.
    (live,) = (number for number, state in (await second.states()).items() if state == "live")
    horizon = hour_of(TEN + MONTH_MS)
    expiry = SqlExpiry(second.engine)
    epoch = await second.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    await expiry.advance(epoch, horizon)
    gone = [rows async for rows in expiry.drop_rows(epoch, horizon)]
    assert [(rows.generation, rows.table) for rows in gone] == [
        (live, f"hourly_views_g{live}_2025_07")
    ]
    await first.assert_exact()
    assert (await second.comparison.audit(Generation(live))).difference == 0


@pytest.mark.parametrize("lock", [STRUCTURE_LOCK, MONTHS_LOCK, LEASES_LOCK])
async def test_nobody_waits_for_the_locks_of_another_schema(
    database: str, stack: AsyncExitStack, lock: int
) -> None:
    first = await installed(stack, database)
    second = await installed(stack, await in_schema(stack, database, "other"))
    async with asyncio.timeout(SECONDS), first.engine.begin() as mine:
        await alone(mine, lock)
        async with second.engine.begin() as other:
            await alone(other, lock)


async def test_locks_of_public_are_those_of_earlier_releases(
    database: str, stack: AsyncExitStack
) -> None:
    site = await installed(stack, database)
    async with site.engine.begin() as mine:
        await alone(mine, LEASES_LOCK)
        key = f"SELECT pg_try_advisory_lock({LEASES_LOCK})"
        assert await dba.value(database, key) is False


async def test_an_upgrade_waits_for_none_of_another_schema(
    database: str, stack: AsyncExitStack
) -> None:
    other = await in_schema(stack, database, "other, public")
    first = await installed(stack, database)
    async with asyncio.timeout(SECONDS), first.engine.begin() as mine:
        await mine.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        second = await installed(stack, other)
    await SqlLeases(first.engine, 1_000).enter(2)
    await SqlLeases(second.engine, 1_000).enter(5)
    assert len((await SqlLeases(first.engine, 1_000).ownership()).owners) == 2
    assert len((await SqlLeases(second.engine, 1_000).ownership()).owners) == 5


async def test_tables_are_made_where_the_others_are_whatever_comes_first(
    database: str, stack: AsyncExitStack
) -> None:
    """A role whose path begins with a schema of its own finds what stands in public."""
    owner = await installed(stack, database)
    role = await stack.enter_async_context(dba.new_role(database, search_path='"$user", public'))
    await dba.execute(database, f"CREATE SCHEMA {role} AUTHORIZATION {role}")
    await dba.execute(database, f"ALTER ROLE {role} SUPERUSER")
    site = Site(dba.as_role(database, role))
    stack.push_async_callback(site.close)
    await work(site, 1)
    owner.expected = site.expected
    await owner.assert_exact()
    made = f"SELECT count(*) FROM pg_class WHERE relnamespace = '{role}'::regnamespace"
    assert await dba.value(database, made) == 0


async def test_a_path_that_leads_nowhere_is_told(database: str, stack: AsyncExitStack) -> None:
    role = await stack.enter_async_context(dba.new_role(database, search_path="nowhere"))
    async with engine_at(dba.as_role(database, role)) as engine:
        with pytest.raises(StoreUnavailable, match=r"search_path is nowhere: no schema .* CREATE"):
            await upgrade(engine)


async def test_the_schema_of_a_database_is_the_schema_of_all_its_roles(
    database: str, stack: AsyncExitStack
) -> None:
    name = database.rpartition("/")[2]
    await dba.execute(
        database, "CREATE SCHEMA counted", f"ALTER DATABASE {name} SET search_path = counted"
    )
    site = await installed(stack, database)
    await work(site, 1)
    outside = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert await dba.value(database, outside) == 0


async def test_a_url_may_name_the_schema(database: str, stack: AsyncExitStack) -> None:
    first = await installed(stack, database)
    await dba.execute(database, f"CREATE SCHEMA {OTHER}")
    second = await installed(stack, f"{database}?options=-c%20search_path%3D{OTHER}")
    await asyncio.gather(work(first, 1), work(second, 2))
    await first.assert_exact()
    await second.assert_exact()
