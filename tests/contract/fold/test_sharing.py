"""Owners that come and go end with a fair split, one partition at a time."""

import asyncio

import pytest

from tests.contract.fold.site import NUMBER, Database, Projector, all_partitions, settle


@pytest.mark.parametrize("number", [2, 3, 4])
async def test_owners_end_with_a_fair_split(database: Database, number: int) -> None:
    projectors = [database.projector() for _ in range(number)]
    await projectors[0].tick()
    await settle(*projectors)
    before = [dict(projector.held) for projector in projectors]
    await settle(*projectors)
    assert [projector.held for projector in projectors] == before


async def test_an_owner_takes_no_more_than_its_share(database: Database) -> None:
    one, two = database.projector(), database.projector()
    await one.tick(draining=True)
    assert len(await two.tick()) == NUMBER / 2
    assert len(await one.tick()) == NUMBER / 2


async def test_one_partition_moves_at_a_time(database: Database) -> None:
    one, two, three = (database.projector() for _ in range(3))
    await settle(one, two)
    await three.tick()
    surpluses = [await projector.surplus() for projector in (one, two, three)]
    assert len([surplus for surplus in surpluses if surplus is not None]) == 1


async def test_who_ticks_at_once_never_shares_a_partition(database: Database) -> None:
    projectors = [database.projector() for _ in range(4)]
    for leaving in (*projectors, None):
        await asyncio.gather(*(projector.tick() for projector in projectors))
        held = [partition for projector in projectors for partition in projector.held]
        assert sorted(held) == sorted(all_partitions())
        if leaving is not None:
            await leaving.leave()


async def test_owners_may_leave_and_hand_over_while_others_tick(database: Database) -> None:
    projectors = [database.projector() for _ in range(4)]

    async def come_and_go(projector: Projector, rounds: int) -> None:
        for number in range(rounds):
            await projector.hand_over()
            if number % 3 == 2:
                await projector.leave()

    await asyncio.gather(*(come_and_go(projector, 10) for projector in projectors))
    await settle(*projectors)


async def test_who_drains_keeps_what_it_has_and_takes_nothing(database: Database) -> None:
    one, two = database.projector(), database.projector()
    assert await one.tick(draining=True) == {}
    await one.leave()
    await settle(one, two)
    before = dict(one.held)
    await two.leave()
    assert await one.tick(draining=True) == before
    assert set(await one.tick()) == all_partitions()
