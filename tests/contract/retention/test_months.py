"""Months are dropped whole, under the hands of those who read and fold."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text, update

from domain.errors import StoreUnavailable
from domain.hours import hour_of
from rows.postgresql import months
from rows.postgresql.making import MonthPartitions
from rows.postgresql.places import detach, structure_held
from rows.tables import generations
from tests.contract.retention.site import JUST_KEPT, JUST_PAST, LIVE, Site, hours, postgresql_only


@postgresql_only
async def test_a_month_that_was_detached_and_not_dropped_is_finished(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    await detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
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
            await detach(
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
                await detach(
                    site.engine, "hourly_views_g1", "hourly_views_g1_2025_06", patience_seconds=1
                )
    if not pending:
        await detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    await site.count(JUST_PAST)
    assert await hours(site, JUST_PAST) == {hour_of(JUST_PAST): 2}
    assert await site.difference() == 0


@postgresql_only
async def test_a_fold_waits_for_retention_to_drop_the_month(site: Site) -> None:
    await site.count(JUST_PAST)
    async with structure_held(site.engine):
        await detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
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


@postgresql_only
async def test_months_of_decades_are_made_in_few_transactions(site: Site) -> None:
    commits: list[object] = []
    event.listen(site.engine.sync_engine, "commit", commits.append)
    wanted = months.between((1995, 1), (2014, 12))
    await MonthPartitions(site.engine).ensure_months(LIVE, wanted)
    assert len(commits) <= 20
    async with site.engine.connect() as connection:
        assert set(wanted) <= set(await months.months(connection, LIVE))
    old = [int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) * 1_000 for year in range(1995, 2015)]
    await site.count(*old, JUST_KEPT)
    assert await site.difference() == 0


@postgresql_only
async def test_of_months_that_are_made_together_one_may_be_half_removed(site: Site) -> None:
    await site.count(JUST_PAST)
    await detach(site.engine, "hourly_views_g1", "hourly_views_g1_2025_06")
    wanted = months.between((2025, 4), (2025, 8))
    await MonthPartitions(site.engine).ensure_months(LIVE, wanted)
    assert sum((await hours(site, JUST_PAST)).values()) == 1
    assert await site.difference() == 0
