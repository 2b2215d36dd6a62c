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


async def everywhere(site: Site, *moments: int, at_ms: int) -> None:
    """A batch with a view at each moment in every partition, folded."""
    for number in range(PARTITIONS):
        await site.append(Partition(number), *(event(PAGE, m) for m in moments), at_ms=at_ms)
    await site.fold()


async def dropped_and_moved_back(site: Site) -> None:
    """Three months of views, dropped by a horizon in September that is moved back then.

    PostgreSQL drops months: those of September stay.
    """
    for moment in (JULY, AUGUST, SEPTEMBER):
        await everywhere(site, moment, at_ms=moment)
    expiry = SqlExpiry(site.engine)
    epoch = await site.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    await expiry.advance(epoch, WRONG)
    async for _ in expiry.drop_rows(epoch, WRONG):
        pass
    await expiry.move_back(epoch, NOTHING_PAST)
    await site.jobs.release(RETENTION, "tests", epoch)
    assert sum((await site.rows()).values()) == (PARTITIONS if site.postgresql else 0)


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
