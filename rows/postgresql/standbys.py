"""Who follows the server that is written to, as far as the role may see it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.standbys import Standby, Standbys

_SETTINGS = text(
    """
    SELECT quote_ident(current_user::text) AS role,
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees,
           current_setting('synchronous_standby_names') AS wanted,
           current_setting('synchronous_commit') AS waits
    """
)
# What is copying the server is none yet.
_CONNECTED = text(
    """
    SELECT application_name AS name, sync_state FROM pg_stat_replication
    WHERE state IS DISTINCT FROM 'backup' AND state IS DISTINCT FROM 'startup'
    ORDER BY application_name, pid
    """
)


async def read_standbys(connection: AsyncConnection) -> Standbys:
    """Of the server of `connection`."""
    settings = (await connection.execute(_SETTINGS)).one()
    found = await connection.execute(_CONNECTED)
    return Standbys(
        role=settings.role,
        sees=settings.sees,
        wanted=settings.wanted,
        waits=settings.waits,
        connected=[Standby(row.name or "one without a name", row.sync_state) for row in found],
    )
