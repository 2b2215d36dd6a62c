"""Loading: it may end anywhere, and goes on from there."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Fenced, LogWentBackward, StoreUnavailable
from domain.events import Entry, Generation, Offset, Partition
from domain.generations import GenerationInfo
from domain.page_rules import NO_RULES
from domain.projection import project
from projector.fold.runner import Runner
from rows.postgresql import merging
from rows.postgresql.months import Month
from tests.contract.rebuild.site import MONTH_MS, ONE, PARTITIONS, TWO, Site
from tests.factories import TEN, event


async def test_a_loader_of_an_older_job_is_fenced(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    claim = await site.bulk.claim(ONE, site.epoch, info.generation)
    fold = project([Entry(Offset(0), site.log.entries[ONE][0])])
    await site.take_job()
    await site.bulk.claim(ONE, site.epoch, info.generation)
    with pytest.raises(Fenced):
        await site.bulk.apply(claim.checkpoint, fold)


async def test_a_load_that_ends_anywhere_goes_on(site: Site) -> None:
    await site.fill()
    await site.fold()
    info = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    for offset in (1, 2, 5, 6, 9):
        # Each another process, and each dies after a commit.
        await site.take_job()
        for number in range(PARTITIONS):
            runner = Runner(site.log, site.bulk, flush_seconds=5, batch_size=1)
            await runner.run(
                Partition(number), site.epoch, asyncio.Event(),
                generation=info.generation, until=Offset(offset),
            )  # fmt: skip
    await site.take_job()
    rebuild = site.rebuild()
    resumed = await rebuild.under_way()
    assert resumed == info
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


@pytest.mark.parametrize("survived", [0, 1, 2, 3])
async def test_a_finish_that_died_between_months_goes_on_although_the_log_grew(
    site: Site, survived: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=False)
    await rebuild.load(info)
    if site.postgresql:
        await _die_after(survived, site, info, monkeypatch)
    # Rows that are in the finished months too.
    await site.fill()
    await site.fold()
    await site.take_job()
    rebuild = site.rebuild()
    await rebuild.load(info)
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0
    await rebuild.promote(info.generation, 0)
    await site.assert_exact()


async def _die_after(
    number: int, site: Site, info: GenerationInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = merging._merge
    done: list[Month] = []

    async def merge(engine: AsyncEngine, generation: Generation, month: Month) -> None:
        if len(done) == number:
            raise StoreUnavailable("killed")
        await merged(engine, generation, month)
        done.append(month)

    with monkeypatch.context() as patched:
        patched.setattr(merging, "_merge", merge)
        if number < 3:
            with pytest.raises(StoreUnavailable):
                await merging.finish(site.engine, info.generation)
        else:
            await merging.finish(site.engine, info.generation)
    assert len(done) == number


async def test_months_may_be_finished_by_two_at_once(site: Site) -> None:
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.begin("replay", NO_RULES, carry_over=False)
    await rebuild.load(info)
    if site.postgresql:
        await asyncio.gather(*(merging.finish(site.engine, info.generation) for _ in range(3)))
    await rebuild.finish_loading(info)
    assert await site.differing(info.generation) == 0


async def test_rows_that_were_loaded_whole_are_indexed_without_merging(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.append(ONE, event("a", TEN), event("a", TEN + MONTH_MS), event("b", TEN))
    await site.append(TWO, event("c", TEN))
    await site.fold()

    async def merge(engine: AsyncEngine, generation: Generation, month: Month) -> None:
        pytest.fail("nothing is to be merged")

    monkeypatch.setattr(merging, "_merge", merge)
    info = await site.build()
    await site.rebuild().promote(info.generation, 0)
    await site.assert_exact()


async def test_a_log_that_ends_before_the_fold_is_not_rebuilt_from(site: Site) -> None:
    await site.fill()
    await site.fold()
    del site.log.entries[TWO][-1]
    with pytest.raises(LogWentBackward, match="partition 2: the log ends at offset"):
        await site.build()
    assert await site.states() == {1: "live"}
