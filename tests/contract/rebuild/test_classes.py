"""Who looked is decided in the fold: a replay by another list corrects what was counted before."""

import asyncio

from cli.output.rebuild import summary
from cli.wiring.process import now_ms
from domain.agents.classes import SLOTS, Agent
from domain.events import Epoch, Hour, Offset, Partition
from domain.hours import HOUR_MS, hour_of
from domain.page_rules import NO_RULES
from domain.wire import encode
from projector.letters import LetterBox
from rows.fold.dead_letters import SqlDeadLetters
from tests.contract.rebuild.site import DAY_MS, FIRST, HOUR, ONE, PAGE, SECOND, TWO, Site
from tests.factories import TEN, batch, event, listed

OLD, NEW = listed("Googlebot"), listed("Googlebot", "bingbot", version="list 2")
VIEWERS = ["Firefox", "Googlebot", "bingbot", None]


async def filled(site: Site) -> None:
    """Four viewers of a page, by two partitions."""
    site.class_by(OLD)
    for partition in (ONE, TWO):
        for _ in range(3):
            await site.append(partition, *[event(PAGE)] * 4, times=2, agents=VIEWERS)
    await site.fold()


async def test_rows_are_of_the_class_that_the_list_says(site: Site) -> None:
    await filled(site)
    assert await site.by_class(FIRST) == {
        (PAGE, Agent.PERSON): 12,
        (PAGE, Agent.ROBOT): 6,
        (PAGE, Agent.UNKNOWN): 6,
    }
    await site.assert_exact()


async def test_another_list_moves_views_between_classes_and_changes_no_total(site: Site) -> None:
    await filled(site)
    site.class_by(NEW)
    info = await site.build()
    diff = await site.rebuild().compare(info)
    assert (diff.differing, diff.by_class, diff.old_views) == (0, False, diff.new_views)
    assert await site.lists() == {1: ["list 1"], 2: ["list 2"]}
    assert (
        "classes of viewers; the live generation was classed by list 1, the new one by list 2"
        in (summary(diff))
    )
    await site.rebuild().promote(info.generation, 1_000)
    assert await site.by_class(SECOND) == {
        (PAGE, Agent.PERSON): 6,
        (PAGE, Agent.ROBOT): 12,
        (PAGE, Agent.UNKNOWN): 6,
    }
    await site.append(ONE, event(PAGE), agents=["bingbot"])
    await site.fold()
    assert (await site.by_class(SECOND))[PAGE, Agent.ROBOT] == 13
    assert (await site.lists())[2] == ["list 2"]
    await site.assert_exact()


async def test_a_view_in_another_class_is_a_difference_where_one_list_has_classed(
    site: Site,
) -> None:
    await filled(site)
    await site.build()
    # One side is ahead here, the other there.
    await site.append(ONE, *[event(PAGE)] * 4, agents=VIEWERS)
    await site.fold(ONE)
    assert await site.differing(SECOND) == 0
    person, robot = (SLOTS[agent][1] for agent in (Agent.PERSON, Agent.ROBOT))
    for slot, views in ((person, -1), (robot, 1)):
        await site.execute(
            f"UPDATE hourly_views SET views = views + {views} WHERE generation = 2 AND "
            f"shard = {slot}"
        )
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    assert diff.by_class
    assert [(found.page, found.hour, found.agent) for found in diff.largest] == [
        (PAGE, HOUR, Agent.PERSON),
        (PAGE, HOUR, Agent.ROBOT),
    ]
    assert [found.new - found.old for found in diff.largest] == [-1, 1]
    assert "pages, classes and hours that differ: 2" in summary(diff)
    # Who has another list cannot say what the one that is behind would have made of the rest.
    site.class_by(NEW)
    diff = await site.comparison.compare(SECOND, site.log, Hour(-20_000_000))
    assert (diff.differing, diff.by_class) == (0, False)


async def test_every_list_that_has_classed_stands_in_the_generation(site: Site) -> None:
    await site.fold()
    assert await site.lists() == {1: []}
    for classes in (OLD, NEW, OLD):
        site.class_by(classes)
        await site.fold()
    assert await site.lists() == {1: ["list 1", "list 2"]}


async def test_lists_that_begin_at_once_all_stand_there(site: Site) -> None:
    stores = []
    for number in range(6):
        site.class_by(listed(version=f"list {number % 3}"))
        stores.append(site.store)
    await asyncio.gather(
        *(store.claim(Partition(p), Epoch(1)) for p, store in enumerate(stores)),
    )
    assert sorted((await site.lists())[1]) == ["list 0", "list 1", "list 2"]


async def test_what_is_carried_over_keeps_its_classes_and_says_by_which_list(site: Site) -> None:
    site.class_by(OLD)
    for day in range(2):
        for hour in range(4):
            at_ms = TEN + day * DAY_MS + hour * HOUR_MS
            viewed = [event(f"{day}", at_ms)] * 4
            await site.append(ONE, *viewed, at_ms=at_ms, agents=VIEWERS)
    await site.fold()
    site.log.delete_before(ONE, 4)
    site.class_by(NEW)
    info = await site.build(carry_over=True)
    assert (await site.lists())[2] == ["list 2", "list 1"]
    found = await site.by_class(info.generation)
    # The first hours of the second day may have views in what is deleted: they are carried too.
    assert (found["0", Agent.PERSON], found["0", Agent.ROBOT]) == (8, 4)
    folded = 4 - (info.carried_before or 0) + hour_of(TEN + DAY_MS)
    assert (found["1", Agent.PERSON], found["1", Agent.ROBOT]) == (8 - folded, 4 + folded)
    assert (await site.rebuild().compare(info)).differing == 0


async def test_nothing_is_said_of_a_list_of_which_nothing_was_carried(site: Site) -> None:
    await filled(site)
    site.class_by(NEW)
    info = await site.generations.begin(site.epoch, "replay", NO_RULES, {}, Hour(0))
    assert await site.history.carry_over(site.epoch, info) == 0
    assert (await site.lists())[2] == ["list 2"]


async def test_a_dead_letter_that_is_retried_is_classed_too(site: Site) -> None:
    await filled(site)
    ahead_ms = 3 * HOUR_MS
    early = batch(
        event(PAGE), event(PAGE), producer="e", at_ms=now_ms() + ahead_ms, agents=["bingbot", None]
    )
    await site.log.append(ONE, encode(early))
    await site.fold()
    before = await site.by_class(FIRST)
    place = Offset((await site.log.bounds(ONE)).end - 1)
    letters = SqlDeadLetters(site.engine, lambda: now_ms() + 2 * ahead_ms, NEW)
    done = await LetterBox(letters, site.log).retry(site.epoch, ONE, place)
    assert (done.events, done.views) == (2, 2)
    after = await site.by_class(FIRST)
    assert {key: after[key] - views for key, views in before.items()} == {
        (PAGE, Agent.PERSON): 0,
        (PAGE, Agent.ROBOT): 1,
        (PAGE, Agent.UNKNOWN): 1,
    }
    assert (await site.lists())[1] == ["list 1", "list 2"]
