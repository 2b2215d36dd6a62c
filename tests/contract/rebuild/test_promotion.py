"""A promotion: all readers and all projectors change over at one moment, and nothing is lost."""

import asyncio
from collections import Counter

import pytest

from cli.wiring.process import now_ms
from domain.errors import Fenced, LogUnavailable, NotCaughtUp, StoreUnavailable
from domain.events import Entry, Epoch, Hour, Offset, Partition
from domain.projection import project
from projector.rebuild import promotion
from projector.rebuild.promotion import promote
from rows.rebuild import generations as generations_module
from rows.rebuild.generations import StoreWithin
from tests.contract.rebuild.site import (
    FIRST,
    HOUR,
    MONTH_MS,
    ONE,
    PAGE,
    PARTITIONS,
    SECOND,
    TWO,
    Site,
)
from tests.factories import TEN, event


async def test_a_new_generation_becomes_the_one_that_is_read(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.build()
    assert await site.states() == {1: "live", 2: "catching-up"}
    assert await site.differing(info.generation) == 0
    await site.rebuild().promote(info.generation, keep_ms=1_000)
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()
    await site.append(ONE)
    await site.fold()
    await site.assert_exact()


async def test_a_promotion_leaves_the_rows_as_complete_as_they_were(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.complete({0: 5_000, 1: 6_000, 2: 7_000})
    await site.build()
    assert await site.completeness(SECOND) == {0: 0, 1: 0, 2: 0}
    # As of an earlier time as the live one.
    await site.execute("UPDATE checkpoints SET complete_ms = 6500 WHERE generation = 2")
    await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.completeness(SECOND) == {0: 6_500, 1: 6_500, 2: 7_000}
    assert await site.completeness(FIRST) == {0: 5_000, 1: 6_000, 2: 7_000}
    found = await site.reports.hourly(PAGE, HOUR, Hour(HOUR + 1))
    assert (found.watermark.generation, found.watermark.complete_ms) == (SECOND, 5_000)


async def test_the_little_that_is_missing_is_folded_in_the_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    # In a month that neither has yet, and with a page that is counted elsewhere too.
    await site.append(ONE, event(PAGE, TEN + 5 * MONTH_MS), event(PAGE, TEN))
    await site.append(TWO, event(PAGE, TEN))
    await site.fold()
    await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.states() == {1: "previous", 2: "live"}
    await site.assert_exact()


async def test_what_is_far_behind_is_not_promoted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    for _ in range(3):
        await site.append(ONE)
    await site.fold()
    monkeypatch.setattr(generations_module, "MOST_MISSING", 2)
    before = await site.everything()
    with pytest.raises(NotCaughtUp, match="partitions 1"):
        await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.everything() == before
    await site.rebuild().promote(SECOND, 0)
    await site.assert_exact()


async def test_a_promotion_does_not_wait_for_a_log_that_lost_what_was_folded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(ONE)
    await site.fold()
    del site.log.entries[ONE][-1]
    monkeypatch.setattr(promotion, "_CATCH_UP_SECONDS", 0.05)
    before = await site.everything()
    with pytest.raises(LogUnavailable):
        await promote(site.generations, site.log, site.epoch, SECOND, 0)
    assert await site.everything() == before


async def test_a_promotion_lets_no_partition_step_back_that_is_new(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    await site.append(Partition(7), event("new/partition"))
    await site.fold(Partition(7))
    await promote(site.generations, site.log, site.epoch, SECOND, 0)
    await site.assert_exact()
    assert (await site.generations.checkpoints(SECOND))[Partition(7)].next_offset == 1


async def test_views_come_in_and_are_read_while_a_generation_is_promoted(site: Site) -> None:
    await site.fill()
    await site.fold()
    stop = asyncio.Event()

    async def go_on(partition: Partition) -> None:
        while not stop.is_set():
            await site.append(partition)
            try:
                await site.fold(partition)
            except Fenced:
                # The generation changed under it; the next claim is of the new one.
                continue

    async def look() -> None:
        seen: Counter[Hour] = Counter()
        while not stop.is_set():
            hours = await site.reports.hourly(PAGE, HOUR, Hour(HOUR + 1))
            assert hours[HOUR] >= seen[HOUR]
            seen.update(dict(hours) if not seen else {HOUR: hours[HOUR] - seen[HOUR]})

    others = [asyncio.create_task(go_on(Partition(p))) for p in range(PARTITIONS)]
    others.append(asyncio.create_task(look()))
    for keep_ms in (0, 1_000):
        info = await site.build()
        assert await site.differing(info.generation) == 0
        await site.rebuild().promote(info.generation, keep_ms)
        if not keep_ms:
            await site.generations.drop(FIRST)
    stop.set()
    await asyncio.gather(*others)
    await site.fold()
    await site.assert_exact()


async def test_live_projectors_are_fenced_by_a_promotion_and_go_on(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(5))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    await site.rebuild().promote(SECOND, 1_000)
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    for generation in (FIRST, SECOND):
        # Neither is being built: nothing may be folded in them as if they were.
        with pytest.raises(Fenced):
            await site.store.claim(ONE, Epoch(9), generation)
    # An owner from before the last one is refused in the new generation too.
    with pytest.raises(Fenced):
        await site.store.claim(ONE, Epoch(4))
    again = await site.store.claim(ONE, Epoch(5))
    assert again.checkpoint.generation == SECOND
    await site.fold(epoch=5)
    await site.assert_exact()


async def test_a_claim_that_is_under_way_is_not_missed_by_a_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    new = Partition(7)
    await site.append(new, event("new/partition"))
    async with site.engine.connect() as connection:
        within = StoreWithin(site.engine, now_ms, connection)
        claim = await within.claim(new, Epoch(3))
        promoting = asyncio.create_task(site.rebuild().promote(SECOND, 1_000))
        await asyncio.wait({promoting}, timeout=0.3)
        await connection.commit()
    await promoting
    fold = project([Entry(Offset(0), site.log.entries[new][0])])
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    await site.fold(new, epoch=3)
    await site.assert_exact()


async def test_a_flush_that_is_under_way_is_not_missed_by_a_promotion(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(3))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    async with site.engine.connect() as connection:
        await StoreWithin(site.engine, now_ms, connection).apply(claim.checkpoint, fold)
        promoting = asyncio.create_task(
            promote(site.generations, site.log, site.epoch, SECOND, 1_000)
        )
        await asyncio.wait({promoting}, timeout=0.3)
        await connection.commit()
    await promoting
    # At once, not only after the next flush.
    await site.assert_exact()


async def test_live_projectors_do_not_wait_for_a_promotion_that_froze(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not site.postgresql:
        # Who has locked a file keeps it: nothing but the end of its process frees it.
        return
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, Epoch(3))
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    moved = await site.store.apply(claim.checkpoint, fold)
    frozen, thawed = asyncio.Event(), asyncio.Event()

    async def freeze(*_: object) -> None:
        frozen.set()
        await thawed.wait()

    monkeypatch.setattr(generations_module, "PAUSE_MS", "200")
    monkeypatch.setattr(promotion, "_catch_up", freeze)
    promoting = asyncio.create_task(promote(site.generations, site.log, site.epoch, SECOND, 0))
    await frozen.wait()
    fold = project([Entry(moved.next_offset, await site.append(ONE))])
    async with asyncio.timeout(10):
        await site.store.apply(moved, fold)
    thawed.set()
    with pytest.raises(StoreUnavailable):
        await promoting
    assert await site.states() == {1: "live", 2: "catching-up"}
    await site.assert_exact()
