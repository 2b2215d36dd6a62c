"""Audits of the rows, and their last results for whoever watches."""

from collections.abc import Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import Generation
from domain.generations import Audit
from domain.ports import Audits, Clock, Comparison, Generations
from migrations.database import transaction
from migrations.tables import audits


class SqlAudits(Audits):
    """On PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    async def save(self, generation: Generation, kind: str, difference: int) -> None:
        values = {"checked_ms": self._clock(), "difference": difference}
        statement = self._insert(audits).values(generation=generation, kind=kind, **values)
        async with transaction(self._engine) as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["generation", "kind"], set_=values)
            )


async def audit_all(
    generations: Generations, comparison: Comparison, audits: Audits
) -> Sequence[Audit]:
    """Each generation that is whole: its rows against its totals. Results are saved."""
    whole = await _whole(generations)
    found = [await comparison.audit(generation) for generation in whole]
    # One that was dropped meanwhile had lost its rows before its checkpoints.
    still = await _whole(generations)
    kept = [audit for audit in found if audit.generation in still]
    for audit in kept:
        await audits.save(audit.generation, "totals", audit.difference)
    return kept


async def _whole(generations: Generations) -> list[Generation]:
    states = ("catching-up", "live", "previous")
    return [info.generation for info in await generations.all() if info.state in states]
