"""A process that froze, or vanished, with locks of the database in its hands."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from tests.conftest import postgres_database

NUMBER = 3


@pytest.mark.postgres
async def test_what_a_frozen_process_has_locked_is_free_again() -> None:
    async with postgres_database() as url:
        engine, other = open_engine(url), open_engine(url)
        await upgrade(engine)
        frozen = await engine.connect()
        await frozen.execute(text("LOCK TABLE leases"))
        async with asyncio.timeout(20):
            held = await SqlLeases(other, 60_000).tick("other", NUMBER, draining=False)
        assert len(held) == NUMBER
        with pytest.raises(DBAPIError):
            await frozen.execute(text("SELECT 1"))
        await frozen.close()
        await engine.dispose()
        await other.dispose()
