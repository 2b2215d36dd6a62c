"""Which generation reports read, and from which hour on."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Hour
from rows.tables import generations, retention

IS_LIVE = generations.c.state == "live"
LIVE = select(generations.c.generation).where(IS_LIVE).scalar_subquery()
"""The number of the live generation, as a value in a statement."""


async def read_horizon(connection: AsyncConnection) -> Hour:
    """The oldest hour that is kept."""
    return Hour((await connection.execute(select(retention.c.horizon))).scalar_one())
