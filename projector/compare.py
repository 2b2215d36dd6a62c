"""Two generations side by side: by page and hour at one vector of offsets, and by their totals."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import Audit, Carry, Diff, GenerationInfo, HourDifference
from domain.hours import from_datetime, to_datetime
from domain.page_rules import PageRules
from domain.ports import Comparison, LogReader, Subscription
from domain.projection import Fold, Position, RowKey
from migrations import months
from migrations.database import translated
from migrations.tables import checkpoints, generations, hourly_views
from projector.generations import read_checkpoints, read_generations
from projector.store import read_positions

LARGEST = 20
_TAKE_ENTRIES = 100
_PATIENCE_SECONDS = 10.0
_PIECE_ROWS = 100_000

# Rows of both sides and what one of them is ahead, added up by page and hour.
_SIDES = """
    SELECT page, view_hour, views AS new_views, 0 AS old_views FROM hourly_views
    WHERE generation = :new AND view_hour >= :first
    UNION ALL
    SELECT page, view_hour, 0, views FROM hourly_views
    WHERE generation = :old AND view_hour >= :first
    UNION ALL
    SELECT page, view_hour, new_views, old_views FROM ahead WHERE view_hour >= :first
"""
# The three are put together from constants.
_TOTALS = f"""
    SELECT count(*) FILTER (WHERE old_views <> 0), count(*) FILTER (WHERE new_views <> 0),
           coalesce(sum(old_views), 0), coalesce(sum(new_views), 0)
    FROM ({_SIDES}) AS sides
"""  # noqa: S608
_DIFFERING = f"""
    CREATE TEMPORARY TABLE differing AS
    SELECT page, view_hour, sum(old_views) AS old_views, sum(new_views) AS new_views
    FROM ({_SIDES}) AS sides
    GROUP BY page, view_hour
    HAVING sum(old_views) <> sum(new_views)
"""  # noqa: S608
_LARGEST = """
    SELECT page, view_hour, old_views, new_views FROM differing
    ORDER BY abs(new_views - old_views) DESC, page, view_hour LIMIT :most
"""


class SqlComparison(Comparison):
    """Reads in one snapshot. `engine` is read-only and must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        async with self._snapshot() as connection:
            infos = {info.generation: info for info in await read_generations(connection)}
            live = next(info for info in infos.values() if info.state == "live")
            await self._create_ahead(connection)
            await self._fill_ahead(connection, log, infos[generation], live)
            return await self._difference(connection, generation, live.generation, first)

    async def audit(self, generation: Generation) -> Audit:
        async with self._structure_stands(), self._snapshot() as connection:
            found = await connection.execute(
                select(generations).where(generations.c.generation == generation)
            )
            info = found.one()
            folded = await connection.execute(
                select(func.coalesce(func.sum(checkpoints.c.views), 0)).where(
                    checkpoints.c.generation == generation
                )
            )
            return Audit(
                generation=generation,
                rows_views=await self._rows_views(connection, generation),
                expired_views=info.expired_views,
                folded_views=int(folded.scalar_one()),
                carried_views=info.carried_views,
            )

    @asynccontextmanager
    async def _structure_stands(self) -> AsyncIterator[None]:
        """No table with rows comes or goes meanwhile. Before the snapshot, which sees no later."""
        if not self._postgresql:
            yield
            return
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.execute(
                text(f"SELECT pg_advisory_xact_lock_shared({months.STRUCTURE_LOCK})")
            )
            yield
            await connection.rollback()

    async def _rows_views(self, connection: AsyncConnection, generation: Generation) -> int:
        if not self._postgresql:
            total = await connection.execute(
                select(func.coalesce(func.sum(hourly_views.c.views), 0)).where(
                    hourly_views.c.generation == generation
                )
            )
            return int(total.scalar_one())
        # Table by table: one that retention has detached and not dropped yet counts too.
        views = 0
        for month in await months.months(connection, generation):
            name = months.month_name(generation, month)
            total = await connection.execute(
                text(f"SELECT coalesce(sum(views), 0) FROM {name}")  # noqa: S608
            )
            views += int(total.scalar_one())
        return views

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        async with translated(), self._engine.connect() as connection:
            if self._postgresql:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            # Temporary tables go with the transaction.
            await connection.rollback()

    async def _create_ahead(self, connection: AsyncConnection) -> None:
        kind = "timestamptz" if self._postgresql else "INTEGER"
        await connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE ahead (page text, view_hour {kind}, new_views bigint, "
            "old_views bigint)"
        )

    async def _fill_ahead(
        self, connection: AsyncConnection, log: LogReader, new: GenerationInfo, old: GenerationInfo
    ) -> None:
        """Fold, for the side that is behind on a partition, what the other has folded more."""
        news = await read_checkpoints(connection, new.generation)
        olds = await read_checkpoints(connection, old.generation)
        carried = await _carried_offsets(connection)
        for partition in sorted({*news, *olds}):
            ours = news.get(partition) or _nothing(new.generation, partition)
            theirs = olds.get(partition) or _nothing(old.generation, partition)
            late, info = (ours, new) if ours.next_offset < theirs.next_offset else (theirs, old)
            until = max(ours.next_offset, theirs.next_offset)
            if late.next_offset == until:
                continue
            carry = (
                None
                if info.carried_before is None
                else Carry(
                    info.carried_before, carried.get((info.generation, partition), Offset(0))
                )
            )
            ahead = _Ahead(
                await read_positions(connection, late), PageRules(info.page_rules), carry
            )
            async with log.subscribe(partition, late.next_offset) as subscription:
                async for rows in ahead.fold(subscription, until):
                    await self._save_ahead(connection, rows, is_new=info is new)

    async def _save_ahead(
        self, connection: AsyncConnection, rows: Mapping[RowKey, int], *, is_new: bool
    ) -> None:
        if not self._postgresql:
            values = [(key[0], key[1], *_side(views, is_new)) for key, views in rows.items()]
            await connection.exec_driver_sql("INSERT INTO ahead VALUES (?, ?, ?, ?)", values)
            return
        hours = {key[1]: to_datetime(key[1]) for key in rows}
        driver: Any = (await connection.get_raw_connection()).driver_connection
        records = [(key[0], hours[key[1]], *_side(views, is_new)) for key, views in rows.items()]
        await driver.copy_records_to_table("ahead", records=records)

    async def _difference(
        self, connection: AsyncConnection, new: Generation, old: Generation, first: Hour
    ) -> Diff:
        if self._postgresql:
            await connection.execute(text("SET LOCAL work_mem = '256MB'"))
        values = {
            "new": new,
            "old": old,
            "first": to_datetime(first) if self._postgresql else first,
        }
        totals = (await connection.execute(text(_TOTALS), values)).one()
        await connection.execute(text(_DIFFERING), values)
        differing = await connection.execute(text("SELECT count(*) FROM differing"))
        largest = await connection.execute(text(_LARGEST), {"most": LARGEST})
        return Diff(
            old=old,
            new=new,
            first_hour=first,
            old_rows=totals[0],
            new_rows=totals[1],
            old_views=int(totals[2]),
            new_views=int(totals[3]),
            differing=differing.scalar_one(),
            largest=[
                HourDifference(
                    row.page,
                    from_datetime(row.view_hour) if self._postgresql else Hour(row.view_hour),
                    int(row.old_views),
                    int(row.new_views),
                )
                for row in largest
            ],
        )


async def _carried_offsets(
    connection: AsyncConnection,
) -> Mapping[tuple[Generation, Partition], Offset]:
    found = await connection.execute(
        select(checkpoints.c.generation, checkpoints.c.partition, checkpoints.c.carried_offset)
    )
    return {(Generation(g), Partition(p)): Offset(offset) for g, p, offset in found}


class _Ahead:
    """Folds a stretch of the log in pieces that fit in memory."""

    def __init__(
        self, positions: Mapping[str, Position], rules: PageRules, carry: Carry | None
    ) -> None:
        self._positions = dict(positions)
        self._rules = rules
        self._carry = carry

    async def fold(
        self, subscription: Subscription, until: Offset
    ) -> AsyncIterator[Mapping[RowKey, int]]:
        """The rows of the entries below `until`, piece by piece."""
        next_offset = Offset(0)
        while next_offset < until:
            fold = Fold(self._positions, self._rules, self._carry)
            while next_offset < until and len(fold.delta.rows) < _PIECE_ROWS:
                for entry in await subscription.take(_TAKE_ENTRIES, _PATIENCE_SECONDS):
                    next_offset = Offset(entry.offset + 1)
                    if entry.offset < until:
                        fold.add(entry)
            self._positions.update(fold.delta.positions)
            if fold.delta.rows:
                yield fold.delta.rows


def _side(views: int, is_new: bool) -> tuple[int, int]:
    return (views, 0) if is_new else (0, views)


def _nothing(generation: Generation, partition: Partition) -> Checkpoint:
    return Checkpoint(generation, partition, Offset(0), Epoch(0))
