"""A log that lost its beginning: the hours it does not hold whole are carried over."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from domain.errors import Fenced, HistoryIncomplete
from domain.events import Hour, Partition
from domain.hours import HOUR_MS, hour_of
from domain.page_rules import NO_RULES, PageRules
from rows.rebuild.carry_over import SqlHistory
from tests.contract.rebuild.site import DAY_MS, MONTH_MS, ONE, PAGE, PARTITIONS, TWO, Site
from tests.factories import TEN, event


async def _with_a_deleted_beginning(site: Site) -> bytes:
    """Two days of views, the first of which the log has no more; a batch of that day."""
    old = b""
    for day in range(2):
        for hour in range(4):
            at_ms = TEN + day * DAY_MS + hour * HOUR_MS
            for number in range(PARTITIONS):
                seen = [event(PAGE, at_ms), event(f"{PAGE.upper()}/{number}", at_ms, count=3)]
                old = await site.append(Partition(number), *seen, at_ms=at_ms)
    await site.fold()
    first_of_day_two = 4
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), first_of_day_two)
    return old


async def test_hours_the_log_does_not_hold_whole_are_named(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    before = await site.everything()
    with pytest.raises(HistoryIncomplete, match="2025-07-16T10:00Z to 2025-07-17T12:00Z"):
        await site.build()
    assert await site.everything() == before


async def test_a_deep_verification_leaves_these_hours_out(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    info = await site.build(carry_over=None)
    diff = await site.rebuild().compare(info)
    assert diff.differing == 0
    assert diff.first_hour == hour_of(TEN + DAY_MS) + 3
    assert diff.new_views == 3 * 4


async def test_carried_over_hours_are_exact(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    info = await site.build(carry_over=True)
    # A late view of a carried hour, and one of an hour that is folded.
    await site.append(ONE, event(PAGE, TEN), event(PAGE, TEN + DAY_MS + 3 * HOUR_MS))
    await site.fold()
    assert (await site.rebuild().compare(info)).differing == 0
    await site.rebuild().promote(info.generation, 1_000)
    await site.assert_exact()
    await site.append(ONE, event(PAGE, TEN))
    await site.fold()
    await site.assert_exact()
    # And again, from a generation that was carried over itself.
    again = await site.build(carry_over=True)
    assert (await site.rebuild().compare(again)).differing == 0
    await site.rebuild().promote(again.generation, 1_000)
    await site.assert_exact()


async def test_hours_are_carried_over_once(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    assert info.to_carry
    results = await asyncio.gather(
        *(site.history.carry_over(site.epoch, info) for _ in range(2)), return_exceptions=True
    )
    assert sorted(isinstance(result, int) for result in results) == [False, True]
    resumed = await rebuild.under_way()
    assert resumed is not None
    assert not resumed.to_carry
    with pytest.raises(Fenced):
        await site.history.carry_over(site.epoch, info)
    await rebuild.load(resumed)
    await rebuild.finish_loading(resumed)
    await rebuild.promote(resumed.generation, 0)
    await site.assert_exact()


async def test_views_that_were_folded_while_hours_are_carried_over_are_not_lost(
    site: Site,
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    # Folded by the live generation before the copy, below it in the log.
    await site.append(ONE, event(PAGE, TEN))
    await site.fold()
    await site.append(ONE, event(PAGE, TEN))
    await rebuild.load(info)
    await site.fold()
    await rebuild.finish_loading(info)
    await rebuild.catch_up(info.generation)
    assert (await rebuild.compare(info)).differing == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_late_view_of_an_hour_nobody_had_listed_is_carried_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    listed = SqlHistory.hours_before

    async def before_a_late_view(history: SqlHistory, end: Hour) -> Sequence[Hour]:
        hours = await listed(history, end)
        await site.append(ONE, event(PAGE, TEN - MONTH_MS))
        await site.fold()
        return hours

    monkeypatch.setattr(SqlHistory, "hours_before", before_a_late_view)
    await rebuild.load(info)
    monkeypatch.undo()
    await rebuild.finish_loading(info)
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_partition_claimed_since_the_rebuild_began_is_not_counted_twice(
    site: Site,
) -> None:
    await _with_a_deleted_beginning(site)
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=True)
    new = Partition(PARTITIONS)
    await site.append(new, event(PAGE, TEN))
    await site.fold(new)
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def test_a_batch_of_the_deleted_part_that_arrives_again_counts_once(site: Site) -> None:
    seen = await site.append(ONE, event(PAGE, TEN))
    await site.append(TWO, event(PAGE, TEN + DAY_MS), at_ms=TEN + DAY_MS)
    await site.log.append(ONE, b"junk")
    await site.fold()
    site.log.delete_before(ONE, 1)
    site.log.delete_before(TWO, 1)
    info = await site.build(carry_over=True)
    # Its confirm was lost, and the producer was slow to send it again.
    await site.log.append(ONE, seen)
    await site.fold()
    assert (await site.rebuild().compare(info)).differing == 0
    await site.rebuild().promote(info.generation, 0)
    await site.assert_exact()


async def test_page_rules_are_applied_to_carried_over_rows(site: Site) -> None:
    await _with_a_deleted_beginning(site)
    rules = PageRules("lower-host,strip-trailing-slash")
    info = await site.build(rules, carry_over=True)
    await site.rebuild().promote(info.generation, 0)
    renamed: Counter[tuple[str, Hour]] = Counter()
    for (page, hour), views in site.expected.items():
        renamed[rules.apply(page), hour] += views
    site.expected = renamed
    await site.assert_exact()
