"""Months are dropped whole, under the hands of those who read and fold."""

import asyncio

import pytest
from sqlalchemy import text, update

from domain.errors import StoreUnavailable
from domain.hours import hour_of
from rows.postgresql import months
from rows.tables import generations
from tests.contract.retention.site import JUST_KEPT, JUST_PAST, LIVE, Site, hours, postgresql_only


@postgresql_only
async def test_a_month_that_was_detached_and_not_dropped_is_finished(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    assert await site.difference() == 0
    (rows,) = (await site.run()).rows
    assert (rows.table, rows.rows, rows.views) == ("hourly_views_g1_2025_06", 1, 1)
    assert await site.difference() == 0


@postgresql_only
async def test_a_reader_that_holds_a_month_for_long_holds_nobody_else(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    async with site.engine.connect() as reader:
        await reader.execute(text("SELECT * FROM hourly_views"))
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            await months.detach(
                site.engine, "hourly_views_g1", "hourly_views_g1_2025_06", patience_seconds=1
            )
        # Begun: new statements do not see it any more, whoever adds up does.
        assert await site.difference() == 0
        assert await hours(site, JUST_PAST) == {}
    (rows,) = (await site.run()).rows
    assert (rows.rows, rows.views) == (1, 1)
    assert await site.difference() == 0


@postgresql_only
@pytest.mark.parametrize("pending", [False, True])
async def test_a_fold_puts_a_month_back_that_was_left_half_removed(
    site: Site, pending: bool
) -> None:
    await site.count(JUST_PAST)
    async with site.engine.connect() as reader:
        if pending:
            await reader.execute(text("SELECT * FROM hourly_views"))
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await months.detach(
                    site.engine, "hourly_views_g1", "hourly_views_g1_2025_06", patience_seconds=1
                )
    if not pending:
        await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    await site.count(JUST_PAST)
    assert await hours(site, JUST_PAST) == {hour_of(JUST_PAST): 2}
    assert await site.difference() == 0


@postgresql_only
async def test_a_fold_waits_for_retention_to_drop_the_month(site: Site) -> None:
    await site.count(JUST_PAST)
    async with months.structure_held(site.engine):
        await months.detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
        folding = asyncio.create_task(site.count(JUST_PAST))
        await asyncio.sleep(0.3)
        assert not folding.done()
        async with site.engine.begin() as connection:
            await connection.execute(update(generations).values(expired_views=1))
            await connection.execute(text("DROP TABLE hourly_views_g1_2025_06"))
    await folding
    assert await site.difference() == 0


@postgresql_only
async def test_this_month_and_the_next_stand_ready(site: Site) -> None:
    await site.run(days=0)
    async with site.engine.connect() as connection:
        assert await months.months(connection, LIVE) == [(2025, 7), (2025, 8)]
