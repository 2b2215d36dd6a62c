"""Which processes are connected to the rows, as the database sees it."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.processes import Process, told
from rows.database import database_errors, is_postgresql

# A name is shown to everybody, whoever is connected.
_SESSIONS = text(
    """
    SELECT application_name, count(*) AS connections
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'footfall%'
      AND application_name <> current_setting('application_name')
    GROUP BY application_name
    ORDER BY application_name
    """
)


class SqlSessions:
    """The sessions of PostgreSQL; nobody knows who has a SQLite file open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self) -> Sequence[Process]:
        """One for each name that sessions go by, but this process's own."""
        if not is_postgresql(self._engine.dialect):
            return []
        async with database_errors(), self._engine.connect() as connection:
            rows = await connection.execute(_SESSIONS)
            found = [told(row.application_name, row.connections) for row in rows]
        return [process for process in found if process is not None]
