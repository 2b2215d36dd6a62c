"""What leases promise on every database: each partition has one owner, and epochs only grow."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from cli.wiring.process import now_ms
from domain.events import Epoch, Partition
from domain.ownership import Ownership
from domain.ports.fold import Leases
from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.tables import leases as leases_table
from tests.conftest import embedded, postgres_database

NUMBER = 10
LONG_MS = 60_000
SHORT_MS = 300
SECONDS = 20


class Projector:
    """An owner with connections of its own; writes down what it was ever given."""

    def __init__(self, leases: Leases, owner: str) -> None:
        self._leases = leases
        self.owner = owner
        self.held: Mapping[Partition, Epoch] = {}
        self.given: set[tuple[Partition, Epoch]] = set()

    async def tick(
        self, partitions: int = NUMBER, *, draining: bool = False
    ) -> Mapping[Partition, Epoch]:
        self.held = await self._leases.tick(self.owner, partitions, draining)
        self.given |= set(self.held.items())
        return self.held

    async def hand_over(self) -> bool:
        """One round of the supervisor: tick, then release what is too much."""
        await self.tick()
        surplus = await self._leases.surplus(self.owner)
        if surplus is None:
            return False
        assert surplus in self.held
        await self._leases.release(self.owner, surplus)
        return True

    async def surplus(self) -> Partition | None:
        return await self._leases.surplus(self.owner)

    async def release(self, partition: Partition) -> None:
        await self._leases.release(self.owner, partition)

    async def leave(self) -> None:
        await self._leases.leave(self.owner)

    async def enter(self, partitions: int) -> None:
        await self._leases.enter(partitions)

    async def ownership(self) -> Ownership:
        return await self._leases.ownership()


class Database:
    """An empty database and the projectors that use it."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self.projectors: list[Projector] = []
        self._stack = stack

    def projector(self, lease_ms: int = LONG_MS) -> Projector:
        engine = open_engine(self.url)
        self._stack.push_async_callback(engine.dispose)
        projector = Projector(SqlLeases(engine, lease_ms), f"owner-{len(self.projectors)}")
        self.projectors.append(projector)
        return projector

    async def has_checkpoint(self, partition: int) -> None:
        engine = open_engine(self.url)
        await SqlProjectionStore(engine, now_ms).claim(Partition(partition), Epoch(0))
        await engine.dispose()

    async def expires_ms(self, owner: str) -> list[int]:
        engine = open_engine(self.url)
        async with engine.connect() as connection:
            query = select(leases_table.c.expires_ms).where(leases_table.c.owner == owner)
            found = list((await connection.execute(query)).scalars())
        await engine.dispose()
        return found


@asynccontextmanager
async def url_of(name: str, tmp_path: Path) -> AsyncIterator[str]:
    if name == "sqlite":
        yield embedded(tmp_path).rows_url
        return
    async with postgres_database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with url_of(request.param, tmp_path) as url, AsyncExitStack() as stack:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()
        found = Database(url, stack)
        yield found
        nothing_was_given_twice(found.projectors)


def nothing_was_given_twice(projectors: list[Projector]) -> None:
    """Over the whole test: no partition under one epoch to two owners."""
    every = [given for projector in projectors for given in projector.given]
    assert len(every) == len(set(every))


def all_partitions(number: int = NUMBER) -> set[int]:
    return set(range(number))


async def settle(*projectors: Projector) -> None:
    """Rounds of the supervisor until nobody has anything to hand over."""
    for projector in projectors:
        await projector.tick()
    async with asyncio.timeout(SECONDS):
        while any([await projector.hand_over() for projector in projectors]):
            pass
    assert_shared(*projectors)


def assert_shared(*projectors: Projector, number: int = NUMBER) -> None:
    """Each partition has one owner, and nobody has two more than somebody else."""
    held = [partition for projector in projectors for partition in projector.held]
    assert sorted(held) == sorted(all_partitions(number))
    sizes = [len(projector.held) for projector in projectors]
    assert max(sizes) - min(sizes) <= 1


async def until(condition: Callable[[], bool], *projectors: Projector) -> None:
    """Tick until the condition holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            for projector in projectors:
                await projector.tick()


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


async def test_owners_that_were_all_thought_dead_may_return_at_once(database: Database) -> None:
    # A database that was away for longer than a lease: everybody is out of date.
    projectors = [database.projector(lease_ms=1) for _ in range(4)]
    for _ in range(20):
        await asyncio.gather(*(projector.tick() for projector in projectors))


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


async def test_who_drains_keeps_what_it_has_and_takes_nothing(database: Database) -> None:
    one, two = database.projector(), database.projector()
    assert await one.tick(draining=True) == {}
    await one.leave()
    await settle(one, two)
    before = dict(one.held)
    await two.leave()
    assert await one.tick(draining=True) == before
    assert set(await one.tick()) == all_partitions()
