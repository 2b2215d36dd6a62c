"""Whether the rows can be trusted, from their small tables."""

from sqlalchemy import not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import StoreUnavailable
from domain.events import Partition
from domain.generations import BUILDING
from domain.reports import Facts
from domain.stats.state import Building, State, built, partition_states
from rows.checkpoints import read_checkpoints
from rows.database import clock_ms, over
from rows.live import IS_LIVE, OF_PAGES
from rows.rebuild.generations import read_generations
from rows.reports.watermark import now_ms, read_watermark
from rows.tables import generations, leases

_WATERMARK = select(
    generations.c.generation, generations.c.complete_ms, now_ms().label("now_ms")
).where(IS_LIVE)


async def read_state(connection: AsyncConnection, facts: Facts) -> State:
    """What `connection` sees beside the facts, which are of the same snapshot."""
    live = (await connection.execute(_WATERMARK)).one_or_none()
    if live is None:
        raise StoreUnavailable("no generation is live: run footfall migrate")
    watermark = read_watermark(live)
    alive = not_(over(leases.c.expires_ms, clock_ms(connection.dialect)))
    found = await connection.execute(
        select(leases.c.partition, alive.label("alive"), leases.c.owner).where(OF_PAGES)
    )
    held = {Partition(row.partition): bool(row.alive and row.owner) for row in found}
    return State(
        watermark,
        facts,
        partition_states(facts, held, watermark.now_ms),
        await _building(connection, facts),
    )


async def _building(connection: AsyncConnection, facts: Facts) -> Building | None:
    for info in await read_generations(connection):
        if info.state in BUILDING:
            new = await read_checkpoints(connection, info.generation)
            return built(info, new.values(), facts.checkpoints)
    return None
