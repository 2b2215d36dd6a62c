"""Who locks two things locks them in one order: nobody waits for somebody who waits for them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from domain.errors import RebuildError
from domain.events import Entry, Epoch
from domain.page_rules import NO_RULES
from domain.projection import project
from projector.rebuild.promotion import promote
from rows.engine import engine_at
from rows.rebuild.generations import SqlGenerations
from tests import dba
from tests.contract.rebuild.site import ONE, PAGE, SECOND, Site
from tests.factories import TEN, event

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


async def _cancelled(site: Site, number: int) -> None:
    """An administrator, or a limit, ends the statements of those who wait."""
    await waiting(site, number)
    ended = (
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    assert await dba.value(site.url, ended) == number


@postgresql_only
async def test_what_the_database_undid_is_done_once_more(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await site.fill()
    await site.fold()
    checkpoint = (await site.store.claim(ONE, Epoch(1))).checkpoint
    body = await site.append(ONE, event(PAGE, TEN))
    delta = project([Entry(checkpoint.next_offset, body)])
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "jobs": lambda: site.generations.begin(site.epoch, "replay", NO_RULES, {}, None),
        "checkpoints": lambda: site.store.apply(checkpoint, delta),
        "generations": lambda: site.generations.drop(SECOND),
    }
    for table, step in steps.items():
        async with site.engine.begin() as holding:
            await holding.execute(text(f"SELECT * FROM {table} FOR UPDATE"))
            doing = asyncio.ensure_future(step())
            await _cancelled(site, 1)
            await waiting(site, 1)
        async with asyncio.timeout(SECONDS):
            await doing
    assert await site.states() == {1: "live"}
    await site.assert_exact()
    assert caplog.text.count("once more") == 2


@postgresql_only
async def test_a_promotion_that_was_undone_is_done_once_more(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    async with site.engine.begin() as holding:
        await holding.execute(text("SELECT * FROM checkpoints WHERE generation = 1 FOR UPDATE"))
        promoting = asyncio.create_task(site.rebuild().promote(SECOND, 1_000))
        await _cancelled(site, 1)
        await waiting(site, 1)
    async with asyncio.timeout(SECONDS):
        await promoting
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()
