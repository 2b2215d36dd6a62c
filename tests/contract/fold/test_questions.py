"""What a projector only asks does not queue with those who write: leases would end meanwhile."""

import asyncio

import pytest
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.events import Epoch, Partition
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from tests.contract.fold.site import Database, SqlDatabase

# Who queues in SQLite waits thirty.
_SECONDS = 5
DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.mark.parametrize("database", DATABASES, indirect=True)
async def test_it_is_answered_while_somebody_writes(database: Database) -> None:
    assert isinstance(database, SqlDatabase)
    one = database.projector()
    await one.tick()
    await database.has_checkpoint(0, 1)
    writing, asking = open_engine(database.url), open_engine(database.url)
    async with writing.begin() as writer:
        await writer.execute(text("UPDATE generations SET state = state"))
        async with asyncio.timeout(_SECONDS):
            assert await one.surplus() is None
            assert len((await one.ownership()).owners) == 10
            found = await SqlProjectionStore(asking, now_ms).live_checkpoints()
    assert found[Partition(0)].epoch == Epoch(1)
    await writing.dispose()
    await asking.dispose()
