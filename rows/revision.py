"""Which version of the tables this code describes, and whether a newer one will do."""

from sqlalchemy import column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outdated
from rows.tables import compatibility

REVISION = "rows_0012"
"""The migration that `rows/tables.py` describes: the newest."""

_FAMILY = "rows_"
_version = table("alembic_version", column("version_num"))


async def require_understood(connection: AsyncConnection) -> None:
    """Raises `Outdated` when a newer Footfall has migrated past what this one understands.

    A migration that only expands says so in `compatibility`; what says nothing is not guessed at.
    """
    found = (await connection.execute(select(_version.c.version_num))).scalar_one_or_none()
    if found is None or (found.startswith(_FAMILY) and found <= REVISION):
        return
    asked = select(compatibility.c.oldest).where(compatibility.c.revision == found)
    oldest = (await connection.execute(asked)).scalar_one_or_none()
    if oldest is None or oldest > REVISION:
        raise Outdated.by(found, REVISION)
