"""The states of a generation: how it begins, what it may become, how it goes."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from domain.errors import Fenced, RebuildError, StoreUnavailable
from domain.events import Entry, Generation, Offset
from domain.generations import GenerationInfo
from domain.page_rules import NO_RULES, PageRules
from domain.projection import project
from projector.housekeeping.audits import audit_all
from projector.rebuild.promotion import promote
from rows.jobs import REPLAY
from rows.postgresql import months
from rows.tables import audits, checkpoints, dead_letters, hourly_views, producer_positions
from tests.contract.rebuild.site import FIRST, HOUR, ONE, PAGE, SECOND, TWO, Site
from tests.factories import TEN, event


async def test_a_generation_begins_beside_the_live_one_and_alone(site: Site) -> None:
    await site.fill()
    await site.fold()
    starts = {ONE: Offset(4), TWO: Offset(0)}
    info = await site.generations.begin(site.epoch, "replay", PageRules("lower-host"), starts, None)
    assert (info.generation, info.state, info.page_rules) == (2, "loading", "lower-host")
    found = await site.generations.checkpoints(info.generation)
    assert {p: c.next_offset for p, c in found.items()} == starts
    with pytest.raises(RebuildError, match="being built already"):
        await site.generations.begin(site.epoch, "replay", NO_RULES, starts, None)
    await site.assert_exact()


async def test_no_number_is_given_twice(site: Site) -> None:
    for number in (2, 3, 4):
        info = await site.generations.begin(site.epoch, "replay", NO_RULES, {}, None)
        assert info.generation == number
        await site.generations.drop(info.generation)
    assert await site.states() == {1: "live"}


async def test_illegal_moves_are_refused_and_change_nothing(site: Site) -> None:
    await site.fill()
    await site.fold()
    generations, epoch = site.generations, site.epoch
    await generations.begin(epoch, "replay", NO_RULES, {}, None)
    before = await site.everything()
    illegal: list[Callable[[], Awaitable[object]]] = [
        # What is loading is nothing to promote, what is live nothing to reopen or to drop.
        lambda: promote(generations, site.log, epoch, SECOND, 0),
        lambda: promote(generations, site.log, epoch, Generation(9), 0),
        lambda: generations.reopen(epoch, SECOND, "rollback"),
        lambda: generations.reopen(epoch, FIRST, "rollback"),
        lambda: generations.finish_loading(epoch, FIRST),
        lambda: generations.drop(FIRST),
        lambda: generations.drop(Generation(9)),
    ]
    for move in illegal:
        with pytest.raises((RebuildError, Fenced)):
            await move()
        assert await site.everything() == before
    await site.assert_exact()


async def test_nobody_folds_into_a_generation_that_is_dropped(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    claim = await site.store.claim(ONE, site.epoch, SECOND)
    fold = project([Entry(claim.checkpoint.next_offset, await site.append(ONE))])
    await site.generations.drop(SECOND)
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, fold)
    with pytest.raises(Fenced):
        await site.store.claim(ONE, site.epoch, SECOND)


async def test_who_lost_the_job_changes_nothing_any_more(site: Site) -> None:
    await site.fill()
    await site.fold()
    old = site.epoch
    info = await site.build()
    await site.rebuild().promote(SECOND, 1_000)
    third = await site.rebuild().begin("replay", NO_RULES, carry_over=False)
    carrying = await _carried_later(site, third)
    new = await site.take_job()
    assert new > old
    before = await site.everything()
    late: list[Callable[[], Awaitable[object]]] = [
        lambda: site.generations.begin(old, "replay", NO_RULES, {}, None),
        lambda: site.generations.reopen(old, FIRST, "rollback"),
        lambda: site.generations.finish_loading(old, third.generation),
        lambda: promote(site.generations, site.log, old, third.generation, 0),
        lambda: site.history.carry_over(old, carrying),
        lambda: site.jobs.renew(REPLAY, "tests", old),
    ]
    for move in late:
        with pytest.raises(Fenced):
            await move()
        assert await site.everything() == before
    await site.store.claim(ONE, new, third.generation)
    with pytest.raises(Fenced):
        await site.store.claim(ONE, old, third.generation)
    assert info.generation == SECOND


async def _carried_later(site: Site, info: GenerationInfo) -> GenerationInfo:
    await site.execute(
        f"UPDATE generations SET carried_before = {HOUR + 1}, carried_views = -1 "
        f"WHERE generation = {info.generation}"
    )
    return next(i for i in await site.generations.all() if i.generation == info.generation)


async def test_a_drop_that_died_is_repeated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.fill()
    await site.log.append(ONE, b"junk")
    await site.fold()
    await site.build()
    await audit_all(site.generations, site.comparison, site.audits)
    claim = await site.store.claim(ONE, site.epoch, SECOND)
    late = project([Entry(claim.checkpoint.next_offset, await site.append(ONE, event(PAGE, TEN)))])
    await site.fold()

    async def killed(*_: object) -> None:
        raise StoreUnavailable("killed")

    with monkeypatch.context() as patched:
        patched.setattr(site.generations._layout, "remove", killed)
        with pytest.raises(StoreUnavailable):
            await site.generations.drop(SECOND)
    assert await site.states() == {1: "live", 2: "dropping"}
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, late)
    await site.generations.drop(SECOND)
    assert await site.states() == {1: "live"}
    async with site.engine.connect() as connection:
        for table in (hourly_views, checkpoints, producer_positions, dead_letters, audits):
            found = await connection.execute(select(table.c.generation).distinct())
            assert list(found.scalars()) == [1], table.name
        if site.postgresql:
            assert not await months.months(connection, SECOND)
    with pytest.raises(RebuildError):
        await site.generations.drop(SECOND)
    await site.assert_exact()


async def test_page_rules_belong_to_their_generation(site: Site) -> None:
    await site.append(ONE, event("EXAMPLE.com/a/"), event("example.com/a"))
    await site.fold()
    info = await site.build(PageRules("lower-host,strip-trailing-slash"))
    await site.rebuild().promote(info.generation, 1_000)
    site.expected = Counter({("example.com/a", HOUR): 2})
    await site.assert_exact()
    await site.append(TWO, event("Example.com/a"))
    site.expected = Counter({("example.com/a", HOUR): 3})
    await site.fold()
    await site.assert_exact()
    # The one from before goes by its own.
    await site.rebuild().reopen("rollback")
    await site.rebuild().promote(FIRST, 1_000)
    names = ("EXAMPLE.com/a/", "example.com/a", "Example.com/a")
    site.expected = Counter({(name, HOUR): 1 for name in names})
    await site.assert_exact()
