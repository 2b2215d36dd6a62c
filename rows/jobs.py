"""Who does what only one may do at a time: rows in the database, judged by its clock.

As with the leases of partitions, a job only saves wasted work and keeps messages clear; what it
changes is guarded by `fence` in the same transaction.
"""

from sqlalchemy import not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import Fenced
from domain.events import Epoch
from domain.jobs import REPLAY as REPLAY
from domain.jobs import RETENTION as RETENTION
from domain.jobs import ROLLUP as ROLLUP
from domain.ports.common import Jobs
from rows.conflicts import again
from rows.database import clock_ms, database_errors, insert_into, over, transaction
from rows.revision import require_understood
from rows.tables import jobs


class SqlJobs(Jobs):
    """Jobs on PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine, lease_ms: int) -> None:
        self._engine = engine
        self._lease_ms = lease_ms
        self._now = clock_ms(engine.dialect)

    @again
    async def acquire(self, name: str, owner: str) -> Epoch | None:
        fresh = {"name": name, "owner": None, "epoch": 0, "expires_ms": 0}
        async with transaction(self._engine) as connection:
            await require_understood(connection)
            await connection.execute(
                insert_into(self._engine, jobs).values(fresh).on_conflict_do_nothing()
            )
            # Passed over while another transaction holds it: that one has the job, even if its
            # process has stopped in the middle.
            free = (
                select(jobs.c.name)
                .where(
                    jobs.c.name == name,
                    or_(jobs.c.owner.is_(None), over(jobs.c.expires_ms, self._now)),
                )
                .with_for_update(skip_locked=True)
            )
            if (await connection.execute(free)).scalar_one_or_none() is None:
                return None
            taken = await connection.execute(
                update(jobs)
                .where(jobs.c.name == name)
                .values(owner=owner, epoch=jobs.c.epoch + 1, expires_ms=self._now + self._lease_ms)
                .returning(jobs.c.epoch)
            )
            epoch = taken.scalar_one_or_none()
            return None if epoch is None else Epoch(epoch)

    @again
    async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
        async with transaction(self._engine) as connection:
            await require_understood(connection)
            await fence(connection, name, epoch)
            await connection.execute(
                update(jobs)
                .where(jobs.c.name == name, jobs.c.owner == owner)
                .values(expires_ms=self._now + self._lease_ms)
            )

    @again
    async def release(self, name: str, owner: str, epoch: Epoch) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                update(jobs)
                .where(jobs.c.name == name, jobs.c.owner == owner, jobs.c.epoch == epoch)
                .values(owner=None, expires_ms=0)
            )

    async def holder(self, name: str) -> str | None:
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(jobs.c.owner).where(
                    jobs.c.name == name, not_(over(jobs.c.expires_ms, self._now))
                )
            )
            return found.scalar_one_or_none()


async def fence(connection: AsyncConnection, name: str, epoch: Epoch) -> None:
    """First statement of a transaction: holds the job until its end. Raises `Fenced`."""
    held = await connection.execute(
        update(jobs).where(jobs.c.name == name, jobs.c.epoch == epoch).values(epoch=epoch)
    )
    if held.rowcount != 1:
        raise Fenced(f"{name}: another process has taken this over")
