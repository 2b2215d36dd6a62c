"""Who may fold which partition: rows in the database, judged by the database's clock.

A lease only saves wasted work. What keeps counts exact is the compare-and-set on the checkpoint,
whose epoch comes from here: it grows with every acquisition.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import ceil

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Epoch, Partition
from domain.ownership import Ownership, Trouble
from domain.ports.fold import Leases
from domain.version import VERSION
from rows.database import (
    LEASES_LOCK,
    alone,
    clock_ms,
    insert_into,
    over,
    reading,
    transaction,
)
from rows.fold.ownership import read_ownership
from rows.fold.relief import CAN_FOLD, Relief
from rows.fold.troubles import write_troubles
from rows.live import LIVE, OF_PAGES
from rows.rebuild.generations import SEALED
from rows.revision import require_understood
from rows.tables import checkpoints, leases, projector_versions, projectors, troubles

logger = logging.getLogger(__name__)


_CLAIMED = (
    select(checkpoints.c.epoch)
    .where(checkpoints.c.generation == LIVE, checkpoints.c.partition == leases.c.partition)
    .scalar_subquery()
)
# A checkpoint may be under an epoch that was never given out here: by a primary whose last commits
# were lost, or by another one beside this. No lease of today would ever get past it.
_EPOCH = case(
    (and_(leases.c.epoch < _CLAIMED, _CLAIMED < SEALED), _CLAIMED + 1), else_=leases.c.epoch
)


class SqlLeases(Leases):
    """Leases on PostgreSQL and SQLite, of a projector that says its `version`."""

    def __init__(self, engine: AsyncEngine, lease_ms: int, version: str | None = VERSION) -> None:
        self._engine = engine
        self._lease_ms = lease_ms
        self._version = version
        self._now = clock_ms(engine.dialect)
        self._relief = Relief(self._now, lease_ms)

    async def tick(self, owner: str, partitions: int, draining: bool) -> Mapping[Partition, Epoch]:
        async with self._alone() as connection:
            # Before anything is renewed: whoever is not to work any more holds nothing for long.
            await require_understood(connection)
            await self._add_partitions(connection, partitions)
            await self._sign_in(connection, owner)
            await connection.execute(
                update(leases)
                .where(leases.c.owner == owner)
                .values(expires_ms=self._until, epoch=_EPOCH)
            )
            held = await self._held(connection, owner)
            if not draining:
                missing = await self._fair_share(connection) - len(held)
                taken = await self._acquire(connection, owner, missing) if missing > 0 else 0
                if await self._relieve(connection, owner) or taken:
                    held = await self._held(connection, owner)
            return held

    async def surplus(self, owner: str) -> Partition | None:
        async with reading(self._engine) as connection:
            counts = await self._counts(connection)
            mine = counts.get(owner, 0)
            if not counts or mine - min(counts.values()) < 2:
                return None
            # Only the richest gives, so that one partition moves at a time.
            if owner != max(counts, key=lambda name: (counts[name], name)):
                return None
            found = await connection.execute(
                select(func.max(leases.c.partition)).where(leases.c.owner == owner)
            )
            return Partition(found.scalar_one())

    async def tell(self, owner: str, troubles: Mapping[Partition, Trouble]) -> None:
        async with transaction(self._engine) as connection:
            await write_troubles(connection, self._engine, owner, self._now, troubles)

    async def release(self, owner: str, partition: Partition) -> None:
        async with self._alone() as connection:
            await connection.execute(
                update(leases)
                .where(leases.c.owner == owner, leases.c.partition == partition)
                .values(owner=None, expires_ms=0)
            )

    async def leave(self, owner: str) -> None:
        async with self._alone() as connection:
            await connection.execute(
                update(leases).where(leases.c.owner == owner).values(owner=None, expires_ms=0)
            )
            await connection.execute(delete(projectors).where(projectors.c.owner == owner))
            await self._forget_versions(connection)
            await connection.execute(delete(troubles).where(troubles.c.owner == owner))

    async def enter(self, partitions: int) -> None:
        async with self._alone() as connection:
            await self._add_partitions(connection, partitions)

    async def ownership(self) -> Ownership:
        async with reading(self._engine) as connection:
            return (await read_ownership(connection, self._now)).ownership

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes leases while nobody else does, as SQLite has it anyway."""
        async with transaction(self._engine) as connection:
            # Everybody renews its own rows and removes those of the dead. Whoever is thought dead
            # and returns is both, and without an order two of them would deadlock.
            await alone(connection, LEASES_LOCK)
            yield connection

    @property
    def _until(self):  # type: ignore[no-untyped-def]
        return self._now + self._lease_ms

    async def _add_partitions(self, connection: AsyncConnection, partitions: int) -> None:
        found = await connection.execute(select(leases.c.partition))
        known = {row.partition for row in found}
        # Partitions beyond the number of today are drained as long as they have a checkpoint.
        old = await connection.execute(select(checkpoints.c.partition).distinct())
        wanted = set(range(partitions)) | {row.partition for row in old}
        if new := sorted(wanted - known):
            rows = [{"partition": p, "owner": None, "epoch": 0, "expires_ms": 0} for p in new]
            await connection.execute(
                insert_into(self._engine, leases).on_conflict_do_nothing(), rows
            )

    async def _sign_in(self, connection: AsyncConnection, owner: str) -> None:
        statement = insert_into(self._engine, projectors).values(
            owner=owner, expires_ms=self._until
        )
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["owner"], set_={"expires_ms": statement.excluded.expires_ms}
            )
        )
        await connection.execute(delete(projectors).where(over(projectors.c.expires_ms, self._now)))
        await self._forget_versions(connection)
        if self._version:
            said = insert_into(self._engine, projector_versions).values(
                owner=owner, version=self._version
            )
            await connection.execute(said.on_conflict_do_nothing())

    async def _forget_versions(self, connection: AsyncConnection) -> None:
        known = select(projectors.c.owner)
        await connection.execute(
            delete(projector_versions).where(projector_versions.c.owner.not_in(known))
        )

    async def _held(self, connection: AsyncConnection, owner: str) -> dict[Partition, Epoch]:
        found = await connection.execute(
            select(leases.c.partition, leases.c.epoch).where(leases.c.owner == owner)
        )
        return {Partition(row.partition): Epoch(row.epoch) for row in found}

    async def _fair_share(self, connection: AsyncConnection) -> int:
        members = await connection.execute(
            select(func.count()).select_from(projectors).where(CAN_FOLD)
        )
        total = await connection.execute(select(func.count()).select_from(leases).where(OF_PAGES))
        return ceil(total.scalar_one() / max(1, members.scalar_one()))

    async def _acquire(self, connection: AsyncConnection, owner: str, number: int) -> int:
        free = (
            select(leases.c.partition)
            .where(or_(leases.c.owner.is_(None), over(leases.c.expires_ms, self._now)))
            .where(OF_PAGES)
            .order_by(leases.c.partition)
            .limit(number)
        )
        return await self._take(connection, owner, leases.c.partition.in_(free.scalar_subquery()))

    async def _take(
        self, connection: AsyncConnection, owner: str, which: ColumnElement[bool]
    ) -> int:
        taken = await connection.execute(
            update(leases)
            .where(which)
            .values(owner=owner, epoch=_EPOCH + 1, expires_ms=self._until)
        )
        return taken.rowcount

    async def _relieve(self, connection: AsyncConnection, owner: str) -> int:
        """Take what those hold who cannot fold it; how many that are."""
        taken = 0
        for lease in await self._relief.due(connection, owner):
            logger.warning(
                "partition %d is taken from %s, which has it and cannot fold it: "
                "that is an older Footfall, stop it",
                lease.partition,
                lease.owner,
            )
            its = and_(leases.c.partition == lease.partition, leases.c.epoch == lease.epoch)
            taken += await self._take(connection, owner, its)
        return taken

    async def _counts(self, connection: AsyncConnection) -> dict[str, int]:
        found = await connection.execute(
            select(projectors.c.owner, func.count(leases.c.partition).label("held"))
            .outerjoin(leases, and_(leases.c.owner == projectors.c.owner, OF_PAGES))
            .where(not_(over(projectors.c.expires_ms, self._now)), CAN_FOLD)
            .group_by(projectors.c.owner)
        )
        return {row.owner: row.held for row in found}
