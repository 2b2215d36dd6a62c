"""The schema the rows are in: whichever `search_path` leads to, and no other of the database."""

from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rows.rollups import HOURLY

_ROWS = f"(SELECT relnamespace FROM pg_class WHERE oid = to_regclass('{HOURLY.table.name}'))"
IN_SCHEMA = f"relnamespace = {_ROWS}"
"""Of `pg_class`: what is in that schema. Another may hold a second installation."""

Placement = Literal["attached", "pending", "loose"]


async def schema_of(connection: AsyncConnection) -> str:
    """Its name, quoted for SQL where that is needed.

    Tables are named with it wherever they are made or dropped: `search_path` may put another
    schema first, or lead on to one that has a table of that name too.
    """
    found = await connection.execute(text(f"SELECT {_ROWS}::regnamespace::text"))
    return str(found.scalar_one())


async def schema_name(connection: AsyncConnection) -> str:
    """The same as it is, for those who quote it themselves."""
    found = await connection.execute(text(f"SELECT nspname FROM pg_namespace WHERE oid = {_ROWS}"))
    return str(found.scalar_one())


async def placement(connection: AsyncConnection, name: str) -> Placement | None:
    """Where the table stands; `pending` means out of sight of new statements. None: nowhere."""
    statement = f"""
        SELECT CASE WHEN inhrelid IS NULL THEN 'loose'
                    WHEN inhdetachpending THEN 'pending' ELSE 'attached' END
        FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
        WHERE relname = :name AND {IN_SCHEMA}
    """
    found: Placement | None = (
        await connection.execute(text(statement), {"name": name})
    ).scalar_one_or_none()
    return found


async def attached(connection: AsyncConnection, name: str) -> bool:
    """Is the table a partition of another?"""
    statement = f"SELECT relispartition FROM pg_class WHERE relname = :name AND {IN_SCHEMA}"
    return bool((await connection.execute(text(statement), {"name": name})).scalar_one())


async def exists(connection: AsyncConnection, name: str) -> bool:
    """Is there such a table?"""
    # Not to_regclass: it may answer from a cache filled before the lock was ours.
    statement = f"SELECT count(*) FROM pg_class WHERE relname = :name AND {IN_SCHEMA}"
    return bool((await connection.execute(text(statement), {"name": name})).scalar_one())
