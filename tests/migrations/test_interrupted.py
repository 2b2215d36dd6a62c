"""A migration that is killed, held up or run twice at once does its work wholly or not at all."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

import rows.engine
from cli.wiring.migrate import migrate
from domain.errors import StoreUnavailable
from domain.settings import Settings
from migrations import turn
from migrations.history import newest
from migrations.upgrade import _upgrade, silent, upgrade
from rows.engine import open_engine
from tests.acceptance.processes import REPOSITORY, environment, footfall, until
from tests.conftest import embedded, postgres_database
from tests.migrations.catalog import catalog
from tests.migrations.released import expected, restore_rows

OLDEST = "0.1.0"
VIEWS = expected(OLDEST, "embedded")["status"]["views"]
# More than any migration has: a round must come that is not killed.
MANY = 300
# Of the rounds that end after the rows are done: each begins with old ones again.
LATER = 3

Run = Callable[[int], Awaitable[int]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Rows in each database in turn, as the oldest release left them; the log in a file."""
    found = embedded(tmp_path)
    if request.param == "sqlite":
        await restore_rows(OLDEST, found.rows_url)
        yield found
        return
    async with postgres_database() as url:
        found = replace(found, database_url=url)
        await restore_rows(OLDEST, found.rows_url)
        yield found


async def state(settings: Settings) -> tuple[str, int, list[tuple[object, ...]]]:
    """Version, views, tables."""
    engine = open_engine(settings.rows_url)
    async with engine.connect() as connection:
        version = await connection.execute(text("SELECT version_num FROM alembic_version"))
        views = await connection.execute(text("SELECT sum(views) FROM page_views"))
        found = str(version.scalar_one()), int(views.scalar_one())
    tables = await catalog(engine)
    await engine.dispose()
    return *found, tables


@asynccontextmanager
async def killing(settings: Settings) -> AsyncIterator[Run]:
    """Runs `footfall migrate` and kills it before a statement; the exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.migrations.killed",
        cwd=REPOSITORY, env=environment(settings, 0), stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    reader, writer = process.stdout, process.stdin

    async def run(statement: int) -> int:
        writer.write(f"{statement}\n".encode())
        return int(await reader.readline())

    yield run
    writer.close()
    await process.wait()


@pytest.mark.timeout(300)
async def test_killed_before_a_statement_it_is_run_again(settings: Settings) -> None:
    before = await state(settings)
    assert before[:2] == ("rows_0001", VIEWS)
    after, later = None, 0
    async with killing(settings) as run:
        # What lies between is in the same transactions.
        for statement in range(1, MANY, 3):
            if (code := await run(statement)) == 0:
                break
            assert code == -signal.SIGKILL
            found = await state(settings)
            if found != before:
                # That statement came after the rows' commit: what is left of the log's is done.
                assert found[:2] == (newest(), VIEWS)
                assert await run(0) == 0
                after = await state(settings)
                await restore_rows(OLDEST, settings.rows_url)
                if (later := later + 1) == LATER:
                    assert await run(0) == 0
                    break
    assert 20 < statement < MANY - 3
    assert after is not None
    assert await state(settings) == after
    code, out, _ = await footfall(settings, "verify")
    assert code == 0, out


async def test_it_may_be_run_twice_at_once(settings: Settings) -> None:
    done = await asyncio.gather(*(footfall(settings, "migrate") for _ in range(2)))
    assert [(code, out) for code, out, _ in done] == [(0, done[0][1])] * 2
    assert (await state(settings))[:2] == (newest(), VIEWS)
    # One did it; the other found it done.
    said = [line for _, _, err in done for line in err.splitlines() if "upgrading" in line]
    assert said == [f"upgrading the rows from rows_0001 to {newest()}"]


async def test_it_is_said_before_it_begins_what_is_upgraded(settings: Settings) -> None:
    code, out, err = await footfall(settings, "migrate")
    assert (code, out.splitlines()[0]) == (0, f"rows: {newest()}")
    assert err == f"upgrading the rows from rows_0001 to {newest()}\n"


async def test_what_is_in_use_is_named_and_left_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows.engine, "BUSY_TIMEOUT_SECONDS", 0.2)
    before = await state(settings)
    engine = open_engine(settings.rows_url)
    async with engine.begin() as old_projector:
        await old_projector.execute(text("UPDATE checkpoints SET epoch = epoch"))
        other = open_engine(settings.rows_url)
        with pytest.raises(StoreUnavailable, match="run footfall migrate again") as refused:
            await turn.in_turn(
                other, partial(_upgrade, branch="rows", say=silent), silent, wait_seconds=1
            )
        if settings.database_url:
            assert "(footfall " in str(refused.value)
        await other.dispose()
    await engine.dispose()
    assert await state(settings) == before
    await migrate(settings)
    assert (await state(settings))[:2] == (newest(), VIEWS)


@pytest.mark.postgres
async def test_a_projector_that_meets_it_is_not_given_up_for_it(tmp_path: Path) -> None:
    async with postgres_database() as url:
        await restore_rows(OLDEST, url)
        engine, migrating = open_engine(url), open_engine(url)
        async with engine.begin() as reader:
            # In the other order than the migration takes them: each would wait for the other.
            await reader.execute(text("SELECT count(*) FROM hourly_views"))
            upgrading = asyncio.create_task(upgrade(migrating))
            async with engine.connect() as watching:

                async def waits() -> bool:
                    asked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = ("
                    asked += "SELECT oid FROM pg_database WHERE datname = current_database())"
                    return bool((await watching.execute(text(asked))).scalar_one())

                await until(waits, "the migration waiting for the reader")
            await reader.execute(text("SELECT count(*) FROM generations"))
            await reader.execute(text("SELECT count(*) FROM checkpoints"))
        assert await upgrading == newest()
        await engine.dispose()
        await migrating.dispose()


@pytest.mark.postgres
async def test_who_waits_for_another_migration_says_so(tmp_path: Path) -> None:
    async with postgres_database() as url:
        await restore_rows(OLDEST, url)
        engine, migrating = open_engine(url), open_engine(url)
        said: list[str] = []
        async with engine.begin() as other:
            await other.execute(text(f"SELECT pg_advisory_xact_lock({turn.LOCK})"))
            upgrading = asyncio.create_task(upgrade(migrating, say=said.append))

            async def waits() -> bool:
                return bool(said)

            await until(waits, "the migration waiting for the other")
            assert said == ["another footfall migrates this database: waiting for it"]
        assert await upgrading == newest()
        await engine.dispose()
        await migrating.dispose()
