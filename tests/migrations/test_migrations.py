"""The migrations and `rows/tables.py` say the same, however often and wherever they run."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Connection, DefaultClause, MetaData, Table, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from cli.wiring.versions import require_migrated
from domain.database_files import file_url
from domain.errors import FootfallError
from domain.events import Epoch, Partition
from domain.hours import hour_of, to_datetime
from domain.projection import project
from domain.settings import Settings
from migrations.history import Branch, newest
from migrations.upgrade import current, upgrade
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.tables import metadata
from tests.conftest import embedded
from tests.factories import HOUR_MS, TEN, entry, event

AT_ONCE = 6


class Column(NamedTuple):
    type: str
    nullable: bool
    in_primary_key: bool
    default: str | None


async def reflected(engine: AsyncEngine) -> MetaData:
    found = MetaData()
    async with engine.connect() as connection:
        await connection.run_sync(found.reflect)
    return found


async def names(engine: AsyncEngine) -> set[str]:
    def read(connection: Connection) -> set[str]:
        inspector = inspect(connection)
        return {*inspector.get_table_names(), *inspector.get_view_names()}

    async with engine.connect() as connection:
        return await connection.run_sync(read)


# In PostgreSQL the generation is the same in all of a table, so what differs comes first.
KEYS = {("postgresql", "hourly_views"): ["page", "view_hour", "shard", "generation"]}


def key_of(table: Table) -> list[str]:
    """The columns of the primary key, in order."""
    return [column.name for column in table.primary_key]


def _default_of(column: SqlColumn[Any]) -> str | None:
    """As it is written; PostgreSQL gives it back with its type."""
    found = column.server_default
    if not isinstance(found, DefaultClause):
        return None if found is None else type(found).__name__
    return str(found.arg).partition("::")[0].strip("'")


def columns(table: Table, engine: AsyncEngine) -> dict[str, Column]:
    """What a table looks like to the database."""
    return {
        column.name: Column(
            column.type.compile(engine.dialect),
            bool(column.nullable),
            column.primary_key,
            _default_of(column),
        )
        for column in table.columns
    }


async def upgrade_alone(url: str, branch: Branch = "rows") -> str:
    """As a process of its own does."""
    engine = open_engine(url)
    try:
        return await upgrade(engine, branch)
    finally:
        await engine.dispose()


async def run(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
async def test_the_tables_are_those_the_code_knows(engine: AsyncEngine, table: Table) -> None:
    await upgrade(engine)
    found = (await reflected(engine)).tables[table.name]
    assert columns(found, engine) == columns(table, engine)
    assert key_of(found) == KEYS.get((engine.dialect.name, table.name), key_of(table))


async def test_there_are_no_other_tables(engine: AsyncEngine) -> None:
    await upgrade(engine)
    known = {*metadata.tables, "alembic_version", "page_views"}
    # The table of the first generation, which the months are attached to.
    partitions = {"hourly_views_g1"} if engine.dialect.name == "postgresql" else set()
    assert await names(engine) == known | partitions


async def test_one_generation_is_live_and_there_is_never_a_second(engine: AsyncEngine) -> None:
    await upgrade(engine)
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT generation, state FROM generations"))
        assert [tuple(row) for row in found] == [(1, "live")]
    await run(
        engine,
        "INSERT INTO generations VALUES (2, 'loading', 'replay', 0, '', NULL, 0,0,0,0, '', 0,0), "
        "(3, 'loading', 'replay', 0, '', NULL, 0,0,0,0, '', 0,0)",
    )
    with pytest.raises(IntegrityError):
        await run(engine, "UPDATE generations SET state = 'live' WHERE generation = 2")


async def test_an_upgrade_of_the_newest_version_does_nothing(engine: AsyncEngine) -> None:
    assert await current(engine) is None
    assert await upgrade(engine) == newest()
    await run(engine, "INSERT INTO projectors VALUES ('kept', 1)")
    before = await names(engine)
    assert await upgrade(engine) == newest()
    assert await current(engine) == newest()
    assert await names(engine) == before
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT owner FROM projectors"))
        assert list(found.scalars()) == ["kept"]


@pytest.mark.parametrize("attempt", range(3))
async def test_many_may_upgrade_at_once(url: str, engine: AsyncEngine, attempt: int) -> None:
    results = await asyncio.gather(*(upgrade_alone(url) for _ in range(AT_ONCE)))
    assert results == [newest()] * AT_ONCE
    assert await current(engine) == newest()
    assert set(metadata.tables) < await names(engine)


async def test_processes_may_create_the_embedded_files_at_once(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    environment = {"DATA_DIR": str(settings.data_dir), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "cli", "migrate"]
    processes = [
        await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)
        for _ in range(AT_ONCE)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    expected = f"rows: {newest()}\nlog: {newest('log')}\npartitions: 10\n".encode()
    assert outputs == [(expected, b"")] * AT_ONCE
    assert [process.returncode for process in processes] == [0] * AT_ONCE
    await require_migrated(settings)


async def test_rows_and_log_are_branches_of_their_own(tmp_path: Path) -> None:
    known = {
        "rows": {*metadata.tables, "page_views"},
        "log": {"log_entries", "log_ends", "compatibility"},
    }
    for branch in get_args(Branch):
        engine = open_engine(file_url(tmp_path / branch))
        assert await upgrade(engine, branch) == newest(branch)
        assert await current(engine) == newest(branch)
        assert await names(engine) == known[branch] | {"alembic_version"}
        await engine.dispose()
    assert newest("rows") != newest("log")


async def test_the_embedded_log_numbers_each_partition_by_itself(tmp_path: Path) -> None:
    engine = open_engine(file_url(tmp_path / "log"))
    await upgrade(engine, "log")
    found = (await reflected(engine)).tables
    keys = {name: [column.name for column in found[name].primary_key] for name in found}
    assert keys["log_entries"] == ["partition", "log_offset"]
    assert keys["log_ends"] == ["partition"]
    await engine.dispose()


@pytest.fixture
async def newer(url: str, engine: AsyncEngine, tmp_path: Path) -> Settings:
    """Settings of a database that a later Footfall has upgraded."""
    await upgrade(engine)
    await run(engine, "UPDATE alembic_version SET version_num = 'rows_9999'")
    return replace(embedded(tmp_path), database_url=url)


async def test_a_newer_database_is_not_used(newer: Settings) -> None:
    with pytest.raises(FootfallError, match="rows_9999"):
        await require_migrated(newer)


async def test_a_newer_database_is_not_migrated(newer: Settings, engine: AsyncEngine) -> None:
    before = await names(engine)
    with pytest.raises(FootfallError, match="rows_9999"):
        await migrate(newer)
    assert await current(engine) == "rows_9999"
    assert await names(engine) == before


async def test_the_view_shows_the_live_generation_summed_over_shards(engine: AsyncEngine) -> None:
    await upgrade(engine)
    store = SqlProjectionStore(engine, now_ms)
    checkpoint = (await store.claim(Partition(0), Epoch(1))).checkpoint
    later = event("other", TEN + HOUR_MS, 4)
    entries = [entry(0, event("p", count=2)), entry(1, event("p", count=3), later, shard=1)]
    await store.apply(checkpoint, project(entries))
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT * FROM page_views ORDER BY page"))
        assert list(found.keys()) == ["page", "view_hour", "views"]
        rows = [(page, datetime.fromisoformat(str(hour)), views) for page, hour, views in found]
    ten = to_datetime(hour_of(TEN))
    assert rows == [("other", ten + timedelta(hours=1), 4), ("p", ten, 5)]
    # Nothing of another generation is seen.
    await run(
        engine,
        "INSERT INTO generations VALUES (2, 'loading', 'replay', 0, '', NULL, 0,0,0,0, '', 0,0)",
        "UPDATE generations SET state = 'previous' WHERE generation = 1",
        "UPDATE generations SET state = 'live' WHERE generation = 2",
    )
    async with engine.connect() as connection:
        assert not list(await connection.execute(text("SELECT * FROM page_views")))
