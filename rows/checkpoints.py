"""Rows of the checkpoints' tables, and what they mean."""

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.positions import Counted, Position
from rows.tables import checkpoints, producer_positions

_numbers = msgspec.msgpack.Decoder(list[int])


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
        duplicates=row.duplicates,
        forks=row.forks,
        jumps=row.jumps,
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
        select(table.producer, table.sequence, table.log_offset, table.recent).where(
            table.generation == checkpoint.generation,
            table.partition == checkpoint.partition,
        )
    )
    return {row.producer: read_position(row) for row in found}


def recent_of(position: Position) -> bytes:
    """The column `recent`: its other fields as whole numbers, batches as differences.

    It begins with the offset it is of.
    """
    position.settle()
    numbers = [
        position.offset,
        position.gone,
        position.gone_ms,
        _heard(position),
        position.heard_ms,
    ]
    before = Counted(0, 0, 0)
    for found in position.recent:
        numbers += [
            found.sequence - before.sequence,
            found.recorded_ms - before.recorded_ms,
            found.digest,
        ]
        before = found
    return msgspec.msgpack.encode(numbers)


def read_position(row: Any) -> Position:
    """A row of the table."""
    position = Position(row.sequence, Offset(row.log_offset))
    if row.recent is None:
        return position
    of_offset, gone, gone_ms, heard, heard_ms, *numbers = _numbers.decode(row.recent)
    position.gone, position.gone_ms = gone, gone_ms
    if of_offset == row.log_offset:
        position.heard, position.heard_ms = heard, heard_ms
    # Else a Footfall 0.2.0 beside has gone on from there: what it has counted was not seen.
    sequence = recorded_ms = 0
    for place in range(0, len(numbers), 3):
        sequence += numbers[place]
        recorded_ms += numbers[place + 1]
        position.recent.append(Counted(sequence, recorded_ms, numbers[place + 2]))
    return position


def _heard(position: Position) -> int:
    return position.sequence if position.heard is None else position.heard
