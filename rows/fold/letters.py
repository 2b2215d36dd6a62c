"""Dead letters as they are stored: a part of each body at most, and all of them counted."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import wire
from domain.checkpoint import Checkpoint
from domain.events import Generation, Offset, Partition
from domain.letters import MAX_LETTERS, Kind, Room, digest
from domain.moments import NOTHING_DECIDED, Decided
from domain.projection import DeadLetter
from rows.database import is_postgresql
from rows.live import LIVE
from rows.refusals import plain
from rows.tables import checkpoints, dead_letters, dead_letters_left_out

_MAX_REASON = 1_000
# Their bytes say it again, whoever folds them: nothing is lost with the row.
_DECIDED_BY_BYTES: tuple[Kind | None, ...] = ("bytes",)


async def save_letters(
    connection: AsyncConnection, checkpoint: Checkpoint, letters: Sequence[DeadLetter], now_ms: int
) -> None:
    """In the transaction that moves the checkpoint past them.

    Beyond what is kept of a partition those are only counted whose bytes alone decide; of any other
    the offset stays, which whoever folds the log again has to know.
    """
    room = await _room(connection, checkpoint)
    rows, left_out = [], []
    for letter in letters:
        body = room.keep(letter.body)
        if body is None and letter.kind in _DECIDED_BY_BYTES:
            left_out.append(letter)
        else:
            rows.append(_columns(checkpoint, letter, body or b"", now_ms))
    if rows:
        # Somebody may have put the checkpoint back and left the letters there.
        statement = _insert(connection, dead_letters).on_conflict_do_nothing()
        await connection.execute(statement, rows)
    if left_out:
        await _count(connection, checkpoint, left_out, now_ms)


async def read_decided(connection: AsyncConnection, checkpoint: Checkpoint) -> Decided:
    """What the live generation has decided by a clock from the offset of `checkpoint` on."""
    partition, first = checkpoint.partition, checkpoint.next_offset
    folded = await connection.execute(
        select(checkpoints.c.next_offset).where(
            checkpoints.c.generation == LIVE, checkpoints.c.partition == partition
        )
    )
    until = folded.scalar_one_or_none()
    if until is None:
        return NOTHING_DECIDED
    found = await connection.execute(
        select(dead_letters.c.log_offset, dead_letters.c.reason).where(
            dead_letters.c.generation == LIVE,
            dead_letters.c.partition == partition,
            dead_letters.c.log_offset >= first,
            dead_letters.c.kind == "clock",
        )
    )
    return Decided(Offset(until), {Offset(offset): reason for offset, reason in found})


def of_partition(table: Any, generation: Any, partition: Partition) -> Any:
    """The rows of `table` that belong to it."""
    return (table.c.generation == generation) & (table.c.partition == partition)


async def carry_letters(connection: AsyncConnection, generation: Generation) -> None:
    """Into a new generation, from the live one: letters of the part of the log that is deleted."""
    begins = checkpoints.alias()
    for table, last in (
        (dead_letters, dead_letters.c.log_offset),
        (dead_letters_left_out, dead_letters_left_out.c.last_offset),
    ):
        columns = [column for column in table.c if column.name != "generation"]
        deleted = select(literal(generation), *columns).where(
            table.c.generation == LIVE,
            begins.c.generation == generation,
            begins.c.partition == table.c.partition,
            last < begins.c.next_offset,
        )
        names = ["generation", *(column.name for column in columns)]
        await connection.execute(insert(table).from_select(names, deleted))


async def _room(connection: AsyncConnection, checkpoint: Checkpoint) -> Room:
    kept = (
        select(func.length(dead_letters.c.body).label("size"))
        .where(of_partition(dead_letters, checkpoint.generation, checkpoint.partition))
        .limit(MAX_LETTERS)
        .subquery()
    )
    found = await connection.execute(
        select(func.count(), func.coalesce(func.sum(kept.c.size), 0)).select_from(kept)
    )
    letters, size_kept = found.one()
    room = Room()
    room.letters_left -= int(letters)
    room.bytes_left -= int(size_kept)
    return room


def _columns(
    checkpoint: Checkpoint, letter: DeadLetter, body: bytes, now_ms: int
) -> dict[str, object]:
    return {
        "generation": checkpoint.generation,
        "partition": checkpoint.partition,
        "log_offset": letter.offset,
        "reason": plain(letter.reason)[:_MAX_REASON],
        "body": body,
        "created_ms": now_ms,
        "kind": letter.kind,
        "size": len(letter.body),
        "digest": digest(letter.body),
        "newest_ms": _newest_ms(letter) if letter.kind == "clock" else None,
    }


def _newest_ms(letter: DeadLetter) -> int:
    batch = wire.decode(letter.body)
    return max((event.at_ms for event in batch.events), default=batch.recorded_ms)


async def _count(
    connection: AsyncConnection, checkpoint: Checkpoint, letters: Sequence[DeadLetter], now_ms: int
) -> None:
    offsets = [letter.offset for letter in letters]
    table = dead_letters_left_out
    statement = _insert(connection, table).values(
        generation=checkpoint.generation,
        partition=checkpoint.partition,
        letters=len(letters),
        size=sum(len(letter.body) for letter in letters),
        first_offset=min(offsets),
        last_offset=max(offsets),
        created_ms=now_ms,
    )
    new = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["generation", "partition"],
            set_={
                "letters": table.c.letters + new.letters,
                "size": table.c.size + new.size,
                "last_offset": new.last_offset,
                "created_ms": new.created_ms,
            },
        )
    )


def _insert(connection: AsyncConnection, table: Any) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if is_postgresql(connection.dialect) else sqlite.insert(table)
