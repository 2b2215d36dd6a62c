"""The facts behind the metrics and the state, from PostgreSQL or SQLite."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Partition
from domain.ownership import Trouble
from domain.page_rules import PageRules
from domain.ports.live import Naming
from domain.reports import AuditResult, Facts
from domain.stats.state import State
from rows.checkpoints import read_checkpoint
from rows.database import clock_ms, database_errors, snapshot
from rows.fold.dead_letters import read_counts
from rows.fold.troubles import read_troubles
from rows.live import IS_LIVE, LIVE, OF_PAGES, read_horizon
from rows.stats.state import read_state
from rows.tables import audits, checkpoints, clock, generations, leases
from rows.turns import Turns


class SqlMetricsReader:
    """Small tables only: cheap enough for every scrape."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._telling, self._judging, self._showing = Turns(1), Turns(1), Turns(1)

    async def troubles(self) -> Mapping[Partition, Trouble]:
        """What keeps partitions from being folded now. Raises `StoreUnavailable`."""
        async with self._judging.taken(), database_errors(), self._engine.connect() as connection:
            return await read_troubles(connection, clock_ms(self._engine.dialect))

    async def naming(self) -> Naming:
        """By which rules pages are named now, and which partitions there are.

        Raises `StoreUnavailable`.
        """
        async with self._judging.taken(), database_errors(), self._engine.connect() as connection:
            found = await connection.execute(select(generations.c.page_rules).where(IS_LIVE))
            rules = found.scalar_one_or_none()
            known = await connection.execute(select(leases.c.partition).where(OF_PAGES))
            partitions = sorted(Partition(number) for number in known.scalars())
        if rules is None:
            raise StoreUnavailable("no generation is live: run footfall migrate")
        return Naming(PageRules(rules), partitions)

    async def facts(self) -> Facts:
        """Raises `StoreUnavailable`."""
        async with self._telling.taken(), database_errors(), self._engine.connect() as connection:
            return await read_facts(connection)

    async def state(self) -> State:
        """The same and more, of one snapshot. Raises `StoreUnavailable`."""
        async with self._showing.taken(), snapshot(self._engine) as connection:
            return await read_state(connection, await read_facts(connection))


async def read_facts(connection: AsyncConnection) -> Facts:
    """From small tables, as `connection` sees them."""
    one = await connection.execute(
        select(
            LIVE,
            select(clock.c.ahead_ms).scalar_subquery(),
        )
    )
    generation, ahead_ms = one.one()
    letters = await read_counts(connection)
    folded = await connection.execute(
        select(checkpoints)
        .where(checkpoints.c.generation == generation)
        .order_by(checkpoints.c.partition)
    )
    rows = folded.all()
    results = await connection.execute(select(audits).order_by(audits.c.generation, audits.c.kind))
    return Facts(
        generation=generation,
        horizon_hour=await read_horizon(connection),
        dead_letters=letters.letters,
        checkpoints=[read_checkpoint(row) for row in rows],
        audits=[AuditResult(**row._asdict()) for row in results],
        troubles=await read_troubles(connection, clock_ms(connection.dialect)),
        clock_ahead_ms=ahead_ms or 0,
        letters=letters,
        other_pages=sum(row.other_pages for row in rows),
        other_values=sum(row.other_values for row in rows),
    )
