"""Going back to the generation that was live before."""

import asyncio

import pytest

from domain.errors import RebuildError
from tests.contract.rebuild.site import FIRST, HOUR, PAGE, SECOND, Site


async def test_a_generation_that_is_live_again_has_what_came_since(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.rebuild().promote((await site.build()).generation, 1_000)
    await site.fill()
    await site.fold()
    rebuild = site.rebuild()
    info = await rebuild.reopen("rollback")
    assert info.generation == FIRST
    # Interrupted, and gone on with.
    await site.take_job()
    assert (await site.rebuild().under_way()) is not None
    await site.rebuild().promote(FIRST, 1_000)
    assert await site.states() == {1: "live", 2: "previous"}
    await site.assert_exact()


async def test_going_back_leaves_the_rows_as_complete_as_they_were(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.complete({0: 5_000, 1: 6_000, 2: 7_000})
    await site.rebuild().promote((await site.build()).generation, 1_000)
    await site.complete({0: 8_000, 1: 8_000, 2: 8_000})
    await site.rebuild().reopen("rollback")
    await site.rebuild().promote(FIRST, 1_000)
    assert await site.completeness(FIRST) == {0: 8_000, 1: 8_000, 2: 8_000}
    found = await site.reports.hourly(PAGE, HOUR, HOUR)
    assert (found.watermark.generation, found.watermark.complete_ms) == (FIRST, 8_000)


async def test_a_rollback_that_is_given_up_keeps_its_generation(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.rebuild().promote((await site.build()).generation, 1_000)
    await site.rebuild().reopen("rollback")
    under_way = await site.rebuild().under_way()
    assert under_way is not None
    await site.rebuild().give_up(under_way)
    assert await site.states() == {1: "previous", 2: "live"}
    assert (await site.rebuild().reopen("rollback")).generation == FIRST


async def test_going_back_goes_to_the_generation_that_was_live_last(site: Site) -> None:
    await site.fill()
    await site.fold()
    for expected in (FIRST, SECOND):
        await site.rebuild().promote((await site.build()).generation, 1_000)
        if expected == FIRST:
            await site.rebuild().reopen("rollback")
            await asyncio.sleep(0.01)
            await site.rebuild().promote(FIRST, 1_000)
    # 1 was live until 3 came; 2 has the higher number but is older news.
    await asyncio.sleep(0)
    assert (await site.rebuild().reopen("rollback")).generation == FIRST


async def test_there_may_be_nothing_to_go_back_to(site: Site) -> None:
    with pytest.raises(RebuildError, match="no previous generation"):
        await site.rebuild().reopen("rollback")
