"""What whoever adds or claims says of the sums: which days are not true any more.

A flush reads the days it adds to, and writes only where one of them is not due already: in its
usual course nothing. Whoever adds days up says so first (`building`), and then lets every flush end
that could have read before; all later ones find it, and take their days out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, false, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import masks_of
from domain.events import Epoch, Generation, Hour, Partition
from rows.database import insert_into, is_postgresql
from rows.tables import checkpoints, rolled_months, rollup_generations

UNMARKED = -1
"""As `marked_epoch`: whoever folded under `epoch` is not known to mark."""
IS_MARKED = checkpoints.c.marked_epoch == checkpoints.c.epoch
"""Whoever has folded here up to now did."""

_known = rolled_months.c
_DUE_IN_POSTGRESQL = (
    "SELECT month, due FROM rolled_months WHERE generation = $1 AND month BETWEEN $2 AND $3"
)
_DUE_IN_SQLITE = (
    "SELECT month, due FROM rolled_months WHERE generation = ? AND month BETWEEN ? AND ?"
)
_NOTHING = {"rolled": 0, "building": 0, "whole": False}


async def mark(connection: AsyncConnection, generation: Generation, hours: Iterable[Hour]) -> None:
    """Rows of these hours were added: their days are due. After all else that takes locks.

    They are hours of pages. Whatever is counted beside pages is of the same events, so that no
    other day has more of it.
    """
    masks = masks_of(hours)
    # As text: putting it together takes longer than the database does, and every flush asks.
    query = _DUE_IN_POSTGRESQL if is_postgresql(connection.dialect) else _DUE_IN_SQLITE
    found = await connection.exec_driver_sql(query, (generation, min(masks), max(masks)))
    due = {row.month: row.due for row in found}
    news = {month: days for month, days in masks.items() if days & ~due.get(month, 0)}
    if news:
        await make_due(connection, generation, news)


async def make_due(
    connection: AsyncConnection, generation: Generation, masks: Mapping[int, int]
) -> None:
    """These days are, whatever they were. Months ascend, so that nobody waits in a circle."""
    statement = insert_into(connection, rolled_months)
    new = statement.excluded.due
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["generation", "month"],
            set_={
                "due": _known.due.bitwise_or(new),
                "rolled": _known.rolled.bitwise_and(new.bitwise_not()),
                "building": _known.building.bitwise_and(new.bitwise_not()),
                "whole": false(),
            },
        ),
        [
            {"generation": generation, "month": month, "due": masks[month], **_NOTHING}
            for month in sorted(masks)
        ],
    )


def claimed_under(epoch: Epoch) -> ColumnElement[Any]:
    """`marked_epoch` of a checkpoint that is claimed: UNMARKED where rows may have come unmarked.

    Nothing has where nothing was folded.
    """
    sure = IS_MARKED | (checkpoints.c.next_offset == 0)
    return case((sure, epoch), else_=UNMARKED)


def moved_to(epoch: Epoch | int) -> dict[str, Any]:
    """The columns of a checkpoint that goes to `epoch` by somebody who adds nothing unmarked."""
    return {"epoch": epoch, "marked_epoch": case((IS_MARKED, epoch), else_=UNMARKED)}


async def doubt(
    connection: AsyncConnection, generation: Generation, partition: Partition, epoch: Epoch
) -> None:
    """Rows of any day may have come unmarked up to now: nothing is true. From here on it is told.

    First of all statements about days, in the transaction of the claim.
    """
    await distrust(connection, generation)
    await connection.execute(
        update(checkpoints)
        .where(checkpoints.c.generation == generation, checkpoints.c.partition == partition)
        .values(marked_epoch=epoch)
    )


async def distrust(connection: AsyncConnection, generation: Generation) -> None:
    """No sum of the generation is true, and days may have rows that nobody has written down."""
    await connection.execute(
        update(rollup_generations)
        .where(rollup_generations.c.generation == generation)
        .values(listed=False)
    )
    # In the order of all; the update by itself would lock them in none.
    await connection.execute(
        select(_known.month)
        .where(_known.generation == generation)
        .order_by(_known.month)
        .with_for_update()
    )
    await connection.execute(
        update(rolled_months)
        .where(_known.generation == generation)
        .values(
            due=_known.due.bitwise_or(_known.rolled).bitwise_or(_known.building),
            **_NOTHING,
        )
    )
