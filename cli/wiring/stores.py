"""The rows' adapters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.wiring.process import now_ms
from domain.settings import Settings
from rows.engine import engine_at, open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlProjectionStore]:
    """The rows' write side, closed at the end."""
    store = SqlProjectionStore(open_engine(settings.rows_url), now_ms)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_leases(settings: Settings) -> AsyncIterator[SqlLeases]:
    """Who folds what, closed at the end."""
    async with engine_at(settings.rows_url) as engine:
        yield SqlLeases(engine, settings.lease_ms)
