"""Sums of generations that are built, promoted, rolled back, dropped, and of what is past."""

from sqlalchemy import select

from domain.clocks import Known
from domain.events import Epoch, Generation, Hour, Partition
from domain.hours import HOUR_MS, hour_of
from domain.jobs import RETENTION
from domain.letters import Letter
from projector.aggregates.rolling import Silent
from rows.aggregates.audit import SqlSumsAudits
from rows.fold.dead_letters import SqlDeadLetters
from rows.jobs import SqlJobs
from rows.rebuild.generations import SqlGenerations
from rows.retention.expiry import SqlExpiry
from rows.tables import (
    checkpoints,
    dimension_months,
    page_months,
    page_years,
    rolled_months,
    site_days,
)
from tests.contract.aggregates.rolling import assert_true, roll_up, rolled_days
from tests.contract.rebuild.site import (
    DAY_MS,
    FIRST,
    HOUR,
    LEASE_MS,
    MONTH_MS,
    ONE,
    PAGE,
    PARTITIONS,
    SECOND,
    Site,
)
from tests.factories import TEN, event

LATER = TEN + 400 * DAY_MS
KEEP_MS = 1_000_000


async def promote(site: Site, *, keep_ms: int = KEEP_MS) -> None:
    """As footfall replay does."""
    rebuild = site.rebuild()
    info = await site.build()
    await rebuild.roll_up(info.generation, Silent())
    await rebuild.promote(info.generation, keep_ms)


async def audit(site: Site, generation: Generation = FIRST) -> tuple[int, int, int]:
    """Days, whole months, differences."""
    found = await SqlSumsAudits(site.snapshots).audit(generation, by_page=True)
    return found.days, found.months, found.differing


async def are_marked(site: Site, generation: Generation) -> bool:
    async with site.engine.connect() as connection:
        found = await connection.execute(
            select(checkpoints.c.epoch, checkpoints.c.marked_epoch).where(
                checkpoints.c.generation == generation
            )
        )
        return all(row.epoch == row.marked_epoch for row in found)


async def sums(site: Site, generation: Generation) -> int:
    """Rows of sums."""
    async with site.engine.connect() as connection:
        found = [
            (await connection.execute(select(table).where(table.c.generation == generation))).all()
            for table in (page_months, page_years, site_days, dimension_months, rolled_months)
        ]
    return sum(map(len, found))


async def test_a_replay_has_its_sums_when_it_is_live(site: Site) -> None:
    await site.fill()
    await site.fold()
    await promote(site)
    assert await site.aggregates.live() == SECOND
    assert await audit(site, SECOND) == (3, 3, 0)
    assert await are_marked(site, SECOND)
    await assert_true(site.engine, SECOND)
    await site.append(ONE, event(PAGE, TEN))
    await site.fold(epoch=2)
    assert len(await rolled_days(site.engine, SECOND)) == 2
    await roll_up(site.engine, LATER)
    assert await audit(site, SECOND) == (3, 3, 0)


async def test_what_a_promotion_folds_is_due(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.build()
    await site.rebuild().roll_up(info.generation, Silent())
    await site.append(ONE, event(PAGE, TEN))
    await site.fold()
    await site.rebuild().promote(info.generation, KEEP_MS)
    assert await audit(site, SECOND) == (2, 2, 0)
    await assert_true(site.engine, SECOND)


async def test_a_rollback_adds_up_what_came_since(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    await promote(site)
    await site.append(ONE, event(PAGE, TEN), event(PAGE, TEN - DAY_MS))
    await site.fold(epoch=2)
    rebuild = site.rebuild()
    info = await rebuild.reopen("rollback")
    await rebuild.catch_up(info.generation)
    assert (await rebuild.roll_up(info.generation, Silent())).days == 2
    await rebuild.promote(info.generation, KEEP_MS)
    assert await site.aggregates.live() == FIRST
    assert await are_marked(site, FIRST)
    assert await audit(site) == (4, 3, 0)
    for generation in (FIRST, SECOND):
        await assert_true(site.engine, generation)


async def test_an_epoch_of_one_that_marks_nothing_is_not_marked_by_a_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.build()
    await site.execute("UPDATE checkpoints SET epoch = 5 WHERE generation = 1 AND partition = 1")
    await site.rebuild().promote(info.generation, KEEP_MS)
    assert not await are_marked(site, SECOND)
    await site.store.claim(ONE, Epoch(6))
    assert await are_marked(site, SECOND)


async def test_a_generation_that_is_dropped_takes_its_sums_along(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    await promote(site)
    assert await sums(site, FIRST)
    await SqlGenerations(site.engine, lambda: 0).drop(FIRST)
    assert not await sums(site, FIRST)
    assert await audit(site, SECOND) == (3, 3, 0)


async def test_an_audit_is_of_what_a_generation_has(site: Site) -> None:
    await site.fill()
    await site.fold()
    assert await audit(site) == (0, 0, 0)


async def test_hours_that_are_carried_over_are_added_up(site: Site) -> None:
    await site.fill()
    await site.fold()
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 1)
    info = await site.build(carry_over=True)
    assert info.carried_before is not None
    assert (await site.rebuild().roll_up(info.generation, Silent())).days
    await assert_true(site.engine, SECOND)


async def retained(site: Site, horizon: int) -> None:
    jobs, expiry = SqlJobs(site.engine, LEASE_MS), SqlExpiry(site.engine)
    epoch = await jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    kept = await expiry.advance(epoch, Hour(horizon))
    async for _ in expiry.drop_rows(epoch, kept):
        pass
    await jobs.release(RETENTION, "tests", epoch)


async def test_sums_of_what_is_past_go(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    before = await sums(site, FIRST)
    await retained(site, hour_of(TEN + MONTH_MS))
    assert await sums(site, FIRST) < before
    # The day of the horizon begins before it.
    assert await audit(site) == (1, 1, 0)
    await site.append(ONE, event(PAGE, TEN + MONTH_MS + HOUR_MS))
    await site.fold()
    assert not await roll_up(site.engine, LATER)
    assert await audit(site) == (1, 1, 0)


async def test_a_horizon_that_is_moved_back_takes_no_sum_along(site: Site) -> None:
    await site.fill()
    await site.fold()
    await roll_up(site.engine, LATER)
    await retained(site, HOUR + 14 + 24)
    jobs, expiry = SqlJobs(site.engine, LEASE_MS), SqlExpiry(site.engine)
    epoch = await jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    await expiry.remember(epoch, Known(LATER))
    await expiry.move_back(epoch, Hour(HOUR - 1_000), LATER)
    assert not await rolled_days(site.engine)
    await roll_up(site.engine, LATER)
    await assert_true(site.engine)
    assert (await audit(site))[2] == 0


async def test_a_letter_that_counts_later_makes_its_day_due(site: Site) -> None:
    await site.append(ONE, event(PAGE, TEN))
    body = await site.append(ONE, event(PAGE, TEN + HOUR_MS), at_ms=TEN + 36_500 * DAY_MS)
    await site.fold()
    await roll_up(site.engine, LATER)
    assert len(await rolled_days(site.engine)) == 1
    letters = SqlDeadLetters(site.engine, lambda: TEN)
    (letter,) = (await letters.page(10)).letters
    assert isinstance(letter, Letter)
    await letters.retry(site.epoch, letter, body, believing=True)
    assert not await rolled_days(site.engine)
    assert await are_marked(site, FIRST)
    await roll_up(site.engine, LATER)
    await assert_true(site.engine)
