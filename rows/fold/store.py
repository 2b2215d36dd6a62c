"""Rows and checkpoints in one database, changed together or not at all."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Checkpoint, at_start
from domain.counting import RowKey
from domain.errors import Fenced, StoreUnavailable
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import BUILDING, Carry
from domain.moments import Decided
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.ports.fold import LiveCheckpoints, ProjectionStore
from domain.projection import Claim, Delta
from rows.aggregates.marks import UNMARKED, claimed_under, doubt, mark
from rows.checkpoints import columns_of, later, read_checkpoint, read_positions, recent_of
from rows.database import clock_ms, insert_into, reading, transaction
from rows.fold.beside import add_beside
from rows.fold.letters import read_decided, save_letters
from rows.fold.lists import note_list
from rows.layout import layout_of
from rows.live import IS_LIVE, LIVE, read_carried_from
from rows.tables import checkpoints, generations, producer_positions

_PLACE_TRIES = 3
Rows = Mapping[RowKey, int]


class SqlProjectionStore(ProjectionStore, LiveCheckpoints):
    """The store on PostgreSQL and SQLite.

    With `bulk` rows are loaded the quickest way, into a generation that nobody reads yet. `classes`
    say who looked at what is folded into it.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        *,
        bulk: bool = False,
        classes: Classes = UNCLASSED,
    ) -> None:
        self.classes = classes
        self._engine = engine
        self._clock = clock
        self._bulk = bulk
        self._layout = layout_of(engine)
        # Inside a transaction of somebody else's, what the database undid is all of that.
        self._alone = True

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        async with self._transaction() as connection:
            await note_list(connection, _may_grow(generation), self.classes.version)
            info = await self._generation(connection, generation)
            key = _is(info.generation, partition)
            fresh = at_start(info.generation, partition)
            await connection.execute(
                insert_into(self._engine, checkpoints)
                .values(columns_of(fresh))
                .on_conflict_do_nothing()
            )
            claimed = await connection.execute(
                update(checkpoints)
                .where(key, checkpoints.c.epoch <= epoch)
                .values(epoch=epoch, marked_epoch=claimed_under(epoch))
                .returning(checkpoints)
            )
            row = claimed.one_or_none()
            if row is None:
                raise Fenced(f"partition {partition}: an epoch newer than {epoch} owns it")
            checkpoint = read_checkpoint(row)
            if row.marked_epoch == UNMARKED:
                await doubt(connection, checkpoint.generation, partition, epoch)
            return Claim(
                checkpoint,
                await read_positions(connection, checkpoint),
                PageRules(info.page_rules),
                await self._carry(connection, info, Offset(row.carried_offset)),
                await later_clock(connection, self._clock),
                None if info.state == "live" else await read_decided(connection, checkpoint),
                self.classes,
            )

    async def decided(self, checkpoint: Checkpoint) -> Decided:
        async with self._reading() as connection:
            return await read_decided(connection, checkpoint)

    async def live_checkpoints(self) -> Mapping[Partition, Checkpoint]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(checkpoints).where(checkpoints.c.generation == LIVE)
            )
            return {Partition(row.partition): read_checkpoint(row) for row in found}

    async def _carry(self, connection: AsyncConnection, info: Any, offset: Offset) -> Carry | None:
        if info.carried_before is None:
            return None
        since = await read_carried_from(connection, info.generation)
        return Carry(Hour(info.carried_before), offset, since)

    async def _generation(self, connection: AsyncConnection, wanted: Generation | None) -> Any:
        """The row of a generation that may be folded into.

        The lock holds a promotion back until the claim is committed, and the claim until a
        promotion is: none misses a checkpoint that the other makes.
        """
        found = await connection.execute(
            select(generations).where(_may_grow(wanted)).with_for_update(read=True)
        )
        row = found.one_or_none()
        if row is None:
            what = "another one becomes live" if wanted is None else f"{wanted} is not being built"
            raise Fenced(f"generations change just now: {what}")
        return row

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        moved = Checkpoint(
            generation=checkpoint.generation,
            partition=checkpoint.partition,
            next_offset=delta.next_offset,
            epoch=checkpoint.epoch,
            events=checkpoint.events + delta.events,
            views=checkpoint.views + delta.views,
            recorded_ms=delta.recorded_ms or checkpoint.recorded_ms,
            duplicates=checkpoint.duplicates + delta.duplicates,
            forks=checkpoint.forks + delta.forks,
            jumps=checkpoint.jumps + delta.jumps,
            complete_ms=max(checkpoint.complete_ms, delta.complete_ms),
        )
        for left in reversed(range(_PLACE_TRIES)):
            await self._layout.prepare(checkpoint.generation, delta.hours, loading=self._bulk)
            try:
                await self._commit(checkpoint, moved, delta)
            except StoreUnavailable as error:
                # Nothing was written.
                again = self._layout.misplaced(error) or (error.conflict and self._alone)
                if not (left and again):
                    raise
            else:
                break
        return moved

    async def _commit(self, checkpoint: Checkpoint, moved: Checkpoint, delta: Delta) -> None:
        async with self._transaction() as connection:
            await self._compare_and_set(connection, checkpoint, moved)
            await self._save_positions(connection, checkpoint, delta)
            await self._save_dead_letters(connection, checkpoint, delta)
            await self._add_all(connection, checkpoint, delta)

    async def add_late(
        self, connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
    ) -> None:
        """Positions and rows of what stands before `checkpoint`, in somebody else's transaction."""
        await self._save_positions(connection, checkpoint, delta)
        await self._add_all(connection, checkpoint, delta)

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self._engine)

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine)

    async def _compare_and_set(
        self, connection: AsyncConnection, expected: Checkpoint, moved: Checkpoint
    ) -> None:
        # First of all statements: it takes the row's lock, so a second owner waits here and is
        # then refused, before it has done any work.
        changed = await connection.execute(
            update(checkpoints)
            .where(
                _is(expected.generation, expected.partition),
                checkpoints.c.next_offset == expected.next_offset,
                checkpoints.c.epoch == expected.epoch,
            )
            .values(
                next_offset=moved.next_offset,
                events=moved.events,
                views=moved.views,
                recorded_ms=moved.recorded_ms,
                duplicates=moved.duplicates,
                forks=moved.forks,
                jumps=moved.jumps,
                complete_ms=later(literal(moved.complete_ms, BigInteger)),
            )
        )
        if changed.rowcount != 1:
            message = (
                f"partition {expected.partition}: the checkpoint is not at offset "
                f"{expected.next_offset} under epoch {expected.epoch} any more"
            )
            raise Fenced(message)

    async def _save_positions(
        self, connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
    ) -> None:
        if not delta.positions:
            return
        statement = insert_into(self._engine, producer_positions)
        statement = statement.on_conflict_do_update(
            index_elements=["generation", "partition", "producer"],
            set_={
                "sequence": statement.excluded.sequence,
                "log_offset": statement.excluded.log_offset,
                "recent": statement.excluded.recent,
            },
        )
        rows = [
            {
                "generation": checkpoint.generation,
                "partition": checkpoint.partition,
                "producer": producer,
                "sequence": position.sequence,
                "log_offset": position.offset,
                "recent": recent_of(position),
            }
            for producer, position in sorted(delta.positions.items())
        ]
        await connection.execute(statement, rows)

    async def _save_dead_letters(
        self, connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
    ) -> None:
        if delta.dead_letters:
            await save_letters(connection, checkpoint, delta.dead_letters, self._clock())

    async def _add_all(
        self, connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
    ) -> None:
        if rows := await add_beside(connection, checkpoint, delta):
            await self._add(connection, checkpoint.generation, rows)

    async def _add(self, connection: AsyncConnection, generation: Generation, rows: Rows) -> None:
        if self._bulk:
            # Which days there are is written down when all is loaded.
            await self._layout.load(connection, generation, rows)
            return
        await self._layout.add(connection, generation, rows)
        await mark(connection, generation, {key[1] for key in rows})


async def later_clock(connection: AsyncConnection, clock: Clock) -> Clock:
    """The later of `clock` and the database's: what one that is behind takes for the future may be
    none.
    """
    found = await connection.execute(select(clock_ms(connection.dialect)))
    ahead_ms = max(0, int(found.scalar_one()) - clock())
    return lambda: clock() + ahead_ms


def _may_grow(wanted: Generation | None) -> ColumnElement[bool]:
    if wanted is None:
        return IS_LIVE
    return and_(generations.c.generation == wanted, generations.c.state.in_(BUILDING))


def _is(generation: Generation, partition: Partition) -> Any:
    return and_(
        checkpoints.c.generation == generation,
        checkpoints.c.partition == partition,
    )
