"""The embedded log gives up what nobody needs any more, and no more."""

import sqlite3
from contextlib import closing

from msgspec import structs

from domain.events import Generation, Offset
from domain.hours import HOUR_MS
from rows.jobs import REPLAY
from tests.contract.retention.site import (
    DAY_MS,
    DAYS,
    HORIZON,
    LONG_PAST,
    NOW,
    ONE,
    Site,
    add_generation,
    embedded_only,
)
from tests.factories import event


@embedded_only
async def test_the_log_keeps_what_any_generation_may_need(site: Site) -> None:
    old = NOW - (DAYS + 2) * DAY_MS
    for number in range(10):
        await site.count(old + number, at_ms=old + number)
    await add_generation(site, Generation(2), "previous", NOW + DAY_MS, next_offset=4)
    assert (await site.retention().preview()).log_entries == {ONE: 3}
    assert (await site.run()).log_entries == {ONE: 3}
    assert (await site.reader.bounds(ONE)).first == 3
    site.now_ms += 2 * DAY_MS
    assert (await site.run()).log_entries == {ONE: 6}
    # The last of the old ones tells when what follows it was recorded.
    assert (await site.reader.bounds(ONE)) == structs.replace(
        await site.reader.bounds(ONE), first=Offset(9), end=Offset(10)
    )


@embedded_only
async def test_the_log_is_cut_by_when_it_was_recorded(site: Site) -> None:
    cut = HORIZON * HOUR_MS - DAY_MS
    for at_ms in (cut - 3, cut - 2, cut - 1, cut, cut + 1):
        await site.count(LONG_PAST, at_ms=at_ms)
    assert (await site.run()).log_entries == {ONE: 2}
    assert (await site.reader.bounds(ONE)).first == 2


@embedded_only
async def test_a_clock_that_was_far_behind_for_a_moment_cuts_nothing_young(site: Site) -> None:
    cut = HORIZON * HOUR_MS - DAY_MS
    for at_ms in (cut - 2, cut - 1, cut + 1, cut + 2, LONG_PAST, LONG_PAST, cut + 3, cut + 5):
        await site.count(NOW, at_ms=at_ms)
    await site.run()
    assert (await site.reader.bounds(ONE)).first <= 2


@embedded_only
async def test_the_log_is_left_alone_while_a_rebuild_may_begin(site: Site) -> None:
    for number in range(3):
        await site.count(LONG_PAST + number)
    assert await site.jobs.acquire(REPLAY, "rebuild") is not None
    assert (await site.run()).log_entries == {}


@embedded_only
async def test_both_files_shrink(site: Site) -> None:
    for number in range(120):
        moment = LONG_PAST + number * HOUR_MS
        pages = [event(f"example.com/{'x' * 200}/{number}/{n}", moment) for n in range(120)]
        body = site._body(pages, moment)
        await site.writer.append(ONE, site._recorded(body, LONG_PAST + number))
        await site.fold(body)
    await site.count(NOW)
    before = _sizes(site)
    await site.run()
    after = _sizes(site)
    assert all(size > 3_000_000 for size in before), before
    assert all(size < 1_500_000 for size in after), after
    assert await site.difference() == 0


def _sizes(site: Site) -> list[int]:
    sizes = []
    for file in (site.settings.data_dir / "rows.sqlite3", site.settings.log_file):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        sizes.append(file.stat().st_size)
    return sizes
