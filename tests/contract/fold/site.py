"""An empty database and the projectors that share its partitions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from cli.wiring.process import now_ms
from domain.events import Epoch, Partition
from domain.ownership import Ownership, Trouble
from domain.ports.fold import Leases
from domain.version import VERSION
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.tables import leases as leases_table
from tests.conftest import embedded
from tests.fakes import FakeLeases
from tests.templates import fill, postgres_database

NUMBER = 10
LONG_MS = 60_000
SHORT_MS = 300
SECONDS = 20
ADAPTERS = ["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Projector:
    """An owner with connections of its own; writes down what it was ever given."""

    def __init__(self, leases: Leases, owner: str) -> None:
        self._leases = leases
        self.owner = owner
        self.held: Mapping[Partition, Epoch] = {}
        self.given: set[tuple[Partition, Epoch]] = set()
        self.claims: Database | None = None
        """Where it claims what it is given, None for one that only takes leases."""

    async def tick(
        self, partitions: int = NUMBER, *, draining: bool = False
    ) -> Mapping[Partition, Epoch]:
        self.held = await self._leases.tick(self.owner, partitions, draining)
        self.given |= set(self.held.items())
        if self.claims is not None:
            await self.claims.claimed_by(self)
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

    async def tell(self, troubles: Mapping[Partition, Trouble]) -> None:
        await self._leases.tell(self.owner, troubles)

    async def leave(self) -> None:
        await self._leases.leave(self.owner)

    async def enter(self, partitions: int) -> None:
        await self._leases.enter(partitions)

    async def ownership(self) -> Ownership:
        return await self._leases.ownership()


class Database:
    """Empty at first, and the projectors that use it."""

    def __init__(self) -> None:
        self.projectors: list[Projector] = []

    def projector(self, lease_ms: int = LONG_MS, version: str | None = VERSION) -> Projector:
        leases = self._leases(lease_ms, version)
        projector = Projector(leases, f"owner-{len(self.projectors)}")
        self.projectors.append(projector)
        return projector

    def _leases(self, lease_ms: int, version: str | None) -> Leases:
        raise NotImplementedError

    async def has_checkpoint(self, partition: int, epoch: int = 0) -> None:
        raise NotImplementedError

    async def claimed_by(self, projector: Projector) -> None:
        """It begins to fold what it holds, as who can does at once."""
        for partition, epoch in projector.held.items():
            await self.has_checkpoint(partition, epoch)

    async def expires_ms(self, owner: str) -> list[int]:
        raise NotImplementedError


class SqlDatabase(Database):
    """Each projector has connections of its own."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        super().__init__()
        self.url = url
        self._stack = stack

    def _leases(self, lease_ms: int, version: str | None) -> Leases:
        engine = open_engine(self.url)
        self._stack.push_async_callback(engine.dispose)
        return SqlLeases(engine, lease_ms, version)

    async def has_checkpoint(self, partition: int, epoch: int = 0) -> None:
        engine = open_engine(self.url)
        await SqlProjectionStore(engine, now_ms).claim(Partition(partition), Epoch(epoch))
        await engine.dispose()

    async def expires_ms(self, owner: str) -> list[int]:
        engine = open_engine(self.url)
        async with engine.connect() as connection:
            query = select(leases_table.c.expires_ms).where(leases_table.c.owner == owner)
            found = list((await connection.execute(query)).scalars())
        await engine.dispose()
        return found


class FakeDatabase(Database):
    """Its projectors share dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._shared = FakeLeases()

    def _leases(self, lease_ms: int, version: str | None) -> Leases:
        return self._shared.with_lease(lease_ms, version)

    async def has_checkpoint(self, partition: int, epoch: int = 0) -> None:
        self._shared.folded.add(Partition(partition))
        self._shared.claimed.add((Partition(partition), Epoch(epoch)))

    async def expires_ms(self, owner: str) -> list[int]:
        return [held.expires_ms for held in self._shared.held.values() if held.owner == owner]


@asynccontextmanager
async def url_of(name: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database at the newest version."""
    if name == "sqlite":
        settings = embedded(tmp_path)
        await fill(settings)
        yield settings.rows_url
        return
    async with postgres_database(migrated=True) as url:
        yield url


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
