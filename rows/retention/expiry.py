"""What the database gives up when its time is over, on PostgreSQL and SQLite."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Table,
    and_,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.clocks import Known
from domain.events import Epoch, Generation, Hour
from domain.hours import MAX_AHEAD_MS, hour_of
from domain.ports.retention import Expiry
from domain.positions import POSITION_WINDOW
from domain.retention import ExpiredRows, Leftovers
from rows.aggregates.removal import forget_sums, remove_past
from rows.conflicts import again
from rows.database import clock_ms, database_errors, insert_into, transaction
from rows.jobs import RETENTION, fence
from rows.layout import layout_of
from rows.live import LIVE, read_horizon, read_known
from rows.retention.beside import expire_beside
from rows.tables import (
    audits,
    checkpoints,
    clock,
    dead_letters,
    dead_letters_left_out,
    gaps,
    generations,
    producer_positions,
    retention,
)

_NEWEST = select(func.max(checkpoints.c.recorded_ms)).where(checkpoints.c.generation == LIVE)
# The rows of one that is loaded have no place yet; one that is dropped goes as a whole.
_WITH_ROWS = ("catching-up", "live", "previous")


class SqlExpiry(Expiry):
    """`engine` must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._rows = layout_of(engine).expiry

    async def now_ms(self) -> int:
        """The database's clock."""
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(select(clock_ms(self._engine.dialect)))
            return int(found.scalar_one())

    async def known(self) -> Known:
        async with database_errors(), self._engine.connect() as connection:
            return await read_known(connection)

    async def begin(self, known: Known) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                update(clock).where(clock.c.believed_ms == 0).values(believed_ms=known.believed_ms)
            )

    async def newest_ms(self) -> int:
        async with database_errors(), self._engine.connect() as connection:
            return int((await connection.execute(_NEWEST)).scalar_one() or 0)

    async def remember(self, epoch: Epoch, known: Known) -> None:
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            values = {name: getattr(known, name) for name in known.__struct_fields__}
            if not (await connection.execute(update(clock).values(values))).rowcount:
                # Restored without it.
                await connection.execute(insert(clock).values(id=1, **values))

    async def horizon(self) -> Hour:
        async with database_errors(), self._engine.connect() as connection:
            return await read_horizon(connection)

    @again
    async def advance(self, epoch: Epoch, horizon: Hour) -> Hour:
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            await connection.execute(
                update(retention).where(retention.c.horizon < horizon).values(horizon=horizon)
            )
            return await read_horizon(connection)

    async def move_back(self, epoch: Epoch, horizon: Hour, now_ms: int) -> None:
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            gone_before = self._rows.gone_before(await read_horizon(connection))
            # From the first hour on that no view can have been counted in by now, nothing was
            # dropped, however far in the future the horizon was.
            gone_before = min(gone_before, Hour(hour_of(now_ms + MAX_AHEAD_MS) + 1))
            robbed = select(generations.c.generation, literal(gone_before)).where(
                generations.c.expired_views > 0, generations.c.state.in_(_WITH_ROWS)
            )
            statement = insert_into(self._engine, gaps).from_select(
                ["generation", "dropped_before"], robbed
            )
            later = statement.excluded.dropped_before
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["generation"],
                    set_={"dropped_before": later},
                    where=func.coalesce(gaps.c.dropped_before, later) <= later,
                )
            )
            for generation in await self._with_rows(connection):
                await forget_sums(connection, generation, gone_before)
            await connection.execute(
                update(retention).where(retention.c.horizon > horizon).values(horizon=horizon)
            )

    async def _with_rows(self, connection: AsyncConnection) -> Sequence[Generation]:
        found = await connection.execute(
            select(generations.c.generation)
            .where(generations.c.state.in_(_WITH_ROWS))
            .order_by(generations.c.generation)
        )
        return [Generation(number) for number in found.scalars()]

    async def prepare(self, now_ms: int) -> None:
        for generation in await self._generations("live"):
            await self._rows.prepare(generation, now_ms)

    async def expired_rows(self, horizon: Hour) -> Sequence[ExpiredRows]:
        return [
            rows
            for generation in await self._generations(*_WITH_ROWS)
            for rows in await self._rows.expired(generation, horizon)
        ]

    async def waiting_rows(self, horizon: Hour) -> int:
        found = await self._generations(*_WITH_ROWS)
        return sum([await self._rows.waiting(generation, horizon) for generation in found])

    async def drop_rows(self, epoch: Epoch, horizon: Hour) -> AsyncIterator[ExpiredRows]:
        for generation in await self._generations(*_WITH_ROWS):
            async for rows in self._rows.expire(epoch, generation, horizon):
                yield rows
            await remove_past(self._engine, epoch, generation, horizon)
            gone_before = self._rows.gone_before(horizon)
            await expire_beside(self._engine, epoch, generation, gone_before)

    async def _generations(self, *states: str) -> Sequence[Generation]:
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(generations.c.generation)
                .where(generations.c.state.in_(states))
                .order_by(generations.c.generation)
            )
            return [Generation(number) for number in found.scalars()]

    async def expired_generations(self, now_ms: int) -> Sequence[Generation]:
        async with database_errors(), self._engine.connect() as connection:
            found = await connection.execute(
                select(generations.c.generation)
                .where(or_(generations.c.state == "dropping", _over(now_ms)))
                .order_by(generations.c.generation)
            )
            return [Generation(number) for number in found.scalars()]

    @again
    async def retire(self, epoch: Epoch, generation: Generation, now_ms: int) -> bool:
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            # Asked again in the same statement: a rollback may have reopened it meanwhile.
            retired = await connection.execute(
                update(generations)
                .where(
                    generations.c.generation == generation,
                    or_(generations.c.state == "dropping", _over(now_ms)),
                )
                .values(state="dropping")
            )
            return retired.rowcount == 1

    async def leftovers(self, before_ms: int | None) -> Leftovers:
        async with database_errors(), self._engine.connect() as connection:
            counts = [
                await connection.execute(select(func.count()).select_from(table).where(chosen))
                for table, chosen in _leftovers(before_ms)
            ]
            positions, letters = (int(found.scalar_one()) for found in counts)
            found = await connection.execute(
                select(func.coalesce(func.sum(dead_letters_left_out.c.letters), 0)).where(
                    _left_out(before_ms)
                )
            )
            return Leftovers(positions, letters + int(found.scalar_one()))

    @again
    async def drop_leftovers(self, epoch: Epoch, before_ms: int | None) -> Leftovers:
        async with transaction(self._engine) as connection:
            await fence(connection, RETENTION, epoch)
            await self._drop_lost_audits(connection)
            positions, letters = [
                (await connection.execute(_in_passing(table, chosen))).rowcount
                for table, chosen in _leftovers(before_ms)
            ]
            found = await connection.execute(
                _in_passing(dead_letters_left_out, _left_out(before_ms)).returning(
                    dead_letters_left_out.c.letters
                )
            )
            return Leftovers(positions, letters + sum(found.scalars()))

    async def _drop_lost_audits(self, connection: AsyncConnection) -> None:
        there = select(generations.c.generation).where(generations.c.state != "dropped")
        await connection.execute(delete(audits).where(audits.c.generation.not_in(there)))


def _in_passing(table: Table, chosen: ColumnElement[bool]) -> Delete:
    """Deletes what nobody has locked: a flush locks rows in the order of their keys, this in none.

    What is passed over goes next time.
    """
    key = tuple_(*table.primary_key.columns)
    free = select(*table.primary_key.columns).where(chosen).with_for_update(skip_locked=True)
    return delete(table).where(key.in_(free))


def _over(now_ms: int) -> ColumnElement[bool]:
    return and_(generations.c.state == "previous", generations.c.kept_until_ms < now_ms)


def _leftovers(before_ms: int | None) -> list[tuple[Any, ColumnElement[bool]]]:
    # The fold does not look at positions that far back any more, whatever it will read.
    seen_until = (
        select(checkpoints.c.next_offset - POSITION_WINDOW)
        .where(
            checkpoints.c.generation == producer_positions.c.generation,
            checkpoints.c.partition == producer_positions.c.partition,
        )
        .scalar_subquery()
    )
    return [
        (producer_positions, producer_positions.c.log_offset < seen_until),
        (dead_letters, and_(dead_letters.c.created_ms < (before_ms or 0), _is_past(before_ms))),
    ]


def _is_past(before_ms: int | None) -> ColumnElement[bool]:
    """A rebuild has to know what a clock set aside, as long as reports show its hours."""
    by_clock = and_(dead_letters.c.kind == "clock", dead_letters.c.newest_ms >= (before_ms or 0))
    return func.coalesce(by_clock, false()).is_(false())


def _left_out(before_ms: int | None) -> ColumnElement[bool]:
    return dead_letters_left_out.c.created_ms < (before_ms or 0)
