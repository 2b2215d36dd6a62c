"""A rebuild after the horizon was moved back: what rows and log have left of each hour, once."""

import pytest

from domain.errors import HistoryIncomplete
from domain.events import Hour, Partition
from domain.hours import HOUR_MS, hour_of
from domain.retention import NOTHING_PAST
from rows.jobs import RETENTION
from rows.retention.expiry import SqlExpiry
from tests.contract.rebuild.site import DAY_MS, MONTH_MS, PAGE, PARTITIONS, Site
from tests.factories import TEN, event

JULY, AUGUST, SEPTEMBER = TEN, TEN + MONTH_MS, TEN + 2 * MONTH_MS
WRONG = Hour(hour_of(SEPTEMBER) + 100)
FAR = Hour(hour_of(SEPTEMBER) + 500 * 24)


async def everywhere(site: Site, *moments: int, at_ms: int) -> None:
    """A batch with a view at each moment in every partition, folded."""
    for number in range(PARTITIONS):
        await site.append(Partition(number), *(event(PAGE, m) for m in moments), at_ms=at_ms)
    await site.fold()


async def dropped_and_moved_back(site: Site, wrong: Hour = WRONG) -> None:
    """Three months of views, dropped by a horizon in September that is moved back then.

    PostgreSQL drops months: those of the month of the horizon stay.
    """
    for moment in (JULY, AUGUST, SEPTEMBER):
        await everywhere(site, moment, at_ms=moment)
    expiry = SqlExpiry(site.engine)
    epoch = await site.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    await expiry.advance(epoch, wrong)
    async for _ in expiry.drop_rows(epoch, wrong):
        pass
    await expiry.move_back(epoch, NOTHING_PAST, SEPTEMBER)
    await site.jobs.release(RETENTION, "tests", epoch)
    left = PARTITIONS if site.postgresql and wrong == WRONG else 0
    assert sum((await site.rows()).values()) == left


async def test_what_the_log_still_holds_comes_back(site: Site) -> None:
    await dropped_and_moved_back(site)
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 1)
    site.expected[PAGE, hour_of(JULY)] -= PARTITIONS
    # The live generation has these, and the log has them.
    await everywhere(site, JULY, AUGUST, SEPTEMBER, at_ms=SEPTEMBER + DAY_MS)
    info = await site.build()
    await everywhere(site, JULY, at_ms=SEPTEMBER + DAY_MS + 1)
    assert (await site.rebuild().compare(info)).differing == (0 if site.postgresql else 1)
    await site.rebuild().promote(info.generation, 0)
    await site.assert_exact()
    # The new generation has no gap any more: hours that only it has are not lost.
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 4)
    with pytest.raises(HistoryIncomplete):
        await site.build()


async def test_hours_that_only_the_rows_have_are_carried_over_beside_it(site: Site) -> None:
    await dropped_and_moved_back(site)
    late = SEPTEMBER + DAY_MS
    await everywhere(site, JULY, SEPTEMBER, late, at_ms=late)
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 3)
    before = await site.rows()
    assert before[PAGE, hour_of(SEPTEMBER)] == (2 if site.postgresql else 1) * PARTITIONS
    if site.postgresql:
        with pytest.raises(HistoryIncomplete, match="2025-09-16T10:00Z"):
            await site.build()
    info = await site.build(carry_over=True)
    assert (await site.rebuild().compare(info)).differing == 0
    await site.rebuild().promote(info.generation, 0)
    assert await site.rows() == before
    await everywhere(site, JULY, SEPTEMBER, at_ms=late + HOUR_MS)
    after = await site.rows()
    assert after[PAGE, hour_of(JULY)] == before[PAGE, hour_of(JULY)] + PARTITIONS
    assert after[PAGE, hour_of(SEPTEMBER)] == before[PAGE, hour_of(SEPTEMBER)] + PARTITIONS


@pytest.mark.parametrize("after_ms", [2 * HOUR_MS, DAY_MS, 100 * DAY_MS])
async def test_no_hour_after_the_reset_was_robbed_however_far_the_horizon_was(
    site: Site, after_ms: int
) -> None:
    await dropped_and_moved_back(site, FAR)
    late = SEPTEMBER + after_ms
    # The hour of the reset and the next may hold both what was dropped and what came since.
    await everywhere(site, SEPTEMBER, SEPTEMBER + HOUR_MS, at_ms=SEPTEMBER + 1)
    await everywhere(site, late, at_ms=late)
    await everywhere(site, late + DAY_MS, at_ms=late + DAY_MS)
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 5)
    before = await site.rows()
    assert before[PAGE, hour_of(late)] == PARTITIONS
    with pytest.raises(HistoryIncomplete):
        await site.build()
    info = await site.build(carry_over=True)
    await site.rebuild().promote(info.generation, 0)
    kept = {key: views for key, views in before.items() if key[1] >= hour_of(late)}
    assert await site.rows() == kept
    await everywhere(site, late, at_ms=late + 2 * DAY_MS)
    assert (await site.rows())[PAGE, hour_of(late)] == 2 * PARTITIONS
