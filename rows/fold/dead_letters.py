"""Dead letters as they are listed, and decided again."""

from typing import Any

from sqlalchemy import (
    and_,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.agents.classing import UNCLASSED, Classes
from domain.errors import StoreUnavailable
from domain.events import Entry, Epoch, Generation, Offset, Partition
from domain.letters import LeftOut, Letter, LetterCounts, Letters, Retried
from domain.moments import Believing, Judge
from domain.ports.common import Clock
from domain.ports.letters import DeadLetters
from rows.database import database_errors, transaction
from rows.fold.letters import of_partition
from rows.fold.retry import COUNTED, Retry, StillSetAside, decided
from rows.fold.store import SqlProjectionStore, later_clock
from rows.jobs import REPLAY, fence
from rows.layout import layout_of
from rows.live import LIVE
from rows.tables import checkpoints, dead_letters, dead_letters_left_out, generations

_TRIES = 3
_SIZE = func.coalesce(dead_letters.c.size, func.length(dead_letters.c.body))


class SqlDeadLetters(DeadLetters):
    """On PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine, clock: Clock, classes: Classes = UNCLASSED) -> None:
        self._engine = engine
        self._clock = clock
        self._store = SqlProjectionStore(engine, clock, classes=classes)
        self._layout = layout_of(engine)

    async def counts(self) -> LetterCounts:
        async with database_errors(), self._engine.connect() as connection:
            return await read_counts(connection)

    async def page(
        self,
        limit: int,
        partition: Partition | None = None,
        after: tuple[Partition, Offset] | None = None,
    ) -> Letters:
        chosen, left = dead_letters.c.generation == LIVE, dead_letters_left_out.c.generation == LIVE
        if partition is not None:
            chosen = of_partition(dead_letters, LIVE, partition)
            left = of_partition(dead_letters_left_out, LIVE, partition)
        if after is not None:
            key = tuple_(dead_letters.c.partition, dead_letters.c.log_offset)
            chosen = and_(chosen, key > tuple_(*map(literal, after)))
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(dead_letters)
                .where(chosen)
                .order_by(dead_letters.c.partition, dead_letters.c.log_offset)
                .limit(limit)
            )
            more = await connection.execute(
                select(dead_letters_left_out)
                .where(left)
                .order_by(dead_letters_left_out.c.partition)
            )
            return Letters([_letter(row) for row in found], [_left_out(row) for row in more])

    async def find(self, partition: Partition, offset: Offset) -> Letter | None:
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(dead_letters).where(
                    of_partition(dead_letters, LIVE, partition),
                    dead_letters.c.log_offset == offset,
                )
            )
            row = found.one_or_none()
            return None if row is None else _letter(row)

    async def folded(self, partition: Partition) -> Offset:
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(checkpoints.c.next_offset).where(of_partition(checkpoints, LIVE, partition))
            )
            return Offset(found.scalar_one_or_none() or 0)

    async def retry(
        self,
        epoch: Epoch,
        letter: Letter,
        body: bytes,
        *,
        believing: bool = False,
        searched: Offset | None = None,
        repeated: bool = False,
    ) -> Retried:
        place = letter.partition, letter.offset
        for left in reversed(range(_TRIES)):
            judge = await self._judge(believing=believing)
            try:
                await self._prepare(Entry(letter.offset, body), judge)
                async with transaction(self._engine) as connection:
                    await fence(connection, REPLAY, epoch)
                    again = Retry(self._store, connection, letter, body, judge, searched, repeated)
                    return await again.everywhere()
            except StillSetAside as error:
                return Retried(*place, reason=str(error))
            except StoreUnavailable as error:
                # Nothing was written.
                if not (left and (self._layout.misplaced(error) or error.conflict)):
                    raise
        raise AssertionError

    async def _judge(self, *, believing: bool) -> Judge:
        async with database_errors(), self._engine.connect() as connection:
            now_ms = await later_clock(connection, self._clock)
            return Believing(now_ms) if believing else Judge(now_ms)

    async def _prepare(self, entry: Entry, judge: Judge) -> None:
        """What its rows need, before the transaction that adds them; nothing where it has none."""
        rows = decided(entry, judge).rows
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(generations.c.generation).where(generations.c.state.in_(COUNTED))
            )
            numbers = [Generation(number) for number in found.scalars()]
        for number in numbers:
            await self._layout.prepare(number, {key[1] for key in rows})


async def read_counts(connection: AsyncConnection) -> LetterCounts:
    """Of the live generation."""
    kept = await connection.execute(
        select(dead_letters.c.kind, func.count().label("letters"), func.sum(_SIZE).label("size"))
        .where(dead_letters.c.generation == LIVE)
        .group_by(dead_letters.c.kind)
        .order_by(dead_letters.c.kind)
    )
    found = kept.all()
    letters, size = (sum(int(row[place]) for row in found) for place in (1, 2))
    by_kind = {row.kind: row.letters for row in found if row.kind is not None}
    left = dead_letters_left_out
    more = await connection.execute(
        select(
            func.coalesce(func.sum(left.c.letters), 0), func.coalesce(func.sum(left.c.size), 0)
        ).where(left.c.generation == LIVE)
    )
    left_out, left_size = map(int, more.one())
    by_clock = by_kind.get("clock", 0)
    return LetterCounts(letters + left_out, size + left_size, by_clock, left_out, by_kind)


def _letter(row: Any) -> Letter:
    return Letter(
        partition=Partition(row.partition),
        offset=Offset(row.log_offset),
        kind=row.kind,
        reason=row.reason,
        size=len(row.body) if row.size is None else row.size,
        created_ms=row.created_ms,
        body=bytes(row.body),
        digest=None if row.digest is None else bytes(row.digest),
    )


def _left_out(row: Any) -> LeftOut:
    return LeftOut(
        Partition(row.partition),
        row.letters,
        row.size,
        Offset(row.first_offset),
        Offset(row.last_offset),
    )
