"""What an earlier release made becomes what this one creates, and keeps what it holds."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.database_files import file_url
from domain.errors import StoreUnavailable
from domain.events import Generation
from domain.hours import hour_of
from migrations.history import newest
from migrations.upgrade import _config, current, upgrade
from rows.engine import open_engine
from rows.postgresql.making import MonthPartitions
from tests.conftest import postgres_database
from tests.migrations.catalog import catalog
from tests.migrations.released import restore_rows


def _to_the_first(connection: Connection) -> None:
    config = _config("rows")
    config.attributes["connection"] = connection
    command.upgrade(config, "rows_0001")


MONTHS = (
    "CREATE TABLE hourly_views_g1_2026_07 (LIKE hourly_views_g1 INCLUDING DEFAULTS)",
    "ALTER TABLE hourly_views_g1_2026_07 ADD PRIMARY KEY (generation, page, view_hour, shard)",
    "ALTER TABLE hourly_views_g1 ATTACH PARTITION hourly_views_g1_2026_07 "
    "FOR VALUES FROM ('2026-07-01T00:00:00+00:00') TO ('2026-08-01T00:00:00+00:00')",
)
CONTENT = (
    "INSERT INTO checkpoints VALUES (1, 0, 17, 3, 20, 30, 1700000000000)",
    "INSERT INTO checkpoints VALUES (1, 1, 0, 3, 0, 0, 0)",
    "INSERT INTO producer_positions VALUES (1, 0, 'aa', 9, 1700000000000)",
    "INSERT INTO dead_letters VALUES (1, 0, 3, 'no batch', '\\x00', 5)",
    "INSERT INTO leases VALUES (0, 'somebody', 3, 0)",
)


async def made_by_0_1_0(engine: AsyncEngine) -> None:
    """With something in every table."""
    async with engine.begin() as connection:
        await connection.run_sync(_to_the_first)
        hour = "495700"
        if engine.dialect.name == "postgresql":
            hour = "timestamptz '2026-07-20 04:00:00+00'"
            for statement in MONTHS:
                await connection.execute(text(statement))
        row = f"INSERT INTO hourly_views VALUES (1, 'p', {hour}, 2, 30)"
        for statement in (*CONTENT, row):
            await connection.exec_driver_sql(statement)


async def rows_of(engine: AsyncEngine, statement: str) -> Sequence[tuple[object, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def test_what_0_1_0_made_holds_what_it_held(engine: AsyncEngine) -> None:
    await made_by_0_1_0(engine)
    view = await rows_of(engine, "SELECT * FROM page_views")
    assert await upgrade(engine) == newest()
    assert await current(engine) == newest()
    assert await rows_of(engine, "SELECT * FROM page_views") == view != []
    found = await rows_of(
        engine,
        "SELECT generation, state, purpose, created_ms, page_rules, carried_before, carried_views, "
        "expired_views, kept_until_ms FROM generations",
    )
    assert found == [(1, "live", "first", 0, "", None, 0, 0, 0)]
    found = await rows_of(
        engine,
        "SELECT next_offset, epoch, events, views, recorded_ms, carried_offset FROM checkpoints "
        "WHERE generation = 1 ORDER BY partition",
    )
    assert found == [(17, 3, 20, 30, 1700000000000, 0), (0, 3, 0, 0, 0, 0)]
    # A position is known to stand no later than the last entry that was folded.
    found = await rows_of(engine, "SELECT producer, sequence, log_offset FROM producer_positions")
    assert found == [("aa", 9, 16)]
    assert await rows_of(engine, "SELECT reason FROM dead_letters") == [("no batch",)]
    assert await rows_of(engine, "SELECT epoch FROM leases") == [(3,)]
    assert await rows_of(engine, "SELECT id, horizon FROM retention") == [(1, -20000000)]


@pytest.fixture
async def from_0_2_0(url: str, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """What 0.2.0 itself made."""
    if url.startswith("sqlite"):
        own = file_url(tmp_path / "made-by-0.2.0.sqlite3")
        await restore_rows("0.2.0", own)
        found = open_engine(own)
        yield found
        await found.dispose()
        return
    async with postgres_database() as database:
        await restore_rows("0.2.0", database)
        found = open_engine(database)
        yield found
        await found.dispose()


def _without_months(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [row for row in found if "hourly_views_g" not in str(row[:2])]


@pytest.mark.postgres
async def test_months_that_0_1_0_made_are_as_those_made_today(tmp_path: Path) -> None:
    async with postgres_database() as old, postgres_database() as new:
        upgraded, created = open_engine(old), open_engine(new)
        await made_by_0_1_0(upgraded)
        await upgrade(upgraded)
        await upgrade(created)
        july = hour_of(1784520000000)
        await MonthPartitions(created).ensure(Generation(1), [july])
        assert await catalog(upgraded) == await catalog(created)
        await upgraded.dispose()
        await created.dispose()


@pytest.mark.postgres
async def test_who_was_let_read_the_view_still_may(tmp_path: Path) -> None:
    async with postgres_database() as url:
        engine = open_engine(url)
        await made_by_0_1_0(engine)
        async with engine.begin() as connection:
            await connection.execute(text("GRANT SELECT ON page_views TO public"))
            await connection.execute(
                text("GRANT SELECT ON page_views TO pg_monitor WITH GRANT OPTION")
            )
        acl = "SELECT relacl::text FROM pg_class WHERE relname = 'page_views'"
        before = await rows_of(engine, acl)
        await upgrade(engine)
        assert await rows_of(engine, acl) == before
        await engine.dispose()


@pytest.mark.postgres
async def test_what_takes_long_is_said_before_it_begins(caplog: pytest.LogCaptureFixture) -> None:
    async with postgres_database() as url:
        engine = open_engine(url)
        await made_by_0_1_0(engine)
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO hourly_views SELECT 1, 'page ' || n, "
                    "'2026-07-20 04:00:00+00', 0, 1 FROM generate_series(1, 20000) AS n"
                )
            )
        await upgrade(engine)
        await engine.dispose()
    assert "1 MB of rows get a new key, and nobody can read or write them meanwhile" in caplog.text


@pytest.mark.postgres
@pytest.mark.parametrize("ours", ["page_views", "hourly_views", "hourly_views_g1_2026_07"])
async def test_a_view_that_somebody_made_on_ours_is_named_and_nothing_is_changed(ours: str) -> None:
    async with postgres_database() as url:
        engine = open_engine(url)
        await made_by_0_1_0(engine)
        async with engine.begin() as connection:
            await connection.execute(text(f"CREATE VIEW mine AS SELECT page FROM {ours}"))
        before = await catalog(engine)
        with pytest.raises(StoreUnavailable, match="and mine was made on them: drop that"):
            await upgrade(engine)
        assert await catalog(engine) == before
        assert await current(engine) == "rows_0001"
        await engine.dispose()


async def test_what_0_1_0_made_becomes_what_0_2_0_made(
    engine: AsyncEngine, from_0_2_0: AsyncEngine
) -> None:
    await made_by_0_1_0(engine)
    await upgrade(engine)
    await upgrade(from_0_2_0)
    assert _without_months(await catalog(engine)) == _without_months(await catalog(from_0_2_0))
