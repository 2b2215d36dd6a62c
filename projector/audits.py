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
    found = []
    for info in await generations.all():
        if info.state in ("catching-up", "live", "previous"):
            audit = await comparison.audit(info.generation)
            await audits.save(info.generation, "totals", audit.difference)
            found.append(audit)
    return found
