"""Rows of the checkpoints' tables, and what they mean."""

from itertools import accumulate
from operator import sub
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.positions import Position
from domain.recent import DIGEST_BYTES, Recent
from rows.tables import checkpoints, producer_positions

_recent = msgspec.msgpack.Decoder(tuple[int, int, int, int, int, list[int], list[int], bytes])


def columns_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The columns of a new row; nothing is carried over before its offset, or folded unmarked."""
    values = {name: getattr(checkpoint, name) for name in checkpoint.__struct_fields__}
    return values | {"carried_offset": 0, "marked_epoch": checkpoint.epoch}


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
        complete_ms=row.complete_ms,
    )


def later(complete_ms: ColumnElement[int]) -> ColumnElement[int]:
    """The column `complete_ms`, or this where it is later: it never goes back."""
    stored = checkpoints.c.complete_ms
    return case((stored < complete_ms, complete_ms), else_=stored)


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
    """The column `recent`: its other fields, of what is ascending only the differences.

    It begins with the offset it is of.
    """
    position.settle()
    recent = position.recent
    fields = (
        position.offset,
        position.gone,
        position.gone_ms,
        _heard(position),
        position.heard_ms,
        _differences(recent.sequences),
        _differences(recent.recorded_ms),
        b"".join(recent.digests),
    )
    return msgspec.msgpack.encode(fields)


def read_position(row: Any) -> Position:
    """A row of the table."""
    position = Position(row.sequence, Offset(row.log_offset))
    if row.recent is None:
        return position
    found = _recent.decode(row.recent)
    of_offset, gone, gone_ms, heard, heard_ms, sequences, recorded_ms, digests = found
    position.gone, position.gone_ms = gone, gone_ms
    if of_offset == row.log_offset:
        position.heard, position.heard_ms = heard, heard_ms
    # Else a Footfall 0.2.0 beside has gone on from there: what it has counted was not seen.
    position.recent = Recent(
        [*accumulate(sequences)],
        [*accumulate(recorded_ms)],
        [digests[n : n + DIGEST_BYTES] for n in range(0, len(digests), DIGEST_BYTES)],
    )
    return position


def _differences(numbers: list[int]) -> list[int]:
    return [*map(sub, numbers, [0, *numbers])]


def _heard(position: Position) -> int:
    return position.sequence if position.heard is None else position.heard
