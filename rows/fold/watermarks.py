"""How complete checkpoints are that stand still, and the live generation as a whole."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.checkpoint import Checkpoint
from domain.ports.fold import Watermarks
from rows.checkpoints import later
from rows.database import clock_ms, reading, transaction
from rows.live import IS_LIVE, OF_PAGES
from rows.tables import checkpoints, generations, leases

_RECORD = (
    update(checkpoints)
    .where(
        checkpoints.c.generation == bindparam("its_generation"),
        checkpoints.c.partition == bindparam("its_partition"),
    )
    .values(complete_ms=later(bindparam("its_moment", type_=BigInteger)))
)
# A partition that has no checkpoint yet may hold anything.
_LEAST = (
    select(func.min(func.coalesce(checkpoints.c.complete_ms, 0)))
    .select_from(
        leases.outerjoin(
            checkpoints,
            and_(
                checkpoints.c.partition == leases.c.partition,
                checkpoints.c.generation == bindparam("its_generation"),
            ),
        )
    )
    .where(OF_PAGES)
    .scalar_subquery()
)
_LIVE_IS = (
    update(generations)
    .where(
        generations.c.generation == bindparam("its_generation"),
        generations.c.complete_ms < _LEAST,
    )
    .values(complete_ms=_LEAST)
)


class SqlWatermarks(Watermarks):
    """Watermarks in PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def now_ms(self) -> int:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(clock_ms(connection.dialect)))
            # It is rounded on the way: a moment that is not over yet would promise too much.
            return int(found.scalar_one()) - 1

    async def record(self, moments: Mapping[Checkpoint, int]) -> None:
        async with transaction(self._engine) as connection:
            # First, as everywhere. No promotion can come between what is read and written here.
            found = await connection.execute(
                select(generations.c.generation).where(IS_LIVE).with_for_update(key_share=True)
            )
            live = found.scalar_one_or_none()
            if moments:
                await _record(connection, moments)
            await connection.execute(_LIVE_IS, {"its_generation": live})


async def _record(connection: AsyncConnection, moments: Mapping[Checkpoint, int]) -> None:
    # Nobody is waited for while others' rows are held: what is locked moves just now.
    found = await connection.execute(
        select(checkpoints.c.generation, checkpoints.c.partition)
        .where(or_(*map(_stands, moments)))
        .order_by(checkpoints.c.generation, checkpoints.c.partition)
        .with_for_update(skip_locked=True)
    )
    standing = {(row.generation, row.partition) for row in found}
    changes = [
        {
            "its_generation": checkpoint.generation,
            "its_partition": checkpoint.partition,
            "its_moment": moment_ms,
        }
        for checkpoint, moment_ms in moments.items()
        if (checkpoint.generation, checkpoint.partition) in standing
    ]
    if changes:
        await connection.execute(_RECORD, changes)


def _stands(checkpoint: Checkpoint):  # type: ignore[no-untyped-def]
    return and_(
        checkpoints.c.generation == checkpoint.generation,
        checkpoints.c.partition == checkpoint.partition,
        checkpoints.c.epoch == checkpoint.epoch,
        checkpoints.c.next_offset == checkpoint.next_offset,
    )
