"""What the database waits for while it gives this process no answer, and whether it commits."""

import asyncio
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StoreRefused, StoreUnavailable
from domain.ports.waits import Waits
from domain.waits import Wait, not_committed
from rows.database import database_errors, is_postgresql, transaction
from rows.postgresql.waits import wait_of

_ASK_SECONDS = 2.0
# To take back what was given up: it is cancelled in the server.
_END_SECONDS = 3.0

# Of all that is committed the least: it leaves nothing in any table, needs no right, and waits for
# whatever a commit of rows waits for. A transaction that writes nothing waits for nobody.
_MARK = text("SELECT pg_logical_emit_message(true, 'footfall', 'check')")


class SqlWaits(Waits):
    """Asked over a connection of its own, `engine`'s, under the name of those that wait."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def look(self) -> Wait:
        if not is_postgresql(self._engine.dialect):
            return Wait("another process writes to its file, or its disk is slow")
        try:
            async with (
                asyncio.timeout(_ASK_SECONDS),
                database_errors(),
                self._engine.connect() as connection,
            ):
                return await wait_of(connection)
        except (StoreUnavailable, TimeoutError) as error:
            more = f" ({error})" if str(error) else ""
            return Wait("what for cannot be asked, it gives no answer to anybody", more)


async def require_commits(engine: AsyncEngine, waits: Waits, seconds: float) -> None:
    """Raises `StoreUnavailable` where PostgreSQL has not committed the least there is in time.

    It says what the database waits for. What was tried is cancelled there, and done or not. Where
    that may not be tried, or is not known, as in what only speaks like PostgreSQL, nothing is said.
    """
    if not is_postgresql(engine.dialect):
        return
    trying = asyncio.create_task(_commit(engine))
    try:
        done, _ = await asyncio.wait({trying}, timeout=seconds)
        if not done:
            raise not_committed(seconds, await waits.look())
        trying.result()
    finally:
        trying.cancel()
        done, _ = await asyncio.wait({trying}, timeout=_END_SECONDS)
        if done and not trying.cancelled():
            # What it failed with meanwhile is no news.
            trying.exception()


async def _commit(engine: AsyncEngine) -> None:
    with suppress(StoreRefused):
        async with transaction(engine) as connection:
            await connection.execute(_MARK)
