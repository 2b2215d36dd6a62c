"""What leases promise on every database: each partition has one owner, and epochs only grow."""

import asyncio
from itertools import pairwise

from domain.events import Partition
from tests.contract.fold.site import (
    NUMBER,
    SECONDS,
    SHORT_MS,
    Database,
    all_partitions,
    settle,
    until,
)


async def test_the_first_owner_gets_everything(database: Database) -> None:
    one = database.projector()
    assert await one.tick() == dict.fromkeys(range(NUMBER), 1)
    assert await one.surplus() is None


async def test_a_tick_renews_and_changes_nothing_else(database: Database) -> None:
    one = database.projector()
    first = dict(await one.tick())
    before = await database.expires_ms(one.owner)
    async with asyncio.timeout(SECONDS):
        while max(before) >= min(await database.expires_ms(one.owner)):
            assert await one.tick() == first


async def test_the_partitions_of_a_dead_owner_are_taken(database: Database) -> None:
    one, two = database.projector(SHORT_MS), database.projector()
    await one.tick()
    before = dict(one.held)
    await until(lambda: len(two.held) == NUMBER, two)
    assert two.held == {partition: epoch + 1 for partition, epoch in before.items()}
    # The dead one wakes up: what it had is not its own any more.
    assert await one.tick() == {}


async def test_an_owner_that_comes_back_in_time_loses_nothing(database: Database) -> None:
    one, two = database.projector(), database.projector()
    first = dict(await one.tick())
    assert await two.tick() == {}
    assert await one.tick() == first


async def test_leaving_gives_everything_back_at_once(database: Database) -> None:
    one, two = database.projector(), database.projector()
    await settle(one, two)
    before = dict(one.held)
    await one.leave()
    after = await two.tick()
    assert set(after) == all_partitions()
    assert {partition: after[partition] for partition in before} == {
        partition: epoch + 1 for partition, epoch in before.items()
    }


async def test_only_an_owner_can_release(database: Database) -> None:
    one, two = database.projector(), database.projector()
    first = dict(await one.tick())
    await two.tick()
    await two.release(Partition(0))
    await two.leave()
    assert await one.tick() == first


async def test_epochs_only_grow(database: Database) -> None:
    one, two = database.projector(), database.projector()
    epochs = []
    for _ in range(3):
        for projector in (one, two):
            epochs.append((await projector.tick())[Partition(0)])
            await projector.leave()
    assert all(earlier < later for earlier, later in pairwise(epochs))


async def test_owners_that_were_all_thought_dead_may_return_at_once(database: Database) -> None:
    # A database that was away for longer than a lease: everybody is out of date.
    projectors = [database.projector(lease_ms=1) for _ in range(4)]
    for _ in range(20):
        await asyncio.gather(*(projector.tick() for projector in projectors))


async def test_who_died_while_the_clock_was_ahead_keeps_no_partition(database: Database) -> None:
    wrong_ms = 500 * 24 * 3_600_000
    dead, alive = database.projector(wrong_ms), database.projector()
    assert len(await dead.tick()) == NUMBER
    assert len(await alive.tick()) == NUMBER
    assert (await alive.ownership()).projectors == [alive.owner]


async def test_an_epoch_that_was_never_given_out_here_is_got_past(database: Database) -> None:
    """Left by a server that lost commits, or that was a primary beside this one."""
    one = database.projector()
    first = dict(await one.tick())
    await database.has_checkpoint(1, epoch=first[Partition(1)])
    assert await one.tick() == first
    await database.has_checkpoint(1, epoch=7)
    after = await one.tick()
    assert after == {**first, Partition(1): 8}
    await database.has_checkpoint(1, epoch=8)
    assert await one.tick() == after


async def test_what_is_taken_is_past_an_epoch_that_was_never_given_out_here(
    database: Database,
) -> None:
    """Whoever has that one may be folding under it yet."""
    one, two = database.projector(), database.projector()
    first = dict(await one.tick())
    elsewhere = first[Partition(1)] + 1
    await database.has_checkpoint(1, epoch=elsewhere)
    await one.leave()
    assert (await two.tick())[Partition(1)] > elsewhere
