"""A file that somebody else's program made, where ours is to be."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StoreUnavailable
from rows.database import is_postgresql

_TABLES = text("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")


async def require_no_others(engine: AsyncEngine) -> None:
    """Raises `StoreUnavailable` for a SQLite file with tables that no Footfall made.

    In PostgreSQL others may have tables beside ours.
    """
    if is_postgresql(engine.dialect):
        return
    async with engine.connect() as connection:
        found = set((await connection.execute(_TABLES)).scalars())
    if found and "alembic_version" not in found:
        message = (
            f"{engine.url.database} has tables that are not Footfall's ({', '.join(sorted(found))})"
            ": name another folder with DATA_DIR"
        )
        raise StoreUnavailable(message)
