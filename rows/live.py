"""Which generation reports read, and from which hour on."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Hour
from rows.tables import retention


async def read_horizon(connection: AsyncConnection) -> Hour:
    """The oldest hour that is kept."""
    return Hour((await connection.execute(select(retention.c.horizon))).scalar_one())
