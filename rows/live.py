"""Which generation reports read, and from which hour on."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clocks import Known
from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from domain.partitioning import PartitionKind
from domain.retention import NOTHING_PAST
from rows.tables import clock, gaps, generations, leases, retention

IS_LIVE = generations.c.state == "live"
OF_PAGES = leases.c.kind == PartitionKind.PAGES.value
"""Partitions of another kind are another program's, or that of a Footfall to come."""
LIVE = select(generations.c.generation).where(IS_LIVE).scalar_subquery()
"""The number of the live generation, as a value in a statement."""
_NO_HORIZON = (
    "the database: table retention has no row, which says from which hour on views are kept: it "
    "was not restored whole. Restore it from the backup, or where nothing was ever dropped: "
    f"INSERT INTO retention (id, horizon) VALUES (1, {NOTHING_PAST})"
)


async def read_horizon(connection: AsyncConnection) -> Hour:
    """The oldest hour that is kept.

    Raises `StoreUnavailable` where the row is gone: without it hours of which a part was dropped
    would be shown again.
    """
    hour = (await connection.execute(select(retention.c.horizon))).scalar_one_or_none()
    if hour is None:
        raise StoreUnavailable(_NO_HORIZON)
    return Hour(hour)


async def read_known(connection: AsyncConnection) -> Known:
    """What is known of the time; nothing where the row is gone, as before the first look."""
    found = await connection.execute(
        select(clock.c.believed_ms, clock.c.ahead_ms, clock.c.watched_ms)
    )
    row = found.one_or_none()
    return Known(0) if row is None else Known(*row)


async def read_dropped_before(connection: AsyncConnection) -> Hour | None:
    """Rows of the live generation before this hour may be gone although they are kept."""
    found = await connection.execute(select(gaps.c.dropped_before).where(gaps.c.generation == LIVE))
    hour = found.scalar_one_or_none()
    return None if hour is None else Hour(hour)


async def read_carried_from(connection: AsyncConnection, generation: Generation) -> Hour | None:
    """The first hour that was carried over, None where all before the last were."""
    found = await connection.execute(
        select(gaps.c.carried_from).where(gaps.c.generation == generation)
    )
    hour = found.scalar_one_or_none()
    return None if hour is None else Hour(hour)
