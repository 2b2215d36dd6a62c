"""Who folds what, from the tables of leases and projectors."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, case, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Partition
from domain.ownership import Ownership
from rows.database import over
from rows.fold.troubles import read_troubles
from rows.live import OF_PAGES
from rows.tables import leases, projector_versions, projectors


class Owned(NamedTuple):
    """Who folds what, and until when each live projector has told that it lives."""

    ownership: Ownership
    expires_ms: dict[str, int]


async def read_ownership(connection: AsyncConnection, now: ColumnElement[int]) -> Owned:
    """As it is at the moment `now` of the database's clock."""
    holder = case((not_(over(leases.c.expires_ms, now)), leases.c.owner))
    found = await connection.execute(
        select(leases.c.partition, holder.label("owner"))
        .where(OF_PAGES)
        .order_by(leases.c.partition)
    )
    owners = {Partition(row.partition): row.owner for row in found}
    alive = await connection.execute(
        select(projectors.c.owner, projectors.c.expires_ms, projector_versions.c.version)
        .outerjoin(projector_versions, projector_versions.c.owner == projectors.c.owner)
        .where(not_(over(projectors.c.expires_ms, now)))
        .order_by(projectors.c.owner)
    )
    live = alive.all()
    versions = {row.owner: row.version for row in live}
    said = await read_troubles(connection, now)
    expires_ms = {row.owner: row.expires_ms for row in live}
    return Owned(Ownership(owners, list(versions), versions, said), expires_ms)
