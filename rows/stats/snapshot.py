"""One moment of the rows, in which the live generation is found and asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Executable, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.page_rules import PageRules
from domain.stats.answers import Standing
from rows.database import database_errors, is_postgresql, snapshot
from rows.live import IS_LIVE, LIVE, read_horizon
from rows.reports.watermark import now_ms, read_watermark
from rows.sqlite.interrupting import execute
from rows.tables import checkpoints, generations, retention, rollup_generations
from rows.turns import Turns

# PostgreSQL's driver has the same limit.
SECONDS = 60.0
TRIES = 10
UNSTEADY = "the live generation changes again and again"
_MARKED = checkpoints.c.marked_epoch == checkpoints.c.epoch
# Whatever changes rows changes these with them, in the same transaction.
_FOLDED = (
    select(
        func.sum(checkpoints.c.next_offset).label("offsets"),
        func.sum(checkpoints.c.events).label("events"),
        func.max(checkpoints.c.epoch).label("epoch"),
        # What has folded nothing has made nothing untrue.
        func.sum(case((or_(_MARKED, checkpoints.c.next_offset == 0), 0), else_=1)).label(
            "unmarked"
        ),
    )
    .where(checkpoints.c.generation == LIVE)
    .subquery("folded")
)
_LIVE = (
    select(
        generations.c.generation,
        generations.c.page_rules,
        retention.c.horizon,
        generations.c.complete_ms,
        now_ms().label("now_ms"),
        *_FOLDED.c,
        rollup_generations.c.listed,
    )
    .select_from(
        generations.join(retention, true(), isouter=True)
        .join(_FOLDED, true())
        .join(
            rollup_generations,
            and_(rollup_generations.c.generation == generations.c.generation),
            isouter=True,
        )
    )
    .where(IS_LIVE)
)
# Sums by page are hashed in memory. What is asked differs so much in size that a plan for any of it
# is a bad one for most.
_TUNED = (
    func.set_config("work_mem", "64MB", True),
    func.set_config("plan_cache_mode", "force_custom_plan", True),
)
_IN_ORDER = select(func.set_config("enable_hashagg", "off", True))

_Answer = TypeVar("_Answer")


class Sums(NamedTuple):
    """What is known of the sums beside the hourly rows.

    `marked`: whoever folds says which days it makes untrue, or else none of them is to be trusted.
    `listed`: `rolled_months` has all days with rows.
    """

    marked: bool
    listed: bool


class Snapshot:
    """Statements of one moment; `standing` and `rules` are those of the generation live in it."""

    def __init__(self, connection: AsyncConnection, standing: Standing, sums: Sums) -> None:
        self.connection = connection
        self.standing = standing
        self.sums = sums
        self.rules = PageRules(standing.rules)

    @property
    def on_postgresql(self) -> bool:
        """Or else SQLite."""
        return is_postgresql(self.connection.dialect)

    async def in_order_of_names(self) -> None:
        """What follows is of sums, which lie in the order of pages: PostgreSQL adds them up so.

        It takes half the time of a hash of so many long texts, which it would prefer.
        """
        if self.on_postgresql:
            await self.rows(_IN_ORDER)

    async def rows(self, statement: Executable) -> Sequence[Any]:
        """All that it finds."""
        return (await execute(self.connection, statement, SECONDS)).all()


class Snapshots:
    """Takes them from `engine`, which is read-only: so many at once as there are `turns`."""

    def __init__(self, engine: AsyncEngine, turns: Turns) -> None:
        self._engine = engine
        self._turns = turns

    async def answer(self, ask: Callable[[Snapshot], Awaitable[_Answer]]) -> _Answer:
        """What `ask` finds in one. It may be asked again. Raises `StoreUnavailable`."""
        async with self._turns.taken():
            for _ in range(TRIES):
                async with self._taken() as found:
                    answer = await ask(found)
                if await self.stands(found):
                    return answer
        raise StoreUnavailable(UNSTEADY)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Snapshot]:
        """One for several statements; ask whether it `stands` once the first has been answered."""
        async with self._turns.taken(), self._taken() as found:
            yield found

    async def look(self) -> Standing:
        """What an answer would be of now. Raises `StoreUnavailable`."""
        async with self._turns.taken(), database_errors(), self._engine.connect() as connection:
            standing, _ = await _read(connection)
            return standing

    async def stands(self, found: Snapshot) -> bool:
        """Is the same generation still live, from the same horizon on?

        A snapshot does not hold tables: one that was dropped after it and before a statement's plan
        is missing in the answer, without an error. Before any is, this has changed.
        """
        async with database_errors(), self._engine.connect() as connection:
            standing, _ = await _read(connection)
            return standing.same_rows(found.standing)

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[Snapshot]:
        async with snapshot(self._engine) as connection:
            await connection.execution_options(postgresql_readonly=True)
            yield Snapshot(connection, *await _read(connection))


async def _read(connection: AsyncConnection) -> tuple[Standing, Sums]:
    query = _LIVE.add_columns(*_TUNED) if is_postgresql(connection.dialect) else _LIVE
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise StoreUnavailable("no generation is live: run footfall migrate")
    horizon = row.horizon
    if horizon is None:
        # That one says so.
        horizon = await read_horizon(connection)
    watermark = read_watermark(row)
    standing = Standing(
        watermark.generation,
        Hour(horizon),
        row.page_rules,
        watermark.complete_ms,
        watermark.now_ms,
        tuple(int(number or 0) for number in (row.offsets, row.events, row.epoch)),
    )
    return standing, Sums(marked=not row.unmarked, listed=bool(row.listed))
