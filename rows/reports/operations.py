"""How the service is run, from the small tables of PostgreSQL or SQLite."""

from sqlalchemy import ColumnElement, case, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.calendar import DAY_MS
from domain.checkpoint import Checkpoint
from domain.events import Generation
from domain.operations import NO_DAYS, Days, MonthDays, Operations, days_before
from domain.ports.operations import OperationsReader
from domain.stats.state import State
from rows.aggregates.listing import is_listed
from rows.checkpoints import read_checkpoint
from rows.database import clock_ms, over, snapshot
from rows.fold.ownership import read_ownership
from rows.live import read_known
from rows.rebuild.generations import read_generations
from rows.reports.facts import read_facts
from rows.stats.state import read_state
from rows.tables import checkpoints, jobs, rolled_months
from rows.turns import Turns


class SqlOperationsReader(OperationsReader):
    """One reads at a time. `lease_ms` is for how long a projector tells that it lives."""

    def __init__(self, engine: AsyncEngine, lease_ms: int) -> None:
        self._engine = engine
        self._lease_ms = lease_ms
        self._turns = Turns(1)

    async def operations(self) -> Operations:
        now = clock_ms(self._engine.dialect)
        async with self._turns.taken(), snapshot(self._engine) as connection:
            state = await read_state(connection, await read_facts(connection))
            owned = await read_ownership(connection, now)
            return Operations(
                state=state,
                generations=await read_generations(connection),
                checkpoints=await _checkpoints(connection),
                ownership=owned.ownership,
                heard_ms={name: at - self._lease_ms for name, at in owned.expires_ms.items()},
                jobs=await _jobs(connection, now),
                known=await read_known(connection),
                days=await _days(connection, state),
            )


async def _checkpoints(connection: AsyncConnection) -> dict[Generation, list[Checkpoint]]:
    found = await connection.execute(
        select(checkpoints).order_by(checkpoints.c.generation, checkpoints.c.partition)
    )
    of: dict[Generation, list[Checkpoint]] = {}
    for checkpoint in map(read_checkpoint, found):
        of.setdefault(checkpoint.generation, []).append(checkpoint)
    return of


async def _jobs(connection: AsyncConnection, now: ColumnElement[int]) -> dict[str, str | None]:
    holder = case((not_(over(jobs.c.expires_ms, now)), jobs.c.owner))
    found = await connection.execute(select(jobs.c.name, holder.label("owner")))
    return {row.name: row.owner for row in found}


async def _days(connection: AsyncConnection, state: State) -> Days:
    """Of the generation that is built, where all its days are written down by now.

    One that a rollback builds on had sums before: it is not added up as a whole.
    """
    building = state.building
    if building is None or building.info.purpose == "rollback":
        return NO_DAYS
    generation = building.info.generation
    if not await is_listed(connection, generation):
        return NO_DAYS
    found = await connection.execute(
        select(rolled_months).where(rolled_months.c.generation == generation)
    )
    months = [MonthDays(row.month, row.rolled, row.due | row.building) for row in found]
    return days_before(state.watermark.now_ms // DAY_MS, months)
