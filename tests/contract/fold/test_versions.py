"""Projectors of several versions side by side: who cannot fold any more holds nothing up."""

from time import monotonic

import pytest
from sqlalchemy import text

from domain.errors import Outdated
from domain.version import VERSION
from rows.database import transaction
from rows.engine import open_engine
from rows.revision import REVISION
from tests.contract.fold.site import (
    NUMBER,
    SHORT_MS,
    Database,
    SqlDatabase,
    all_partitions,
    settle,
    until,
)


async def test_everybody_says_a_version_but_those_of_before(database: Database) -> None:
    new, old = database.projector(), database.projector(version=None)
    await new.tick()
    await old.tick()
    assert (await new.ownership()).versions == {new.owner: VERSION, old.owner: None}
    await new.leave()
    assert (await old.ownership()).versions == {old.owner: None}


async def test_what_an_old_one_holds_and_cannot_claim_is_taken_from_it(database: Database) -> None:
    old, new = database.projector(version=None), database.projector(SHORT_MS)
    assert set(await old.tick()) == all_partitions()
    await until(lambda: len(new.held) == NUMBER, new)
    assert await old.tick() == {}
    # It lives, and is given nothing again.
    assert await new.surplus() is None
    assert old.owner in (await new.ownership()).projectors
    assert set(await new.tick()) == all_partitions()


async def test_an_old_one_that_claims_keeps_its_share(database: Database) -> None:
    # Claims take their time on a busy machine, and the other must not lose its leases meanwhile.
    lease_ms = 4_000
    old, new = database.projector(version=None), database.projector(lease_ms)
    old.claims = database
    await old.tick()
    assert await new.tick() == {}
    await settle(old, new)
    kept, patience_is_over = dict(old.held), monotonic() + 0.75 * lease_ms / 1_000
    await until(lambda: monotonic() > patience_is_over, new)
    assert await old.tick() == kept


async def test_one_that_says_its_version_is_never_relieved(database: Database) -> None:
    slow, new = database.projector(), database.projector(SHORT_MS)
    held = dict(await slow.tick())
    ticks: list[int] = []

    def ticked_often() -> bool:
        ticks.append(1)
        return len(ticks) > 20

    await until(ticked_often, new)
    assert await slow.tick() == held


async def at(database: SqlDatabase, revision: str, oldest: str | None) -> None:
    """A newer Footfall migrates; `oldest` is what it says about who may go on."""
    engine = open_engine(database.url)
    async with transaction(engine) as connection:
        await connection.execute(
            text("UPDATE alembic_version SET version_num = :r"), {"r": revision}
        )
        if oldest:
            await connection.execute(
                text("INSERT INTO compatibility (revision, oldest) VALUES (:r, :o)"),
                {"r": revision, "o": oldest},
            )
    await engine.dispose()


@pytest.mark.parametrize("oldest", [None, "rows_9998"])
async def test_nothing_is_renewed_on_tables_that_are_not_understood(
    database: Database, oldest: str | None
) -> None:
    if not isinstance(database, SqlDatabase):
        return
    one = database.projector()
    await one.tick()
    before = await database.expires_ms(one.owner)
    await at(database, "rows_9999", oldest)
    with pytest.raises(Outdated, match=r"rows_9999.*upgrade Footfall"):
        await one.tick()
    assert await database.expires_ms(one.owner) == before
    # It can give back what it has.
    await one.leave()
    assert await database.expires_ms(one.owner) == []


async def test_a_migration_that_only_expands_lets_everybody_go_on(database: Database) -> None:
    if not isinstance(database, SqlDatabase):
        return
    one = database.projector()
    held = dict(await one.tick())
    await at(database, "rows_9999", REVISION)
    assert await one.tick() == held
