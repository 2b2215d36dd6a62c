"""Connections to PostgreSQL that others have a say in: a DBA's limits, a server that changed."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from rows.refusals import READ_ONLY

# What the program relies on, whatever is set for its role or database: these come after.
ISOLATION = {"default_transaction_isolation": "read committed"}
# Its own limits are the client's; whoever waits for a lock waits for one of ours.
NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0"}
# Not known to every version, and an older one would refuse the connection. The connections of a
# pool are idle now and then.
_SINCE = {"idle_session_timeout": 14, "transaction_timeout": 17}


def adapt(engine: AsyncEngine) -> None:
    """Look after the connections of `engine`."""
    pool, sync = engine.sync_engine.pool, engine.sync_engine

    @event.listens_for(pool, "connect")
    def connect(connection: Any, _: object) -> None:
        driver = connection.driver_connection
        version = driver.get_server_version().major
        known = [name for name, since in _SINCE.items() if version >= since]
        if driver.settings_in_transactions:
            each = dict.fromkeys(known, "0")
            driver.settings_in_transactions = {**each, **driver.settings_in_transactions}
        elif known:
            statements = "; ".join(f"SET {name} = 0" for name in known)
            connection.run_async(lambda driver: driver.execute(statements))

    @event.listens_for(pool, "checkout")
    def checkout(connection: Any, _: object, __: object) -> None:
        # Ended by the server while nobody used it, by a restart or a failover.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    @event.listens_for(sync, "handle_error")
    def handle_error(context: ExceptionContext) -> None:
        # A former primary, or one that is no primary yet: whoever connects anew is led, by a name,
        # a proxy or the list of hosts, to the one that takes writes.
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True
