"""What is counted beside pages, and which pages are known, goes when its time is over."""

import asyncio

import pytest
from sqlalchemy import func, select, text

from domain.events import Epoch
from domain.hours import HOUR_MS, hour_of
from domain.wire import encode
from rows.jobs import RETENTION
from rows.retention import beside
from rows.tables import dimension_views, generations, new_pages
from tests.contract.retention.site import (
    DAY_MS,
    HORIZON,
    JUST_KEPT,
    JUST_PAST,
    LIVE,
    LONG_PAST,
    NOW,
    Site,
    postgresql_only,
)
from tests.factories import batch, event

VIEWS = select(func.coalesce(func.sum(dimension_views.c.views), 0))
PAST = VIEWS.where(dimension_views.c.view_hour < HORIZON)
KEPT = VIEWS.where(dimension_views.c.view_hour >= HORIZON)
SAME_MONTH = VIEWS.where(dimension_views.c.view_hour == HORIZON - 1)


async def seen(site: Site, *moments: int, sequence: int, pages: int = 1) -> None:
    """Of strangers, each from a source of its own, recorded with the last of them."""
    events = [
        event(f"example.com/{number}", moment) for moment in moments for number in range(pages)
    ]
    sources = [f"{number}.example" for _ in moments for number in range(pages)]
    sent = batch(*events, sequence=sequence, at_ms=max(moments), sources=sources, new_pages=1_000)
    await site.fold(encode(sent))


async def unaccounted(site: Site) -> int:
    found = (await site.comparison.audit(LIVE)).beside
    assert found is not None
    return found.difference


async def test_what_is_past_goes_with_the_rows_and_its_views_stand_in_the_ledger(
    site: Site,
) -> None:
    await seen(site, LONG_PAST, JUST_PAST, sequence=1)
    await seen(site, JUST_KEPT - HOUR_MS, JUST_KEPT, NOW, sequence=2)
    await site.run()
    # As the rows: where these go by the month, hours of the month that is not over stay.
    assert await site.number(SAME_MONTH) == int(site.postgresql)
    assert await site.number(PAST) == int(site.postgresql)
    assert await site.number(KEPT) == 2
    assert await unaccounted(site) == 0
    await seen(site, LONG_PAST, sequence=3)
    assert await unaccounted(site) == 0
    await site.run()
    assert (await site.number(PAST), await unaccounted(site)) == (int(site.postgresql), 0)


async def test_a_page_is_forgotten_when_no_rebuild_can_need_it(site: Site) -> None:
    await seen(site, LONG_PAST, sequence=1)
    await seen(site, NOW, sequence=2)
    kept = beside.KNOWN_BEYOND_HOURS * HOUR_MS
    month = hour_of(JUST_PAST + 1_000) if site.postgresql else HORIZON
    await seen(site, month * HOUR_MS - kept, sequence=3, pages=2)
    await site.run()
    firsts = select(func.count()).select_from(new_pages)
    assert await site.number(firsts) == 2
    site.now_ms += 35 * DAY_MS
    await seen(site, site.now_ms, sequence=4)
    await site.run(days=1)
    assert await site.number(firsts) == 1


async def test_what_the_fold_may_still_ask_for_is_known_whatever_a_clock_says(site: Site) -> None:
    await seen(site, NOW, sequence=1, pages=3)
    site.now_ms += 100 * DAY_MS
    await site.run()
    assert await site.number(VIEWS) == 0
    assert await site.number(select(func.count()).select_from(new_pages)) == 3


async def test_many_rows_go_part_by_part(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_ROWS", 7)
    await seen(site, LONG_PAST, JUST_PAST, sequence=1, pages=16)
    await seen(site, NOW, sequence=2)
    await site.run()
    assert (await site.number(PAST), await site.number(KEPT)) == (0, 1)
    assert await unaccounted(site) == 0


WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@postgresql_only
async def test_rows_are_not_held_while_the_ledger_is_waited_for(site: Site) -> None:
    """Or a flush would wait for them, a claim for the flush, and retention for the claim."""
    await seen(site, LONG_PAST, NOW, sequence=1)
    claimed = select(generations.c.generation).where(generations.c.generation == LIVE)
    past = select(dimension_views.c.views).where(dimension_views.c.view_hour < HORIZON)
    async with site.engine.connect() as flush, site.engine.connect() as claim:
        await claim.execute(claimed.with_for_update(read=True))
        removal = asyncio.create_task(
            beside.expire_beside(site.engine, await held(site), LIVE, HORIZON)
        )
        async with asyncio.timeout(20):
            while not (await claim.execute(WAITING)).scalar_one():
                await asyncio.sleep(0.01)
        rows = await flush.execute(past.with_for_update(nowait=True))
        assert rows.scalars().all() == [1]
        await flush.rollback()
        await claim.rollback()
        await removal
    assert (await site.number(PAST), await unaccounted(site)) == (0, 0)


async def held(site: Site) -> Epoch:
    """The job of retention."""
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    return epoch
