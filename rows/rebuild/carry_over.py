"""What is kept, and what is copied because the log cannot give it back any more."""

from collections.abc import Sequence
from functools import reduce

from sqlalchemy import bindparam, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.agents.lists import lists_of, with_list
from domain.checkpoint import at_start
from domain.errors import Fenced
from domain.events import Epoch, Generation, Hour
from domain.generations import NOT_CARRIED, GenerationInfo
from domain.page_rules import PageRules
from domain.ports.rebuild import History
from rows.checkpoints import columns_of, read_checkpoints
from rows.conflicts import again
from rows.database import database_errors, snapshot
from rows.jobs import REPLAY
from rows.layout import layout_of
from rows.live import LIVE, read_dropped_before, read_horizon
from rows.rebuild.dimensions import carry_dimensions
from rows.rollups import HOURLY
from rows.tables import (
    HOUR,
    checkpoints,
    gaps,
    generations,
    hourly_views,
    jobs,
    producer_positions,
)

_RENAMED = "CREATE TEMPORARY TABLE renamed (page text PRIMARY KEY, name text NOT NULL)"
_COPY = """
    INSERT INTO {target} ({columns})
    SELECT :generation, {named}, sum({sum})
    FROM {table} AS copied LEFT JOIN renamed ON renamed.page = copied.page
    WHERE copied.generation = :live AND {time} >= :first AND {time} < :end
    GROUP BY {named}
"""
_NAMED = ", ".join(
    "coalesce(renamed.name, copied.page)" if key == "page" else key for key in HOURLY.keys
)
_BOUNDS = [bindparam("first", type_=HOUR), bindparam("end", type_=HOUR)]


class SqlHistory(History):
    """On PostgreSQL and SQLite. `engine` must not time long statements out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._layout = layout_of(engine)

    async def horizon(self) -> Hour:
        async with database_errors(), self._engine.connect() as connection:
            return await read_horizon(connection)

    async def hours_before(self, end: Hour) -> Sequence[Hour]:
        async with database_errors(), self._engine.connect() as connection:
            return await self._hours_before(connection, end)

    async def _hours_before(self, connection: AsyncConnection, end: Hour) -> Sequence[Hour]:
        first = await read_horizon(connection)
        if (gone := await read_dropped_before(connection)) is not None:
            # Rows of the hours before it went under a horizon that was moved back: of what came
            # since, the log holds more.
            first = max(first, gone)
        found = await connection.execute(
            select(hourly_views.c.view_hour)
            .where(
                hourly_views.c.generation == LIVE,
                hourly_views.c.view_hour >= first,
                hourly_views.c.view_hour < end,
            )
            .distinct()
            .order_by(hourly_views.c.view_hour)
        )
        return [Hour(hour) for hour in found.scalars()]

    @again
    async def carry_over(self, epoch: Epoch, info: GenerationInfo) -> int:
        before = info.carried_before
        hours = [] if before is None else await self.hours_before(before)
        while True:
            await self._layout.prepare(info.generation, hours, loading=True)
            # Rows and the checkpoints they belong to, from one moment.
            async with snapshot(self._engine) as connection:
                known, hours = (
                    hours,
                    [] if before is None else await self._hours_before(connection, before),
                )
                if not set(hours) <= set(known):
                    # The live fold has met an hour since, whose table may be missing.
                    continue
                views = await self._copy(connection, epoch, info.generation, hours)
                await connection.commit()
                return views

    async def _copy(
        self,
        connection: AsyncConnection,
        epoch: Epoch,
        generation: Generation,
        hours: Sequence[Hour],
    ) -> int:
        live = Generation((await connection.execute(select(LIVE))).scalar_one())
        views = await self._views(connection, live, hours)
        lists = await _lists(connection, live, generation, views)
        marked = await connection.execute(
            update(generations)
            .where(
                generations.c.generation == generation,
                generations.c.state == "loading",
                generations.c.carried_views == NOT_CARRIED,
                # Not `fence`, which would keep the lease from being renewed for as long as this
                # takes. Who takes the job over meanwhile finds the mark, and goes on from there.
                select(jobs.c.epoch).where(jobs.c.name == REPLAY).scalar_subquery() == epoch,
            )
            .values(carried_views=views, agent_lists=lists)
            .returning(generations.c.page_rules)
        )
        rules = marked.scalar_one_or_none()
        if rules is None:
            raise Fenced(f"generation {generation}: another process carries its hours over")
        if (since := await read_dropped_before(connection)) is not None:
            await connection.execute(insert(gaps).values(generation=generation, carried_from=since))
        await self._name_pages(connection, PageRules(rules), live, hours)
        known = await read_checkpoints(connection, generation)
        for partition, found in (await read_checkpoints(connection, live)).items():
            if partition not in known:
                # Claimed for the first time since the rebuild began.
                fresh = at_start(generation, partition, epoch=epoch)
                await connection.execute(insert(checkpoints).values(columns_of(fresh)))
            await connection.execute(
                update(checkpoints)
                .where(
                    checkpoints.c.generation == generation,
                    checkpoints.c.partition == partition,
                    checkpoints.c.epoch <= epoch,
                )
                .values(carried_offset=found.next_offset)
            )
        await self._carry_positions(connection, live, generation)
        for target, first, end in await self._layout.targets(connection, generation, hours):
            values = {"generation": generation, "live": live, "first": first, "end": end}
            # A colon in the name of a schema is no parameter.
            target = target.replace(":", r"\:")  # noqa: PLW2901
            copy = text(HOURLY.sql(_COPY, target=target, named=_NAMED)).bindparams(*_BOUNDS)
            await connection.execute(copy, values)
        await connection.exec_driver_sql("DROP TABLE renamed")
        if hours:
            await carry_dimensions(connection, live, generation, hours, PageRules(rules))
        return views

    async def _carry_positions(
        self, connection: AsyncConnection, live: Generation, generation: Generation
    ) -> None:
        """Producers whose last batch is deleted: what they send again is known as before."""
        known, start = producer_positions.alias(), checkpoints.alias()
        deleted = select(
            literal(generation),
            known.c.partition,
            known.c.producer,
            known.c.sequence,
            known.c.log_offset,
            known.c.recent,
        ).where(
            known.c.generation == live,
            start.c.generation == generation,
            start.c.partition == known.c.partition,
            known.c.log_offset < start.c.next_offset,
        )
        columns = ["generation", "partition", "producer", "sequence", "log_offset", "recent"]
        await connection.execute(insert(producer_positions).from_select(columns, deleted))

    async def _name_pages(
        self, connection: AsyncConnection, rules: PageRules, live: Generation, hours: Sequence[Hour]
    ) -> None:
        """The pages that the new generation counts under another name."""
        await connection.exec_driver_sql(_RENAMED)
        if not (rules and hours):
            return
        pages = await connection.execute(
            select(hourly_views.c.page)
            .where(
                hourly_views.c.generation == live,
                hourly_views.c.view_hour <= hours[-1],
            )
            .distinct()
        )
        rows = [
            {"page": page, "name": name}
            for page in pages.scalars()
            if (name := rules.apply(page)) != page
        ]
        if rows:
            await connection.execute(text("INSERT INTO renamed VALUES (:page, :name)"), rows)

    async def _views(
        self, connection: AsyncConnection, live: Generation, hours: Sequence[Hour]
    ) -> int:
        if not hours:
            return 0
        total = await connection.execute(
            select(func.coalesce(func.sum(hourly_views.c.views), 0)).where(
                hourly_views.c.generation == live,
                hourly_views.c.view_hour >= hours[0],
                hourly_views.c.view_hour <= hours[-1],
            )
        )
        return int(total.scalar_one())


async def _lists(
    connection: AsyncConnection, live: Generation, generation: Generation, views: int
) -> str:
    """By which lists the generation is classed: what is copied keeps its classes."""
    found = await connection.execute(select(generations.c.generation, generations.c.agent_lists))
    lists = {row.generation: row.agent_lists for row in found}
    copied = lists_of(lists[live]) if views else []
    return reduce(with_list, copied, str(lists[generation]))
