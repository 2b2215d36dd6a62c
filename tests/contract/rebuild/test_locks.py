"""Who locks two things locks them in one order: nobody waits for somebody who waits for them."""

import asyncio

import pytest
from sqlalchemy import text

from domain.errors import RebuildError
from projector.rebuild.promotion import promote
from rows.engine import engine_at
from rows.rebuild.generations import SqlGenerations
from tests import dba
from tests.contract.rebuild.site import SECOND, Site

SECONDS = 20
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock'"
)
postgresql_only = pytest.mark.parametrize(
    "site", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


async def waiting(site: Site, number: int) -> None:
    """So many wait for locks."""
    async with asyncio.timeout(SECONDS):
        while await dba.value(site.url, _WAITING) != number:
            await asyncio.sleep(0.02)


@postgresql_only
async def test_two_may_drop_a_generation(site: Site) -> None:
    """Retention, and an abandoned rebuild."""
    await site.fill()
    await site.fold()
    await site.build()
    await site.audits.save(SECOND, "totals", 0)
    async with engine_at(site.url) as engine:
        other = SqlGenerations(engine, lambda: 0)
        async with site.engine.begin() as holding:
            # The first stops in the middle of its last transaction.
            await holding.execute(text("SELECT * FROM audits WHERE generation = 2 FOR SHARE"))
            first = asyncio.create_task(site.generations.drop(SECOND))
            await waiting(site, 1)
            second = asyncio.create_task(other.drop(SECOND))
            await waiting(site, 2)
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(first, second)
    assert await site.states() == {1: "live"}
    await site.assert_exact()


@postgresql_only
async def test_many_drop_a_generation_at_once(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    async with engine_at(site.url) as engine:
        other = SqlGenerations(engine, lambda: 0)
        droppers = [site.generations.drop(SECOND), other.drop(SECOND), other.drop(SECOND)]
        async with asyncio.timeout(SECONDS):
            results = await asyncio.gather(*droppers, return_exceptions=True)
    # Who came when all was done says that there is nothing.
    assert all(isinstance(found, RebuildError | None) for found in results), results
    assert await site.states() == {1: "live"}
    await site.assert_exact()


@postgresql_only
async def test_a_promotion_and_who_drops_what_it_promotes(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    async with engine_at(site.url) as engine:
        other = SqlGenerations(engine, lambda: 0)
        async with site.engine.begin() as holding:
            # The promotion stops where it has locked what it needs of the old.
            await holding.execute(text("SELECT * FROM checkpoints WHERE generation = 2 FOR SHARE"))
            promoting = asyncio.create_task(
                promote(site.generations, site.log, site.epoch, SECOND, 1_000)
            )
            await waiting(site, 1)
            dropping = asyncio.create_task(other.drop(SECOND))
            await waiting(site, 2)
        async with asyncio.timeout(SECONDS):
            await promoting
            with pytest.raises(RebuildError, match="is live"):
                await dropping
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()
