"""Dead letters as they are listed, and decided again."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain import wire
from domain.checkpoint import Checkpoint
from domain.errors import Fenced, RebuildError, StoreUnavailable, Undecodable, UnknownFormat
from domain.events import Entry, Epoch, Generation, Hour, Offset, Partition
from domain.generations import BUILDING
from domain.hours import hour_of
from domain.letters import LeftOut, Letter, LetterCounts, Letters, Retried, digest
from domain.moments import Believing, Judge
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.ports.letters import DeadLetters
from domain.projection import Delta, Fold
from rows.checkpoints import read_checkpoint, read_positions
from rows.database import database_errors, transaction
from rows.fold.letters import of_partition
from rows.fold.store import SqlProjectionStore, later_clock
from rows.jobs import REPLAY, fence
from rows.layout import layout_of
from rows.live import LIVE
from rows.tables import checkpoints, dead_letters, dead_letters_left_out, generations

# Rows of these are read now, or are kept to be.
_COUNTED = ("live", "previous")
# Under no epoch: whoever folds it claims it again, and so reads its totals and positions anew.
_UNCLAIMED = 0
# The fold remembers these as if they were counted: no repetition of them is a letter, or counted.
_KNOWN_TO_FOLD = ("clock", "database")
_TRIES = 3
_SIZE = func.coalesce(dead_letters.c.size, func.length(dead_letters.c.body))


class SqlDeadLetters(DeadLetters):
    """On PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._store = SqlProjectionStore(engine, clock)
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
        for left in reversed(range(_TRIES)):
            await self._prepare(body)
            try:
                async with transaction(self._engine) as connection:
                    await fence(connection, REPLAY, epoch)
                    now_ms = await later_clock(connection, self._clock)
                    judge = Believing(now_ms) if believing else Judge(now_ms)
                    again = _Again(self._store, connection, letter, body, judge, searched, repeated)
                    return await again.everywhere()
            except _StillSetAside as error:
                return Retried(letter.partition, letter.offset, reason=str(error))
            except StoreUnavailable as error:
                # Nothing was written.
                if not (left and (self._layout.misplaced(error) or error.conflict)):
                    raise
        raise AssertionError

    async def _prepare(self, body: bytes) -> None:
        """What its rows need, before the transaction that adds them."""
        try:
            hours = {Hour(hour_of(event.at_ms)) for event in wire.decode(body).events}
        except (Undecodable, UnknownFormat):
            return
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(generations.c.generation).where(generations.c.state.in_(_COUNTED))
            )
            numbers = [Generation(number) for number in found.scalars()]
        for number in numbers:
            await self._layout.prepare(number, hours)


class _StillSetAside(Exception):
    """It cannot be counted now either; says why."""


class _Again:
    """One letter, decided again in one transaction."""

    def __init__(
        self,
        store: SqlProjectionStore,
        connection: AsyncConnection,
        letter: Letter,
        body: bytes,
        judge: Judge,
        searched: Offset | None,
        repeated: bool,
    ) -> None:
        self._store = store
        self._connection = connection
        self._letter = letter
        self._entry = Entry(letter.offset, body)
        self._judge = judge
        self._searched = searched
        self._repeated = repeated

    async def everywhere(self) -> Retried:
        """In each generation that has set it aside; what became of it in the live one."""
        totals = (0, 0)
        for info in await self._infos():
            delta = await self._in(info)
            if info.state == "live" and delta is not None:
                totals = delta.events, delta.views
        return Retried(self._letter.partition, self._letter.offset, *totals)

    async def _infos(self) -> Sequence[Any]:
        """Their rows, held: none becomes live or goes meanwhile."""
        found = await self._connection.execute(
            select(generations)
            .where(generations.c.state.in_((*_COUNTED, *BUILDING)))
            .order_by(generations.c.generation)
            .with_for_update(read=True)
        )
        infos = found.all()
        for info in infos:
            if info.state in BUILDING:
                raise RebuildError(
                    f"generation {info.generation} is being built by footfall {info.purpose}: run "
                    "that to its end, or footfall replay --abandon, then try again"
                )
        return infos

    async def _in(self, info: Any) -> Delta | None:
        found = await self._connection.execute(
            select(checkpoints)
            .where(of_partition(checkpoints, info.generation, self._letter.partition))
            .with_for_update()
        )
        row = found.one_or_none()
        if row is None:
            return None
        checkpoint = read_checkpoint(row)
        live = info.state == "live"
        if live and self._searched not in (None, checkpoint.next_offset):
            raise Fenced(f"partition {checkpoint.partition}: more was folded meanwhile")
        if not await self._remove(info.generation):
            return None
        delta = Delta() if self._repeated else self._decided(info, checkpoint)
        await self._add(checkpoint, delta, live=live)
        return delta

    def _decided(self, info: Any, checkpoint: Checkpoint) -> Delta:
        # Without what is known of producers: what was counted since says nothing of this one.
        fold = Fold({}, PageRules(info.page_rules), views=checkpoint.views, judge=self._judge)
        fold.add(self._entry)
        if fold.delta.dead_letters:
            raise _StillSetAside(fold.delta.dead_letters[0].reason)
        return fold.delta

    async def _remove(self, generation: Generation) -> bool:
        """It, and those of the same bytes: one of them counts. False where it is gone already."""
        found = await self._connection.execute(
            delete(dead_letters)
            .where(of_partition(dead_letters, generation, self._letter.partition), self._alike())
            .returning(dead_letters.c.log_offset)
        )
        return self._letter.offset in set(found.scalars())

    def _alike(self) -> ColumnElement[bool]:
        columns, body = dead_letters.c, self._entry.body
        same = case(
            (columns.digest.is_(None), columns.body == body), else_=columns.digest == digest(body)
        )
        return or_(columns.log_offset == self._letter.offset, same)

    async def _add(self, checkpoint: Checkpoint, delta: Delta, *, live: bool) -> None:
        values: dict[str, Any] = {
            "events": checkpoints.c.events + delta.events,
            "views": checkpoints.c.views + delta.views,
        }
        if live:
            values["epoch"] = _UNCLAIMED
        await self._connection.execute(
            update(checkpoints)
            .where(of_partition(checkpoints, checkpoint.generation, checkpoint.partition))
            .values(values)
        )
        delta.positions = await self._news_of(checkpoint, delta)
        await self._store.add_late(self._connection, checkpoint, delta)

    async def _news_of(self, checkpoint: Checkpoint, delta: Delta) -> dict[str, Any]:
        """The positions that are not known, or not that far."""
        if self._letter.kind in _KNOWN_TO_FOLD:
            return {}
        known: Mapping[str, Any] = await read_positions(self._connection, checkpoint)
        return {
            producer: position
            for producer, position in delta.positions.items()
            if producer not in known or known[producer].offset < position.offset
        }


async def read_counts(connection: AsyncConnection) -> LetterCounts:
    """Of the live generation."""
    kept = await connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(_SIZE), 0),
            func.count(case((dead_letters.c.kind == "clock", 1))),
        ).where(dead_letters.c.generation == LIVE)
    )
    letters, size, by_clock = map(int, kept.one())
    left = dead_letters_left_out
    more = await connection.execute(
        select(
            func.coalesce(func.sum(left.c.letters), 0), func.coalesce(func.sum(left.c.size), 0)
        ).where(left.c.generation == LIVE)
    )
    left_out, left_size = map(int, more.one())
    return LetterCounts(letters + left_out, size + left_size, by_clock, left_out)


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
