"""What statements of this process wait for in PostgreSQL, as another connection of it sees it."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.waits import Wait

SYNC_REP = "SyncRep"

# Whoever goes by this process's name, who holds what they wait for, and so on to the first.
_CHAIN = text(
    """
    WITH RECURSIVE chain(pid, mine) AS (
        SELECT pid, true FROM pg_stat_activity
        WHERE application_name = current_setting('application_name')
          AND datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
        UNION
        SELECT unnest(pg_blocking_pids(pid)), false FROM chain
    )
    SELECT pid, bool_or(mine) AS mine, application_name, usename, state,
           wait_event_type AS kind, wait_event AS event,
           cardinality(pg_blocking_pids(pid)) > 0 AS blocked
    FROM chain JOIN pg_stat_activity USING (pid)
    GROUP BY pid, application_name, usename, state, kind, event
    ORDER BY pid
    """
)
_STANDBYS = text(
    """
    SELECT current_setting('synchronous_standby_names') AS wanted,
           array(SELECT application_name FROM pg_stat_replication ORDER BY 1) AS connected
    """
)


async def wait_of(connection: AsyncConnection) -> Wait:
    """What those sessions wait for whose name is that of `connection`'s."""
    chain = (await connection.execute(_CHAIN)).all()
    # A lock is held until whoever has it is let commit.
    if any(session.event == SYNC_REP for session in chain):
        standbys = (await connection.execute(_STANDBYS)).one()
        return _standby(standbys.wanted, standbys.connected)
    holders = [one for one in chain if not one.mine and not one.blocked]
    if holders:
        return _lock(holders)
    waits = [f"{one.kind}: {one.event}" for one in chain if one.mine and one.event]
    if any(one.kind == "Client" for one in chain if one.mine):
        return Wait("it waits for this process: the machine or the way there is slow")
    if any(one.kind == "IO" for one in chain if one.mine):
        return Wait(f"it waits for its disk ({'; '.join(waits)})")
    if waits:
        return Wait(f"it waits for {'; '.join(waits)} (PostgreSQL's list of wait events)")
    if chain:
        return Wait("it is still at work on that, and waits for nothing")
    return Wait("it has nothing of this process under way: the machine or the way there is slow")


def _standby(wanted: str, connected: Sequence[str]) -> Wait:
    names = ", ".join(connected) or "none"
    return Wait(
        "every commit waits for a synchronous standby",
        f": synchronous_standby_names is {wanted or 'empty by now'}, standbys connected: {names}: "
        "start one that is named there (or see why it does not confirm); or go on without one: "
        "ALTER SYSTEM SET synchronous_standby_names = '', SELECT pg_reload_conf()",
    )


def _lock(holders: Sequence[Any]) -> Wait:
    return Wait("it waits for a lock", f" that is held by {', '.join(_holders(holders))}")


def _holders(holders: Sequence[Any]) -> Iterator[str]:
    for one in holders:
        name = one.application_name or "a session without a name"
        state = f", {one.state}" if one.state else ""
        yield (
            f"{name} (role {one.usename}, pid {one.pid}{state}: "
            f"SELECT pg_terminate_backend({one.pid}) ends it)"
        )
