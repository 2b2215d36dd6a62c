"""A wrong clock deletes nothing, on each backend; a horizon it moved can be moved back."""

import logging

import pytest
from sqlalchemy import delete, func, select, update

from domain.clocks import Known
from domain.errors import Fenced, StoreUnavailable
from domain.events import Epoch, Generation, Hour
from domain.hours import hour_of
from domain.retention import NOTHING_PAST
from projector.housekeeping.reset import HorizonReset
from projector.housekeeping.retention import Retention
from projector.housekeeping.watch import begin_watch
from rows.jobs import RETENTION
from rows.rebuild.carry_over import SqlHistory
from rows.reports.facts import SqlMetricsReader
from rows.retention.expiry import SqlExpiry
from rows.tables import clock, gaps, retention
from tests.contract.retention.site import (
    DAY_MS,
    DAYS,
    HORIZON,
    JUST_KEPT,
    JUST_PAST,
    NOW,
    ONE,
    Site,
    add_generation,
    hours,
)

AHEAD_MS = 500 * DAY_MS


class Jumping(SqlExpiry):
    """The database's clock goes with the site's: one machine, or both wrong."""

    site: Site

    async def now_ms(self) -> int:
        return self.site.now_ms


@pytest.fixture
async def expiry(site: Site) -> SqlExpiry:
    """Of a site whose present is known to be NOW."""
    found = Jumping(site.engine)
    found.site = site
    async with site.engine.begin() as connection:
        await connection.execute(update(clock).values(believed_ms=NOW))
    return found


def retaining(site: Site, expiry: SqlExpiry, days: int = DAYS) -> Retention:
    """As a process that has just started."""
    one = site.retention(days)
    return Retention(
        expiry, one._generations, one._trimmer, one._log_needed, lambda: site.now_ms, days
    )


async def run(site: Site, retention: Retention) -> Known | None:
    """Once, under its job; what is held back."""
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    removal = await retention.run(epoch)
    await site.jobs.release(RETENTION, "me", epoch)
    return removal.held


def reset_of(site: Site, expiry: SqlExpiry, days: int = DAYS) -> HorizonReset:
    return HorizonReset(
        expiry, site.retention()._generations, site.reader, lambda: site.now_ms, days
    )


async def test_a_clock_that_is_wrong_at_a_start_drops_nothing(
    site: Site, expiry: SqlExpiry, caplog: pytest.LogCaptureFixture
) -> None:
    await site.count(JUST_KEPT, NOW)
    await add_generation(site, Generation(2), "previous", NOW + DAY_MS)
    await run(site, retaining(site, expiry))
    before = await site.everything()
    site.now_ms = NOW + AHEAD_MS
    # Views that are taken meanwhile are recorded by the wrong clock, and confirm nothing.
    await site.count(site.now_ms)
    wrong = retaining(site, expiry)
    with caplog.at_level(logging.WARNING):
        assert await run(site, wrong) == Known(NOW, AHEAD_MS)
        assert await run(site, wrong) == Known(NOW, AHEAD_MS)
    assert [r.message for r in caplog.records if "the clock jumped" in r.message] == [
        caplog.records[0].message
    ]
    assert await run(site, retaining(site, expiry)) == Known(NOW, AHEAD_MS)
    site.now_ms = NOW
    assert await run(site, retaining(site, expiry)) is None
    after = await site.everything()
    for name in ("retention", "generations", "clock"):
        assert after[name] == before[name]
    assert await hours(site, JUST_KEPT) == {HORIZON: 1}
    assert (await site.reader.bounds(ONE)).first == 0


@pytest.mark.parametrize("days", [1, DAYS, 0])
async def test_one_day_is_the_most_that_a_jump_takes(
    site: Site, expiry: SqlExpiry, days: int
) -> None:
    site.now_ms = NOW + 2 * DAY_MS
    await run(site, retaining(site, expiry, days))
    assert await expiry.horizon() <= hour_of(NOW) - 24
    site.now_ms = NOW + DAY_MS
    await run(site, retaining(site, expiry, days))
    assert await expiry.horizon() <= hour_of(NOW)


async def test_a_smaller_number_of_days_is_no_jump(site: Site, expiry: SqlExpiry) -> None:
    await run(site, retaining(site, expiry, 400))
    assert await run(site, retaining(site, expiry, 1)) is None
    assert await expiry.horizon() == hour_of(NOW) - 24


async def test_who_says_that_the_clock_is_right_is_believed(site: Site, expiry: SqlExpiry) -> None:
    site.now_ms = NOW + 60 * DAY_MS
    retention = retaining(site, expiry)
    assert await run(site, retention) is not None
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    with pytest.raises(Fenced):
        await retention.accept(Epoch(epoch - 1))
    await retention.accept(epoch)
    await site.jobs.release(RETENTION, "me", epoch)
    assert await run(site, retention) is None
    assert await expiry.horizon() == HORIZON + 60 * 24


async def test_a_jump_is_believed_by_a_process_that_runs_for_as_long(
    site: Site, expiry: SqlExpiry
) -> None:
    site.now_ms, ran_ms = NOW + 3 * DAY_MS, 0
    one = retaining(site, expiry)
    retention = Retention(
        expiry,
        one._generations,
        None,
        one._log_needed,
        lambda: site.now_ms,
        DAYS,
        lambda: ran_ms,
    )
    assert await run(site, retention) is not None
    for day in (1, 2, 3):
        ran_ms, site.now_ms = day * DAY_MS, NOW + (3 + day) * DAY_MS
        assert await expiry.horizon() == HORIZON + (day - 1) * 24
        await site.count(site.now_ms)
        await run(site, retention)
    assert await expiry.horizon() == HORIZON + 6 * 24


async def test_what_is_known_begins_with_what_was_recorded(site: Site, expiry: SqlExpiry) -> None:
    async with site.engine.begin() as connection:
        await connection.execute(update(clock).values(believed_ms=0))
    await site.count(NOW)
    site.now_ms = NOW + AHEAD_MS
    # As a dry run sees it, which keeps nothing.
    assert (await retaining(site, expiry).preview()).held == Known(NOW, AHEAD_MS)
    assert await expiry.known() == Known(0)
    await begin_watch(expiry, lambda: site.now_ms)
    assert await expiry.known() == Known(NOW)
    await begin_watch(expiry, lambda: NOW + DAY_MS)
    assert await expiry.known() == Known(NOW)


async def test_a_horizon_is_moved_back_and_only_hours_that_lost_rows_are_left_to_the_log(
    site: Site, expiry: SqlExpiry
) -> None:
    await site.count(JUST_PAST, JUST_KEPT, NOW)
    wrong = Hour(HORIZON + 500 * 24)
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    await expiry.advance(epoch, wrong)
    async for _ in expiry.drop_rows(epoch, wrong):
        pass
    reset = reset_of(site, expiry)
    shown = await reset.preview()
    assert (shown.old, shown.new, shown.needed) == (wrong, HORIZON, True)
    assert (shown.dropped_views, shown.log_entries, shown.whole) == (3, 1, True)
    assert await expiry.horizon() == wrong
    with pytest.raises(Fenced):
        await reset.run(Epoch(epoch - 1))
    assert await expiry.horizon() == wrong
    assert await reset.run(epoch) == shown
    assert await expiry.horizon() == HORIZON
    assert await expiry.known() == Known(NOW)
    assert not (await reset.preview()).needed
    await site.count(NOW)
    assert await hours(site, NOW) == {hour_of(NOW): 1}
    # Hours whose rows were dropped are not what a rebuild has to keep.
    assert await SqlHistory(site.engine).hours_before(Hour(wrong + 1)) == []
    assert await site.difference() == 0


async def test_nothing_was_dropped_so_nothing_is_left_to_the_log(
    site: Site, expiry: SqlExpiry
) -> None:
    await site.count(JUST_KEPT)
    async with site.engine.begin() as connection:
        await connection.execute(update(retention).values(horizon=HORIZON + 500 * 24))
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    await reset_of(site, expiry, days=0).run(epoch)
    assert await expiry.horizon() == NOTHING_PAST
    assert await site.number(select(func.count()).select_from(gaps)) == 0
    assert await SqlHistory(site.engine).hours_before(Hour(HORIZON + 1)) == [HORIZON]


async def test_what_is_known_of_the_time_may_be_missing(site: Site, expiry: SqlExpiry) -> None:
    await site.count(NOW)
    async with site.engine.begin() as connection:
        await connection.execute(delete(clock))
    site.now_ms = NOW + AHEAD_MS
    held = Known(NOW, AHEAD_MS)
    assert await expiry.known() == Known(0)
    assert (await retaining(site, expiry).preview()).held == held
    assert await run(site, retaining(site, expiry)) == held
    assert await expiry.known() == held


async def test_without_its_horizon_nothing_is_dropped_or_shown(
    site: Site, expiry: SqlExpiry
) -> None:
    await site.count(JUST_PAST, NOW)
    async with site.engine.begin() as connection:
        await connection.execute(delete(retention))
    retaining_now = retaining(site, expiry)
    for attempt in (
        retaining_now.preview,
        reset_of(site, expiry).preview,
        SqlMetricsReader(site.engine).facts,
        lambda: run(site, retaining_now),
        lambda: hours(site, NOW),
    ):
        with pytest.raises(StoreUnavailable, match="table retention has no row"):
            await attempt()
    assert await site.rows() == 2
