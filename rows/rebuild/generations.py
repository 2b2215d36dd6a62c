"""Generations as a whole, on PostgreSQL and SQLite: begin, reopen, promote, drop."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Checkpoint, at_start
from domain.errors import NotCaughtUp, RebuildError
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import NOT_CARRIED, GenerationInfo, behind
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.ports.rebuild import NOTHING_LOST, Generations, Promotion
from rows.aggregates.marks import IS_MARKED, UNMARKED, moved_to
from rows.aggregates.removal import remove_sums
from rows.checkpoints import columns_of, later, read_checkpoints
from rows.conflicts import again
from rows.database import database_errors, pause_at_most, transaction
from rows.engine import PAUSE_MS
from rows.fold.letters import carry_letters
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, fence
from rows.layout import layout_of
from rows.live import IS_LIVE, OF_PAGES
from rows.rebuild.known_pages import carry_known
from rows.retention.beside import remove_beside
from rows.tables import (
    audits,
    checkpoints,
    dead_letters,
    dead_letters_left_out,
    gaps,
    generations,
    leases,
    producer_positions,
    rolled_months,
    rollup_generations,
)

# On the checkpoints of a generation that is not folded into any more: no epoch is newer.
SEALED = 2**62
# What hangs on a generation, in the order of locks.
_OF_GENERATION = (
    checkpoints,
    producer_positions,
    dead_letters,
    dead_letters_left_out,
    audits,
    gaps,
    rollup_generations,
    rolled_months,
)
# Entries of the log that a promotion may still fold, while the live fold waits: about a second.
MOST_MISSING = 5_000


class StoreWithin(SqlProjectionStore):
    """A store whose changes are part of somebody else's transaction."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        connection: AsyncConnection,
        classes: Classes = UNCLASSED,
    ) -> None:
        super().__init__(engine, clock, classes=classes)
        self._connection = connection
        self._alone = False

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    _reading = _transaction


class SqlGenerations(Generations):
    """The generations' table and what hangs on it. `engine` must not time long statements out."""

    def __init__(self, engine: AsyncEngine, clock: Clock, classes: Classes = UNCLASSED) -> None:
        self._engine = engine
        self._clock = clock
        self._classes = classes
        self._layout = layout_of(engine)

    async def all(self) -> Sequence[GenerationInfo]:
        async with database_errors(), self._engine.connect() as connection:
            return await read_generations(connection)

    async def checkpoints(self, generation: Generation) -> Mapping[Partition, Checkpoint]:
        async with database_errors(), self._engine.connect() as connection:
            return await read_checkpoints(connection, generation)

    async def partitions(self) -> set[Partition]:
        async with database_errors(), self._engine.connect() as connection:
            others = select(leases.c.partition).where(~OF_PAGES)
            folded = select(checkpoints.c.partition).where(checkpoints.c.partition.not_in(others))
            known = select(leases.c.partition).where(OF_PAGES).union(folded)
            return {Partition(p) for p in (await connection.execute(known)).scalars()}

    async def adopt_rules(self, rules: PageRules) -> bool:
        """Count by `rules` from the start; False where the live generation has begun already."""
        # Whoever has claimed a partition goes by the rules it read then.
        begun = select(checkpoints.c.partition).exists()
        async with transaction(self._engine) as connection:
            # Not in one statement: that would not see a claim it had to wait for.
            await connection.execute(select(generations.c.state).where(IS_LIVE).with_for_update())
            adopted = await connection.execute(
                update(generations).where(IS_LIVE, ~begun).values(page_rules=rules.text)
            )
            return adopted.rowcount == 1

    @again
    async def begin(
        self,
        epoch: Epoch,
        purpose: str,
        rules: PageRules,
        starts: Mapping[Partition, Offset],
        carried_before: Hour | None,
        begun: Mapping[Partition, Hour] = NOTHING_LOST,
    ) -> GenerationInfo:
        async with transaction(self._engine) as connection:
            await fence(connection, REPLAY, epoch)
            if any(found.building for found in await read_generations(connection)):
                raise RebuildError("a generation is being built already")
            newest = await connection.execute(select(func.max(generations.c.generation)))
            info = GenerationInfo(
                generation=Generation(newest.scalar_one() + 1),
                state="loading",
                purpose=purpose,
                created_ms=self._clock(),
                page_rules=rules.text,
                carried_before=carried_before,
                carried_views=0 if carried_before is None else NOT_CARRIED,
                agent_lists=self._classes.version,
            )
            await connection.execute(insert(generations).values(_columns(info)))
            for partition, offset in starts.items():
                fresh = at_start(info.generation, partition, offset, epoch)
                await connection.execute(insert(checkpoints).values(columns_of(fresh)))
            await carry_letters(connection, info.generation)
            await carry_known(connection, info.generation, rules, begun)
            await self._layout.create(connection, info.generation)
            return info

    @again
    async def reopen(self, epoch: Epoch, generation: Generation, purpose: str) -> None:
        async with transaction(self._engine) as connection:
            await fence(connection, REPLAY, epoch)
            if any(found.building for found in await read_generations(connection)):
                raise RebuildError("a generation is being built already")
            await self._move(connection, generation, "previous", "catching-up", purpose=purpose)
            await connection.execute(
                update(checkpoints)
                .where(checkpoints.c.generation == generation)
                .values(moved_to(epoch))
            )

    @again
    async def close_again(self, epoch: Epoch, generation: Generation) -> None:
        async with transaction(self._engine) as connection:
            await fence(connection, REPLAY, epoch)
            await self._move(connection, generation, "catching-up", "previous")
            await _set_epoch(connection, generation, SEALED)

    @again
    async def finish_loading(self, epoch: Epoch, generation: Generation) -> None:
        await self._layout.finish(generation)
        async with transaction(self._engine) as connection:
            await fence(connection, REPLAY, epoch)
            await self._move(connection, generation, "loading", "catching-up")

    @asynccontextmanager
    async def promoting(
        self, epoch: Epoch, generation: Generation, keep_ms: int
    ) -> AsyncIterator[Promotion]:
        async with transaction(self._engine) as connection:
            # The live projectors wait for this transaction: they must not wait for one whose
            # process froze.
            await pause_at_most(connection, PAUSE_MS)
            await fence(connection, REPLAY, epoch)
            live = await self._both(connection, generation)
            # Locked, the live projectors' next commits wait here and then find themselves fenced.
            before = await read_checkpoints(connection, live, lock=True)
            folded = await read_checkpoints(connection, generation)
            store = StoreWithin(self._engine, self._clock, connection, self._classes)
            yield Promotion(_missing(before, folded), store)
            after = await read_checkpoints(connection, generation, lock=True)
            if late := behind(before.values(), after):
                names = ", ".join(map(str, late))
                raise NotCaughtUp(f"generation {generation} is behind on partitions {names}")
            for partition in after:
                fresh = at_start(live, partition)
                await _follow(connection, generation, before.get(partition, fresh))
            await _set_epoch(connection, live, SEALED)
            kept_until = self._clock() + keep_ms
            # In this order: at no time may two be live.
            await self._move(connection, live, "live", "previous", kept_until_ms=kept_until)
            await self._move(
                connection,
                generation,
                "catching-up",
                "live",
                kept_until_ms=0,
                complete_ms=_as_complete_as(live),
            )

    async def _both(self, connection: AsyncConnection, generation: Generation) -> Generation:
        """Hold the rows of the live generation, which is returned, and of the one to follow it.

        Before any checkpoint, as whoever drops one of them does.
        """
        found = await connection.execute(
            select(generations.c.generation, generations.c.state)
            .where(or_(IS_LIVE, generations.c.generation == generation))
            .order_by(generations.c.generation)
            .with_for_update()
        )
        states = {row.state: Generation(row.generation) for row in found}
        if states.get("catching-up") != generation:
            raise RebuildError(_is_not(generation, "catching-up"))
        if "live" not in states:
            raise NotCaughtUp("another generation becomes live just now")
        return states["live"]

    @again
    async def drop(self, generation: Generation) -> None:
        async with transaction(self._engine) as connection:
            if not await self._mark_dropping(connection, generation):
                return
            await _set_epoch(connection, generation, SEALED)
        await self._layout.remove(generation)
        await remove_sums(self._engine, generation)
        await remove_beside(self._engine, generation)
        await self._forget(generation)

    async def _mark_dropping(self, connection: AsyncConnection, generation: Generation) -> bool:
        """False where another has dropped it while this waited for its row."""
        before = await self._state(connection, generation)
        dropping = await connection.execute(
            update(generations)
            .where(
                generations.c.generation == generation,
                generations.c.state.not_in(("live", "dropped")),
            )
            .values(state="dropping")
        )
        if dropping.rowcount == 1:
            return True
        after = await self._state(connection, generation)
        if after == "dropped" and before not in ("live", "dropped"):
            return False
        raise RebuildError(f"generation {generation} is live or gone: it is not dropped")

    async def _forget(self, generation: Generation) -> None:
        async with transaction(self._engine) as connection:
            # The row stays: no number may be given twice, or a projector that slept would take
            # the new generation for the one it knew. And it comes first, as everywhere: of two
            # that drop it, one waits here and finds nothing left to do.
            forgotten = await connection.execute(
                update(generations)
                .where(generations.c.generation == generation, generations.c.state == "dropping")
                .values(state="dropped")
            )
            if forgotten.rowcount == 1:
                for table in _OF_GENERATION:
                    await connection.execute(delete(table).where(table.c.generation == generation))

    async def _move(
        self, connection: AsyncConnection, generation: Generation, old: str, new: str, **values: Any
    ) -> None:
        moved = await connection.execute(
            update(generations)
            .where(generations.c.generation == generation, generations.c.state == old)
            .values(state=new, **values)
        )
        if moved.rowcount != 1:
            raise RebuildError(_is_not(generation, old))

    async def _state(self, connection: AsyncConnection, generation: Generation) -> str | None:
        found = await connection.execute(
            select(generations.c.state).where(generations.c.generation == generation)
        )
        return found.scalar_one_or_none()


def _missing(
    live: Mapping[Partition, Checkpoint], folded: Mapping[Partition, Checkpoint]
) -> dict[Partition, Offset]:
    """Up to where the live generation is ahead; nothing where that is more than a little."""
    late = {partition: live[partition].next_offset for partition in behind(live.values(), folded)}
    entries = sum(until - folded[p].next_offset for p, until in late.items() if p in folded)
    return {} if entries > MOST_MISSING else late


def _is_not(generation: Generation, state: str) -> str:
    return f"generation {generation} is not {state} (any more)"


async def read_generations(connection: AsyncConnection) -> Sequence[GenerationInfo]:
    """All generations there are, oldest first."""
    found = await connection.execute(
        select(generations)
        .where(generations.c.state != "dropped")
        .order_by(generations.c.generation)
    )
    return [
        GenerationInfo(
            **{
                **row._mapping,
                "generation": Generation(row.generation),
                "carried_before": None if row.carried_before is None else Hour(row.carried_before),
            }
        )
        for row in found
    ]


async def _set_epoch(connection: AsyncConnection, generation: Generation, epoch: int) -> None:
    chosen = update(checkpoints).where(checkpoints.c.generation == generation)
    await connection.execute(chosen.values(moved_to(epoch)))


async def _follow(connection: AsyncConnection, generation: Generation, before: Checkpoint) -> None:
    """The partition's checkpoint goes on in place of the one `before`, which is not further.

    It is marked only where both are: whoever has that epoch may be one that marks nothing.
    """
    left = checkpoints.alias("left")
    unmarked = (
        select(left.c.partition)
        .where(
            left.c.generation == before.generation,
            left.c.partition == before.partition,
            left.c.marked_epoch != left.c.epoch,
        )
        .exists()
    )
    await connection.execute(
        update(checkpoints)
        .where(checkpoints.c.generation == generation, checkpoints.c.partition == before.partition)
        .values(
            epoch=before.epoch,
            marked_epoch=case((IS_MARKED & ~unmarked, before.epoch), else_=UNMARKED),
            complete_ms=later(literal(before.complete_ms, BigInteger)),
        )
    )


def _as_complete_as(live: Generation) -> ColumnElement[int]:
    """The column `complete_ms` of a generation that takes its place."""
    before = generations.alias("before")
    then = select(before.c.complete_ms).where(before.c.generation == live).scalar_subquery()
    stored = generations.c.complete_ms
    return case((stored < then, then), else_=stored)


def _columns(info: GenerationInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__struct_fields__}
