"""Which partitions there are to own, and who holds them."""

import asyncio

from domain.events import Partition
from domain.ownership import Ownership
from tests.contract.fold.site import NUMBER, SECONDS, SHORT_MS, Database, all_partitions, settle


async def test_partitions_beyond_the_number_are_drained(database: Database) -> None:
    one, two = database.projector(), database.projector()
    await database.has_checkpoint(NUMBER + 7)
    assert set(await one.tick(3)) == {0, 1, 2, NUMBER + 7}
    await one.leave()
    assert set(await two.tick(3)) == {0, 1, 2, NUMBER + 7}


async def test_a_larger_number_of_partitions_is_taken_up(database: Database) -> None:
    one = database.projector()
    await one.tick(3)
    assert set(await one.tick()) == all_partitions()


async def test_what_was_entered_is_folded_by_projectors_that_know_fewer(
    database: Database,
) -> None:
    one, two = database.projector(), database.projector()
    await one.tick(3)
    await two.enter(6)
    assert set(await one.tick(3)) == all_partitions(6)
    # A smaller number takes nothing away.
    await two.enter(2)
    assert set(await one.tick(2)) == all_partitions(6)


async def test_ownership_tells_who_holds_what(database: Database) -> None:
    one, two = database.projector(), database.projector()
    assert await one.ownership() == Ownership({}, [])
    await one.enter(NUMBER)
    assert await one.ownership() == Ownership(dict.fromkeys(map(Partition, all_partitions())), [])
    await settle(one, two)
    found = await one.ownership()
    for projector in (one, two):
        assert {p for p, owner in found.owners.items() if owner == projector.owner} == set(
            projector.held
        )
    assert found.projectors == [one.owner, two.owner]
    await two.leave()
    found = await one.ownership()
    assert set(found.owners.values()) == {one.owner, None}
    assert found.projectors == [one.owner]


async def test_ownership_does_not_count_who_is_silent_for_longer_than_a_lease(
    database: Database,
) -> None:
    one = database.projector(SHORT_MS)
    await one.tick()
    nobody = Ownership(dict.fromkeys(map(Partition, all_partitions())), [])
    async with asyncio.timeout(SECONDS):
        while await one.ownership() != nobody:
            await asyncio.sleep(0.01)
