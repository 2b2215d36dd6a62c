"""What keeps partitions from being folded: told by their owners, believed while these live."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, delete, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Partition
from domain.ownership import Trouble
from rows.database import insert_into, over
from rows.refusals import plain
from rows.tables import leases, troubles


async def read_troubles(
    connection: AsyncConnection, now: ColumnElement[int]
) -> dict[Partition, Trouble]:
    """Those of owners that live: what a dead one has said is not true any more."""
    held = and_(leases.c.partition == troubles.c.partition, leases.c.owner == troubles.c.owner)
    found = await connection.execute(
        select(troubles)
        .join(leases, held)
        .where(not_(over(leases.c.expires_ms, now)))
        .order_by(troubles.c.partition)
    )
    return {
        Partition(row.partition): Trouble(bool(row.stopped), row.reason, row.since_ms, row.kind)
        for row in found
    }


async def write_troubles(
    connection: AsyncConnection,
    engine: AsyncEngine,
    owner: str,
    now: ColumnElement[int],
    found: Mapping[Partition, Trouble],
) -> None:
    """All that `owner` has; what it had before keeps its beginning."""
    gone = and_(troubles.c.owner == owner, troubles.c.partition.not_in(found))
    of_others = and_(troubles.c.owner != owner, troubles.c.partition.in_(found))
    await connection.execute(delete(troubles).where(or_(gone, of_others)))
    for partition, trouble in found.items():
        said = {
            "owner": owner,
            "stopped": trouble.stopped,
            "reason": plain(trouble.reason),
            "kind": trouble.kind,
        }
        statement = insert_into(engine, troubles).values(partition=partition, since_ms=now, **said)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["partition"], set_=said)
        )
