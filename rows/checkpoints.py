"""Rows of the checkpoints' tables, and what they mean."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.projection import Position
from rows.tables import checkpoints, producer_positions


def columns_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The columns of a new row; nothing is carried over before its offset."""
    values = {name: getattr(checkpoint, name) for name in checkpoint.__struct_fields__}
    return values | {"carried_offset": 0}


def read_checkpoint(row: Any) -> Checkpoint:
    """A row of the table."""
    return Checkpoint(
        generation=Generation(row.generation),
        partition=Partition(row.partition),
        next_offset=Offset(row.next_offset),
        epoch=Epoch(row.epoch),
        events=row.events,
        views=row.views,
        recorded_ms=row.recorded_ms,
    )


async def read_checkpoints(
    connection: AsyncConnection, generation: Generation, *, lock: bool = False
) -> dict[Partition, Checkpoint]:
    """The checkpoints of a generation; `lock` holds them until the transaction ends."""
    query = (
        select(checkpoints)
        .where(checkpoints.c.generation == generation)
        .order_by(checkpoints.c.partition)
    )
    found = await connection.execute(query.with_for_update() if lock else query)
    return {Partition(row.partition): read_checkpoint(row) for row in found}


async def read_positions(
    connection: AsyncConnection, checkpoint: Checkpoint
) -> dict[str, Position]:
    """The producers' positions that belong to a checkpoint."""
    table = producer_positions.c
    found = await connection.execute(
        select(table.producer, table.sequence, table.log_offset).where(
            table.generation == checkpoint.generation,
            table.partition == checkpoint.partition,
        )
    )
    return {row.producer: Position(row.sequence, Offset(row.log_offset)) for row in found}
