"""Leases in the hands of projectors that cannot use them.

Whoever has taken a lease claims the checkpoint under its epoch at once. A Footfall 0.1.0 that was
left running on tables migrated since takes leases too, but cannot claim. It does not say its
version either, and is known by these two: what it takes is taken from it within a lease's time.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Epoch, Partition
from rows.live import LIVE, OF_PAGES
from rows.tables import checkpoints, leases, projector_versions, projectors


def _is_claimed(lease: FromClause) -> ColumnElement[bool]:
    return exists().where(
        checkpoints.c.generation == LIVE,
        checkpoints.c.partition == lease.c.partition,
        checkpoints.c.epoch >= lease.c.epoch,
    )


def _says_its_version(owner: ColumnElement[str | None]) -> ColumnElement[bool]:
    return exists().where(projector_versions.c.owner == owner)


_OF_IT = leases.alias("of_it")

CAN_FOLD = or_(
    _says_its_version(projectors.c.owner),
    exists().where(_OF_IT.c.owner == projectors.c.owner, _is_claimed(_OF_IT)),
)
"""Of the projectors those that partitions may go to. Up to 0.2.0 none says its version, but what
has claimed can fold."""


class Unused(NamedTuple):
    """A lease, and who has it."""

    partition: Partition
    epoch: Epoch
    owner: str


class Relief:
    """Remembers since when leases were seen without a claim, on the database's clock."""

    def __init__(self, now: ColumnElement[int], lease_ms: int) -> None:
        self._now = now
        # Who can fold claims at once: seen like this at a tick, a third of a lease later, and at
        # the third tick.
        self._patience_ms = lease_ms // 2
        self._since_ms: dict[Unused, int] = {}

    async def due(self, connection: AsyncConnection, owner: str) -> list[Unused]:
        """The leases that `owner` is to take from others."""
        found = await connection.execute(
            select(leases.c.partition, leases.c.epoch, leases.c.owner, self._now.label("now_ms"))
            .where(
                leases.c.owner != owner,
                ~_says_its_version(leases.c.owner),
                ~_is_claimed(leases),
                OF_PAGES,
            )
            .order_by(leases.c.partition)
        )
        seen = {
            Unused(Partition(row.partition), Epoch(row.epoch), row.owner): row.now_ms
            for row in found
        }
        self._since_ms = {one: self._since_ms.get(one, now_ms) for one, now_ms in seen.items()}
        return [
            one for one, now_ms in seen.items() if now_ms - self._since_ms[one] >= self._patience_ms
        ]
