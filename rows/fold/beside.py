"""What a flush adds by what stands in the rows already: strangers' pages, and beside pages."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.checkpoint import Checkpoint
from domain.counting import RowKey
from domain.dimensions import OTHER, DimensionKey, Values
from domain.guarding import Pages
from domain.projection import Delta
from rows.fold.dimensions import add_dimensions, admitted
from rows.fold.new_pages import named, save_pages
from rows.tables import checkpoints

Rows = Mapping[RowKey, int]


async def add_beside(connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta) -> Rows:
    """Add what is beside the pages; the rows of all pages, which are still to be added.

    Whoever comes here holds the checkpoint. Nothing is asked where there is nothing of the kind.
    """
    if not delta.guarded and not delta.dimensions:
        return delta.rows
    rows, other_pages = await _pages(connection, checkpoint, delta)
    beside = await _dimensions(connection, checkpoint, delta)
    await _add_totals(connection, checkpoint, beside, other_pages)
    return rows


async def _pages(
    connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
) -> tuple[Rows, int]:
    if not delta.guarded:
        return delta.rows, 0
    generation, partition, pages = checkpoint.generation, checkpoint.partition, Pages()
    found, other_pages = await named(connection, generation, partition, delta.guarded, pages)
    if pages.changed:
        await save_pages(connection, generation, partition, pages)
    return together(delta.rows, found), other_pages


async def _dimensions(
    connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
) -> Mapping[DimensionKey, int]:
    if not delta.dimensions:
        return {}
    generation, partition = checkpoint.generation, checkpoint.partition
    rows = await admitted(connection, generation, partition, delta.dimensions, Values())
    await add_dimensions(connection, generation, partition, rows)
    return rows


async def _add_totals(
    connection: AsyncConnection,
    checkpoint: Checkpoint,
    beside: Mapping[DimensionKey, int],
    other_pages: int,
) -> None:
    table = checkpoints.c
    other_values = sum(views for key, views in beside.items() if key.value == OTHER)
    await connection.execute(
        update(checkpoints)
        .where(table.generation == checkpoint.generation, table.partition == checkpoint.partition)
        .values(
            dimension_views=table.dimension_views + sum(beside.values()),
            other_pages=table.other_pages + other_pages,
            other_values=table.other_values + other_values,
        )
    )


class Lacking:
    """What is to be added to a generation after `checkpoint`, delta by delta, and never is.

    What a delta decides is remembered for those that follow, as the rows would.
    """

    def __init__(self, connection: AsyncConnection, checkpoint: Checkpoint) -> None:
        self._connection = connection
        self._place = checkpoint.generation, checkpoint.partition
        self._pages = Pages()
        self._values = Values()

    async def settled(self, delta: Delta) -> tuple[Rows, Mapping[DimensionKey, int]]:
        """The rows that it would add, of pages and beside them."""
        rows: Rows = delta.rows
        beside: Mapping[DimensionKey, int] = delta.dimensions
        if delta.guarded:
            found, _ = await named(self._connection, *self._place, delta.guarded, self._pages)
            rows = together(rows, found)
        if beside:
            beside = await admitted(self._connection, *self._place, beside, self._values)
        return rows, beside


def together(rows: Rows, more: Rows) -> Rows:
    """The views of both."""
    if not rows or not more:
        return rows or more
    found = {**rows}
    for key, views in more.items():
        found[key] = found.get(key, 0) + views
    return found
