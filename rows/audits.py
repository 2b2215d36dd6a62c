"""The last results of audits, for whoever watches."""

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import Generation
from domain.ports.common import Clock
from domain.ports.rebuild import Audits
from rows.conflicts import again
from rows.database import insert_into, transaction
from rows.tables import audits


class SqlAudits(Audits):
    """On PostgreSQL and SQLite."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    @again
    async def save(self, generation: Generation, kind: str, difference: int) -> None:
        values = {"checked_ms": self._clock(), "difference": difference}
        statement = insert_into(self._engine, audits).values(
            generation=generation, kind=kind, **values
        )
        async with transaction(self._engine) as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["generation", "kind"], set_=values)
            )
