"""Whatever comes between the steps of a roll-up, what is said to be true is."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.event import listens_for

from domain.aggregates import Turn
from domain.errors import Fenced, Interrupted
from domain.events import Epoch, PageViewed
from domain.jobs import ROLLUP
from projector.aggregates.rolling import Silent
from projector.aggregates.rolling import roll_up as story
from rows.aggregates.audit import SqlSumsAudits
from rows.aggregates.listing import Listing
from rows.jobs import SqlJobs
from tests.contract.aggregates.rolling import assert_true, roll_up, rolled_days, turn_of
from tests.contract.rebuild.site import DAY_MS, FIRST, HOUR, LEASE_MS, ONE, PAGE, Site
from tests.factories import TEN, event

LATER = TEN + 400 * DAY_MS
# SQLite has one writer at a time.
postgresql_only = pytest.mark.parametrize(
    "site", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
STEPS = ("list_days", "open_months", "begin", "settle", "add_up", "finish", "whole_months")


async def begin(site: Site) -> Turn:
    """Three days of three months, all due."""
    await site.fill()
    await site.fold()
    return await turn_of(site.engine)


async def late(site: Site) -> None:
    """A view of a day that is being added up, of one that never was, and a new page's."""
    await site.append(ONE, event(PAGE, TEN), event("new.org/p", TEN), event(PAGE, TEN - DAY_MS))
    await site.fold(ONE)


@pytest.mark.parametrize("before", STEPS)
async def test_a_flush_before_any_step_leaves_nothing_untrue(site: Site, before: str) -> None:
    turn = await begin(site)
    real = getattr(site.aggregates, before)
    flushed = False

    async def disturbed(*args: object, **more: object) -> object:
        nonlocal flushed
        if not flushed:
            flushed = True
            await late(site)
        found = await real(*args, **more)
        await assert_true(site.engine)
        return found

    setattr(site.aggregates, before, disturbed)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    assert flushed
    await assert_true(site.engine)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await assert_true(site.engine)
    assert len(await rolled_days(site.engine)) == 4


class Open:
    """A flush of another connection that has read which days are due, and is not committed."""

    def __init__(self, site: Site, *views: PageViewed) -> None:
        self.may_end = asyncio.Event()
        self.is_open = asyncio.Event()
        self._site = site
        self._views = views

    async def run(self) -> None:
        store = self._site.store
        real: Callable[..., Awaitable[None]] = store._add

        async def add(*args: object) -> None:
            await real(*args)
            self.is_open.set()
            await self.may_end.wait()

        store._add = add  # type: ignore[method-assign, assignment]
        try:
            await self._site.append(ONE, *self._views)
            await self._site.fold(ONE)
        finally:
            store._add = real  # type: ignore[method-assign, assignment]


async def until_it_waits(site: Site, task: asyncio.Task[Any]) -> None:
    """For a lock that another has; fails where it ends without."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30), site.snapshots.connect() as connection:
        while not (await connection.execute(waiting)).scalar_one():
            assert not task.done(), "it waited for nobody"
            await asyncio.sleep(0.01)


@postgresql_only
async def test_a_flush_that_took_a_day_for_due_is_waited_for(site: Site) -> None:
    turn = await begin(site)
    await site.aggregates.list_days(turn)
    (month, *_) = await site.aggregates.open_months(turn, LATER)
    # Of a day that is due, and no other: it writes down nothing, and holds no month.
    flush = Open(site, event(PAGE, TEN), event("new.org/p", TEN))
    flushing = asyncio.create_task(flush.run())
    await flush.is_open.wait()
    days = await site.aggregates.begin(turn, month.month, month.due)
    settling = asyncio.create_task(site.aggregates.settle(turn))
    await until_it_waits(site, settling)
    flush.may_end.set()
    await asyncio.gather(flushing, settling)
    await site.aggregates.add_up(turn, month.month, days)
    assert await site.aggregates.finish(turn, month.month, days) == days
    await assert_true(site.engine)
    assert HOUR // 24 in await rolled_days(site.engine)


@postgresql_only
async def test_a_flush_that_began_after_leaves_its_day_due(site: Site) -> None:
    turn = await begin(site)
    await site.aggregates.list_days(turn)
    (month, *_) = await site.aggregates.open_months(turn, LATER)
    days = await site.aggregates.begin(turn, month.month, month.due)
    await site.aggregates.settle(turn)
    flush = Open(site, event(PAGE, TEN))
    flushing = asyncio.create_task(flush.run())
    await flush.is_open.wait()
    await site.aggregates.add_up(turn, month.month, days)
    finishing = asyncio.create_task(site.aggregates.finish(turn, month.month, days))
    await until_it_waits(site, finishing)
    flush.may_end.set()
    await flushing
    assert await finishing == 0
    await assert_true(site.engine)
    assert not await rolled_days(site.engine)


@pytest.mark.parametrize("died_before", STEPS)
async def test_whoever_comes_after_one_that_died_goes_on(site: Site, died_before: str) -> None:
    turn = await begin(site)

    async def dies(*args: object, **more: object) -> object:
        raise Interrupted

    setattr(site.aggregates, died_before, dies)
    with pytest.raises(Interrupted):
        await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    delattr(site.aggregates, died_before)
    await assert_true(site.engine)
    await late(site)
    await assert_true(site.engine)
    await SqlJobs(site.engine, LEASE_MS).release(ROLLUP, "tests", turn.epoch)
    await roll_up(site.engine, LATER)
    await assert_true(site.engine)
    assert len(await rolled_days(site.engine)) == 4


async def test_one_that_slept_can_do_nothing_any_more(site: Site) -> None:
    old = await begin(site)
    await site.aggregates.list_days(old)
    (month, *_) = await site.aggregates.open_months(old, LATER)
    await SqlJobs(site.engine, LEASE_MS).release(ROLLUP, "tests", old.epoch)
    await turn_of(site.engine)
    for step in (
        lambda: site.aggregates.begin(old, month.month, month.due),
        lambda: site.aggregates.add_up(old, month.month, month.due),
        lambda: site.aggregates.finish(old, month.month, month.due),
        lambda: site.aggregates.add_up_months(old, [month.month]),
        lambda: site.aggregates.distrust(old),
    ):
        with pytest.raises(Fenced):
            await step()
    assert not await rolled_days(site.engine)


async def claimed_by_an_older_one(site: Site, epoch: int) -> None:
    """A Footfall 0.2.0 has partition 1: it sets the epoch and marks nothing."""
    await site.execute(f"UPDATE checkpoints SET epoch = {epoch} WHERE partition = 1")


async def folds_unmarked(site: Site) -> None:
    """And counts a view of a day that is rolled up, and one of a day that has none."""
    when = {True: "to_timestamp({} * 3600)", False: "{}"}[site.postgresql]
    for hour in (HOUR, HOUR + 48):
        await site.execute(
            "INSERT INTO hourly_views (generation, page, view_hour, shard, views) "
            f"VALUES (1, '{PAGE}/older', {when.format(hour)}, 3, 5)"
        )


async def test_what_an_older_projector_folded_is_not_believed(site: Site) -> None:
    turn = await begin(site)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await claimed_by_an_older_one(site, 5)
    await folds_unmarked(site)
    assert not await site.aggregates.marked(turn)
    assert not await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    # One of today takes over.
    await site.store.claim(ONE, Epoch(6))
    assert await site.aggregates.marked(turn)
    assert not await rolled_days(site.engine)
    await assert_true(site.engine)
    done = await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    assert (done.listed, done.days) == (True, 4)
    await assert_true(site.engine)


@pytest.mark.parametrize("new", [False, True])
async def test_a_partition_that_changes_hands_while_days_are_listed(site: Site, new: bool) -> None:
    turn = await begin(site)
    if new:
        # Nobody has folded it yet.
        await site.execute("DELETE FROM checkpoints WHERE partition = 1")
        await site.store.claim(ONE, Epoch(1))
    listing = Listing(site.engine, turn)
    before = await listing.owners()
    assert before is not None
    hours = await listing.hours()
    await claimed_by_an_older_one(site, 5)
    await folds_unmarked(site)
    await site.execute("UPDATE checkpoints SET next_offset = 20 WHERE partition = 1")
    await site.store.claim(ONE, Epoch(6))
    assert not await listing.save(hours, before)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await assert_true(site.engine)
    assert len(await rolled_days(site.engine)) == 4


@postgresql_only
async def test_nobody_waits_long_for_one_that_froze_within_a_step(site: Site) -> None:
    turn = await begin(site)
    pauses: set[str] = set()

    @listens_for(site.engine.sync_engine, "commit")
    def at_the_end(connection: Connection) -> None:
        found = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout")
        pauses.add(found.scalar_one())

    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    assert pauses == {"5s"}


async def test_the_audit_finds_what_is_changed_by_hand(site: Site) -> None:
    turn = await begin(site)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    audits = SqlSumsAudits(site.snapshots)
    for by_page in (False, True):
        found = await audits.audit(FIRST, by_page=by_page)
        assert (found.days, found.months, found.differing) == (3, 3, 0)
    await site.execute(f"UPDATE hourly_views SET views = views + 1 WHERE page = '{PAGE}'")
    assert (await audits.audit(FIRST)).differing
    assert (await audits.audit(FIRST, by_page=True)).differing
    assert not await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await site.aggregates.distrust(turn)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    assert not (await audits.audit(FIRST, by_page=True)).differing


async def test_sums_of_rows_that_were_deleted_by_hand_go_when_all_are_made_anew(site: Site) -> None:
    turn = await begin(site)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    audits = SqlSumsAudits(site.snapshots)
    await site.execute(f"DELETE FROM hourly_views WHERE page = '{PAGE}'")
    assert (await audits.audit(FIRST, by_page=True)).differing
    await site.aggregates.distrust(turn)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    assert not (await audits.audit(FIRST, by_page=True)).differing
    await assert_true(site.engine)


async def test_the_audit_holds_nothing_against_sums_that_nobody_believes(site: Site) -> None:
    turn = await begin(site)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await claimed_by_an_older_one(site, 5)
    await folds_unmarked(site)
    for by_page in (False, True):
        found = await SqlSumsAudits(site.snapshots).audit(FIRST, by_page=by_page)
        assert (found.days, found.months, found.differing) == (0, 0, 0)


async def test_views_that_changed_pages_are_found_by_page(site: Site) -> None:
    turn = await begin(site)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await site.execute(f"UPDATE page_months SET page = '{PAGE}/moved' WHERE page = '{PAGE}/0'")
    audits = SqlSumsAudits(site.snapshots)
    assert not (await audits.audit(FIRST)).differing
    assert (await audits.audit(FIRST, by_page=True)).differing


async def test_who_slept_while_others_added_up_changes_nothing_that_is_true(site: Site) -> None:
    turn = await begin(site)
    await site.aggregates.list_days(turn)
    for month in await site.aggregates.open_months(turn, LATER):
        days = await site.aggregates.begin(turn, month.month, month.due)
        await site.aggregates.add_up(turn, month.month, days)
        await site.aggregates.finish(turn, month.month, days)
        # Broken off as early as it can be.
        with suppress(Interrupted):
            await site.aggregates.add_up(turn, month.month, days, lambda: True)
        await assert_true(site.engine)
    assert len(await rolled_days(site.engine)) == 3
