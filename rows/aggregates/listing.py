"""Which days have rows: written down once for a generation, and kept by marks from then on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.aggregates import Turn
from domain.calendar import masks_of
from domain.events import Generation, Hour
from rows.aggregates.fenced import writing
from rows.aggregates.marks import make_due
from rows.aggregates.sums import day_since_1970
from rows.database import insert_into, reading
from rows.tables import checkpoints, hourly_views, rolled_months, rollup_generations

Owners = dict[int, tuple[int, int]]
"""Epoch and marked epoch by partition, of those where something was folded."""


class Unsteady(Exception):
    """A partition has changed hands meanwhile, or was folded for the first time: rows may have come
    that nobody has marked.
    """


async def owners(connection: AsyncConnection, generation: Generation) -> Owners:
    """Who folds into it."""
    found = await connection.execute(
        select(checkpoints.c.partition, checkpoints.c.epoch, checkpoints.c.marked_epoch).where(
            checkpoints.c.generation == generation, checkpoints.c.next_offset > 0
        )
    )
    return {row.partition: (row.epoch, row.marked_epoch) for row in found}


def all_mark(found: Owners) -> bool:
    """Do all of them tell which days they add to?"""
    return all(epoch == marked for epoch, marked in found.values())


async def is_listed(connection: AsyncConnection, generation: Generation) -> bool:
    """Are all days written down?"""
    listed = rollup_generations.c.listed
    found = await connection.execute(
        select(listed).where(rollup_generations.c.generation == generation)
    )
    return bool(found.scalar_one_or_none())


class Listing:
    """Its steps, for one turn.

    All rows are read, which takes a while, outside of the transaction that writes: what comes after
    the look at the owners is marked by these.
    """

    def __init__(self, engine: AsyncEngine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn

    async def owners(self) -> Owners | None:
        """Who folds; None where there is nothing to do, or one of them marks nothing."""
        async with reading(self._engine) as connection:
            if await is_listed(connection, self._turn.generation):
                return None
            found = await owners(connection, self._turn.generation)
        return found if all_mark(found) else None

    async def hours(self) -> Sequence[Hour]:
        """An hour of each day that has rows."""
        async with reading(self._engine) as connection:
            return await _hours(connection, self._turn.generation)

    async def save(self, hours: Sequence[Hour], before: Owners) -> bool:
        """Their days are due; False, and nothing is written, where the owners are others by now."""
        try:
            async with writing(self._engine, self._turn) as connection:
                await _save(connection, self._turn.generation, hours, before)
        except Unsteady:
            return False
        return True


async def _save(
    connection: AsyncConnection, generation: Generation, hours: Sequence[Hour], before: Owners
) -> None:
    statement = insert_into(connection, rollup_generations)
    await connection.execute(
        statement.values(generation=generation, listed=True).on_conflict_do_update(
            index_elements=["generation"], set_={"listed": True}
        )
    )
    # Under the lock of that row: a claim that is in doubt either shows here, or waits for it and
    # then takes it back.
    after = await owners(connection, generation)
    if after != before:
        raise Unsteady
    masks = masks_of(hours)
    found = await connection.execute(
        select(rolled_months).where(rolled_months.c.generation == generation)
    )
    for row in found:
        # What is true, or being made, was written down before.
        if row.month in masks:
            masks[row.month] &= ~(row.rolled | row.due | row.building)
    if news := {month: days for month, days in masks.items() if days}:
        await make_due(connection, generation, news)


async def _hours(connection: AsyncConnection, generation: Generation) -> Sequence[Hour]:
    hour = hourly_views.c.view_hour
    day: Any = literal_column(day_since_1970(connection.dialect))
    found = await connection.execute(
        select(func.min(hour)).where(hourly_views.c.generation == generation).group_by(day)
    )
    return [Hour(first) for first in found.scalars()]
