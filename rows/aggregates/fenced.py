"""Transactions that only whoever has the job may commit, and only for a generation that stays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.aggregates import Turn
from domain.errors import Fenced
from rows.database import is_postgresql, transaction
from rows.engine import PAUSE_MS
from rows.jobs import REPLAY, fence
from rows.tables import generations

# Sums by page are hashed in memory; a plan for any month is a bad one for most. And flushes wait
# for days that are locked: not for a process that froze.
_TUNED = text(
    "SELECT set_config('work_mem', '64MB', true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), "
    f"set_config('idle_in_transaction_session_timeout', '{PAUSE_MS}', true)"
)


@asynccontextmanager
async def writing(engine: AsyncEngine, turn: Turn) -> AsyncIterator[AsyncConnection]:
    """Raises `Fenced`. A promotion, and so a drop, waits until it is committed."""
    async with transaction(engine) as connection:
        await fence(connection, turn.job, turn.epoch)
        # Not a lock on what changes all the time: how complete a generation is, what expired.
        found = await connection.execute(
            select(generations.c.state)
            .where(generations.c.generation == turn.generation)
            .with_for_update(read=True, key_share=True)
        )
        # A rebuild adds up what it is about to promote, everybody else what is live.
        wanted = "catching-up" if turn.job == REPLAY else "live"
        if (state := found.scalar_one_or_none()) != wanted:
            raise Fenced(f"generation {turn.generation} is {state}, not {wanted} (any more)")
        if is_postgresql(connection.dialect):
            await connection.execute(_TUNED)
        yield connection
