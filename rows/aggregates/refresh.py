"""Days and months are added up, step by step, on PostgreSQL and SQLite."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.aggregates import Month, Turn
from domain.calendar import days_within, month_hours
from domain.dimensions import Dimension
from domain.events import Generation
from domain.hours import HOUR_MS
from domain.ports.aggregates import Aggregates
from rows.aggregates.fenced import writing
from rows.aggregates.listing import Listing, all_mark, owners
from rows.aggregates.marks import distrust
from rows.aggregates.parts import Parts
from rows.aggregates.removal import clear_sums
from rows.aggregates.sums import bounds, page_sums, site_sums, year_sums
from rows.aggregates.values import value_sums
from rows.conflicts import again
from rows.database import clock_ms, is_postgresql, pause_at_most, reading, transaction
from rows.engine import PAUSE_MS
from rows.live import LIVE, read_horizon
from rows.tables import checkpoints, rolled_months, rollup_generations

_known = rolled_months.c
_OPEN = _known.due.bitwise_or(_known.building)
_LISTED = (
    select(rollup_generations.c.listed)
    .where(rollup_generations.c.generation == _known.generation, rollup_generations.c.listed)
    .exists()
)


class SqlAggregates(Aggregates):
    """`engine` must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def live(self) -> Generation:
        async with reading(self._engine) as connection:
            return Generation((await connection.execute(select(LIVE))).scalar_one())

    async def now_ms(self) -> int:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(clock_ms(connection.dialect)))
            return int(found.scalar_one())

    async def marked(self, turn: Turn) -> bool:
        async with reading(self._engine) as connection:
            return all_mark(await owners(connection, turn.generation))

    @again
    async def list_days(self, turn: Turn) -> bool:
        listing = Listing(self._engine, turn)
        before = await listing.owners()
        return before is not None and await listing.save(await listing.hours(), before)

    async def distrust(self, turn: Turn) -> None:
        await self._take_back(turn)
        await clear_sums(lambda: writing(self._engine, turn), turn.generation)

    @again
    async def _take_back(self, turn: Turn) -> None:
        async with writing(self._engine, turn) as connection:
            await distrust(connection, turn.generation)

    async def open_months(self, turn: Turn, over_before_ms: int) -> Sequence[Month]:
        async with reading(self._engine) as connection:
            horizon = await read_horizon(connection)
            found = [
                month._replace(
                    due=month.open & days_within(month.month, horizon, over_before_ms), building=0
                )
                for month in await read_months(connection, turn.generation)
            ]
        return [month for month in found if month.due]

    @again
    async def begin(self, turn: Turn, month: int, days: int) -> int:
        async with writing(self._engine, turn) as connection:
            begun = await connection.execute(
                update(rolled_months)
                .where(_is(turn, month))
                # What a run that died was building is due again.
                .values(building=_OPEN.bitwise_and(days), due=_OPEN.bitwise_and(~days))
                .returning(_known.building)
            )
            return begun.scalar_one_or_none() or 0

    async def settle(self, turn: Turn) -> bool:
        async with reading(self._engine) as connection:
            folded = await owners(connection, turn.generation)
            everybody = await connection.execute(
                select(checkpoints.c.partition)
                .where(checkpoints.c.generation == turn.generation)
                .order_by(checkpoints.c.partition)
            )
            partitions = everybody.scalars().all()
        # In SQLite they were over when `begin` had its turn to write.
        if is_postgresql(self._engine.dialect):
            for partition in partitions:
                await self._let_flush_end(turn, partition)
        return all_mark(folded)

    @again
    async def _let_flush_end(self, turn: Turn, partition: int) -> None:
        """A flush has its checkpoint from its first statement to its end. Nothing else is held."""
        async with transaction(self._engine) as connection:
            # The fold waits for this one: it must not wait for a process that froze.
            await pause_at_most(connection, PAUSE_MS)
            await connection.execute(
                select(checkpoints.c.partition)
                .where(
                    checkpoints.c.generation == turn.generation,
                    checkpoints.c.partition == partition,
                )
                .with_for_update(read=True)
            )

    async def add_up(
        self, turn: Turn, month: int, days: int, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        if not is_postgresql(self._engine.dialect):
            await Parts(self._engine, turn, stopped).add_up(month, days)
            return
        values = bounds(turn.generation, month, days)
        for sums in (page_sums, site_sums):
            await self._write(turn, sums(self._engine.dialect, month, days), values)
        for dimension in Dimension:
            statement = value_sums(self._engine.dialect, month, days, dimension)
            await self._write(turn, statement, values)

    @again
    async def _write(self, turn: Turn, statement: TextClause, values: Mapping[str, Any]) -> None:
        async with writing(self._engine, turn) as connection:
            await connection.execute(statement, values)

    @again
    async def finish(self, turn: Turn, month: int, days: int) -> int:
        async with writing(self._engine, turn) as connection:
            before = await connection.execute(
                select(_known.building).where(_is(turn, month)).with_for_update()
            )
            built = (before.scalar_one_or_none() or 0) & days
            await connection.execute(
                update(rolled_months)
                .where(_is(turn, month))
                .values(
                    rolled=_known.rolled.bitwise_or(built),
                    building=_known.building.bitwise_and(~built),
                )
            )
            return built

    async def whole_months(self, turn: Turn, over_before_ms: int) -> Sequence[int]:
        async with reading(self._engine) as connection:
            horizon = await read_horizon(connection)
            found = await connection.execute(
                select(_known.month)
                .where(
                    _known.generation == turn.generation,
                    _known.whole.is_not(true()),
                    _OPEN == 0,
                    _LISTED,
                )
                .order_by(_known.month)
            )
            months = found.scalars().all()
        return [
            month
            for month in months
            if month_hours(month)[0] >= horizon
            and month_hours(month)[1] * HOUR_MS <= over_before_ms
        ]

    @again
    async def add_up_months(
        self, turn: Turn, months: Sequence[int], stopped: Callable[[], bool] = lambda: False
    ) -> int:
        if is_postgresql(self._engine.dialect):
            statement = year_sums(self._engine.dialect, months)
            await self._write(turn, statement, {"generation": turn.generation})
        else:
            for month in months:
                await Parts(self._engine, turn, stopped).add_up_month(month)
        # Only this job writes the days that were added up: where none is open now, none was.
        chosen = and_(_known.generation == turn.generation, _known.month.in_(months))
        async with writing(self._engine, turn) as connection:
            # In the order of all; the update by itself would lock them in none.
            await connection.execute(
                select(_known.month).where(chosen).order_by(_known.month).with_for_update()
            )
            whole = await connection.execute(
                update(rolled_months).where(chosen, _OPEN == 0, _LISTED).values(whole=True)
            )
            return whole.rowcount


def _is(turn: Turn, month: int) -> ColumnElement[bool]:
    return and_(_known.generation == turn.generation, _known.month == month)


async def read_months(connection: AsyncConnection, generation: Generation) -> Sequence[Month]:
    """All that are written down, oldest first."""
    found = await connection.execute(
        select(_known.month, _known.rolled, _known.due, _known.building, _known.whole)
        .where(_known.generation == generation)
        .order_by(_known.month)
    )
    return [Month(*row) for row in found]
