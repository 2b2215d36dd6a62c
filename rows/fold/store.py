"""Rows and checkpoints in one database, changed together or not at all."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.checkpoint import Checkpoint
from domain.errors import Fenced, StoreUnavailable
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import BUILDING, Carry
from domain.hours import to_datetime
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.ports.fold import ProjectionStore
from domain.projection import Claim, Delta, Position, RowKey
from rows.database import transaction
from rows.postgresql.months import MonthPartitions, has_no_place, has_no_table
from rows.tables import checkpoints, dead_letters, generations, producer_positions

# Arrays are sent as columns: one statement, one plan, whatever the number of rows.
_UPSERT_POSTGRESQL = """
    INSERT INTO {table} AS existing (generation, page, view_hour, shard, views)
    SELECT $1, page, view_hour, shard, views
    FROM unnest($2::text[], $3::timestamptz[], $4::smallint[], $5::bigint[])
         AS delta (page, view_hour, shard, views)
    ON CONFLICT (generation, page, view_hour, shard)
    DO UPDATE SET views = existing.views + excluded.views
"""
_UPSERT_SQLITE = """
    INSERT INTO hourly_views (generation, page, view_hour, shard, views) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (generation, page, view_hour, shard)
    DO UPDATE SET views = views + excluded.views
"""
ZEROS = {
    "next_offset": 0,
    "epoch": 0,
    "events": 0,
    "views": 0,
    "recorded_ms": 0,
    "carried_offset": 0,
}
_MONTH_TRIES = 3
Rows = Mapping[RowKey, int]


class SqlProjectionStore(ProjectionStore):
    """The store on PostgreSQL and SQLite; only the bulk upsert differs."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._postgresql = engine.dialect.name == "postgresql"
        self._insert = postgresql.insert if self._postgresql else sqlite.insert
        self._months = MonthPartitions(engine)

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        async with self._transaction() as connection:
            info = await self._generation(connection, generation)
            key = _is(info.generation, partition)
            fresh = {"generation": info.generation, "partition": partition}
            await connection.execute(
                self._insert(checkpoints).values(fresh | ZEROS).on_conflict_do_nothing()
            )
            claimed = await connection.execute(
                update(checkpoints)
                .where(key, checkpoints.c.epoch <= epoch)
                .values(epoch=epoch)
                .returning(checkpoints)
            )
            row = claimed.one_or_none()
            if row is None:
                raise Fenced(f"partition {partition}: an epoch newer than {epoch} owns it")
            checkpoint = read_checkpoint(row)
            return Claim(
                checkpoint,
                await read_positions(connection, checkpoint),
                PageRules(info.page_rules),
                None
                if info.carried_before is None
                else Carry(Hour(info.carried_before), Offset(row.carried_offset)),
            )

    async def _generation(self, connection: AsyncConnection, wanted: Generation | None) -> Any:
        """The row of a generation that may be folded into.

        The lock holds a promotion back until the claim is committed, and the claim until a
        promotion is: none misses a checkpoint that the other makes.
        """
        chosen = (
            generations.c.state == "live"
            if wanted is None
            else and_(generations.c.generation == wanted, generations.c.state.in_(BUILDING))
        )
        found = await connection.execute(
            select(generations).where(chosen).with_for_update(read=True)
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
        )
        for left in reversed(range(_MONTH_TRIES)):
            await self._prepare(checkpoint.generation, delta.rows)
            try:
                await self._commit(checkpoint, moved, delta)
            except StoreUnavailable as error:
                # Retention dropped a month that was still remembered; nothing was written.
                if not (left and has_no_place(error.__cause__)):
                    raise
                self._months.forget()
            else:
                break
        return moved

    async def _commit(self, checkpoint: Checkpoint, moved: Checkpoint, delta: Delta) -> None:
        async with self._transaction() as connection:
            await self._compare_and_set(connection, checkpoint, moved)
            await self._save_positions(connection, checkpoint, delta)
            await self._save_dead_letters(connection, checkpoint, delta)
            if delta.rows:
                await self._add(connection, checkpoint.generation, delta.rows)

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self._engine)

    async def _prepare(self, generation: Generation, rows: Rows) -> None:
        """What must stand before the transaction: the months of the rows."""
        if not self._postgresql:
            return
        try:
            await self._months.ensure(generation, {key[1] for key in rows})
        except StoreUnavailable as error:
            if has_no_table(error.__cause__):
                raise Fenced(f"generation {generation} is dropped") from error
            raise

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
        statement = self._insert(producer_positions)
        statement = statement.on_conflict_do_update(
            index_elements=["generation", "partition", "producer"],
            set_={
                "sequence": statement.excluded.sequence,
                "log_offset": statement.excluded.log_offset,
            },
        )
        rows = [
            {
                "generation": checkpoint.generation,
                "partition": checkpoint.partition,
                "producer": producer,
                "sequence": position.sequence,
                "log_offset": position.offset,
            }
            for producer, position in sorted(delta.positions.items())
        ]
        await connection.execute(statement, rows)

    async def _save_dead_letters(
        self, connection: AsyncConnection, checkpoint: Checkpoint, delta: Delta
    ) -> None:
        if not delta.dead_letters:
            return
        rows = [
            {
                "generation": checkpoint.generation,
                "partition": checkpoint.partition,
                "log_offset": letter.offset,
                "reason": letter.reason.replace("\x00", "\\0"),
                "body": letter.body,
                "created_ms": self._clock(),
            }
            for letter in delta.dead_letters
        ]
        await connection.execute(insert(dead_letters), rows)

    async def _add(self, connection: AsyncConnection, generation: Generation, rows: Rows) -> None:
        # Sorted, so that transactions that meet on rows take their locks in one order.
        ordered = sorted(rows.items())
        if not self._postgresql:
            values = [(generation, *key, views) for key, views in ordered]
            await connection.exec_driver_sql(_UPSERT_SQLITE, values)
            return
        hours = {key[1]: to_datetime(key[1]) for key in rows}
        columns = (
            generation,
            [key[0] for key, _ in ordered],
            [hours[key[1]] for key, _ in ordered],
            [key[2] for key, _ in ordered],
            [views for _, views in ordered],
        )
        await connection.exec_driver_sql(upsert_into("hourly_views"), columns)


def upsert_into(table: str) -> str:
    """PostgreSQL's statement; takes a generation and lists of pages, hours, shards and views."""
    return _UPSERT_POSTGRESQL.format(table=table)


def _is(generation: Generation, partition: Partition) -> Any:
    return and_(
        checkpoints.c.generation == generation,
        checkpoints.c.partition == partition,
    )


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
