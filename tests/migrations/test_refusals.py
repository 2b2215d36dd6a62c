"""A database that does not fit the program is refused by every verb, in a sentence, at once."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import cli.wiring.migrate
from cli.main import main
from cli.wiring.versions import require_served
from domain.settings import Settings
from domain.version import VERSION
from migrations.history import newest
from rows.engine import open_engine
from tests.acceptance import processes
from tests.acceptance.processes import environment
from tests.conftest import embedded, postgres_database
from tests.migrations.released import restore_rows
from tests.servers import free_port

ROWS_VERBS = (
    "projector", "read-api", "read-api --workers 2", "status", "verify", "verify --deep",
    "replay", "rollback", "retain", "retain --dry-run",
)  # fmt: skip
LOG_VERBS = ("ingest", "projector", "status", "verify --deep", "replay", "retain")
CHANGING = ("migrate", "up")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Rows in each database in turn, never migrated; the log in a file."""
    settings = embedded(tmp_path)
    if request.param == "sqlite":
        yield settings
        return
    with a_database() as url:
        yield replace(settings, database_url=url)


@contextmanager
def a_database() -> Iterator[str]:
    # The verbs bring loops of their own, so these tests run in none.
    with asyncio.Runner() as runner:
        opened = postgres_database()
        try:
            yield runner.run(opened.__aenter__())
        finally:
            runner.run(opened.__aexit__(None, None, None))


def migrate(settings: Settings) -> None:
    asyncio.run(cli.wiring.migrate.migrate(settings))


def mark(settings: Settings, version: str) -> None:
    async def update() -> None:
        engine = open_engine(settings.rows_url)
        async with engine.begin() as connection:
            marked = text("UPDATE alembic_version SET version_num = :version")
            await connection.execute(marked, {"version": version})
        await engine.dispose()

    asyncio.run(update())


class Ended(NamedTuple):
    """How a verb did: `exception` where it ran in this process."""

    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None = None


def footfall(settings: Settings, *arguments: str) -> Ended:
    """The verb, in this process: there are too many of them for one each."""
    if arguments == ("up",):
        return up(settings)
    found = CliRunner().invoke(main, arguments, env=environment(settings, 0))
    return Ended(found.exit_code, found.stdout, found.stderr, found.exception)


def up(settings: Settings) -> Ended:
    """In a process of its own: what it cannot begin with, a child of it says."""
    code, out, err = asyncio.run(processes.footfall(settings, "up"))
    return Ended(code, out, err, SystemExit(code))


def refused(
    settings: Settings, verbs: Iterable[str], *says: str, codes: tuple[int, ...] = (1,)
) -> None:
    """Each ends by itself with a sentence that has all of `says`, and nothing on stdout."""
    for verb in verbs:
        ended = footfall(settings, *verb.split())
        assert isinstance(ended.exception, SystemExit), f"{verb}: {ended.exception!r}"
        assert ended.exit_code in codes, f"{verb}: {ended.stdout}{ended.stderr}"
        (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("footfall: ")]
        assert all(words in sentence for words in says), f"{verb}: {sentence}"
        assert not ended.stdout


def first_line(settings: Settings) -> tuple[int, str]:
    """Of `footfall check`, and its exit code."""
    ended = footfall(settings, "check")
    assert isinstance(ended.exception, SystemExit | None), repr(ended.exception)
    return ended.exit_code, ended.stdout.splitlines()[0]


# A program that is too old may have an exit code of its own.
OUTDATED = (1, 3)


def test_rows_of_a_newer_program(empty: Settings) -> None:
    migrate(empty)
    mark(empty, "rows_9999")
    words = ("at version rows_9999", f"versions up to {newest()}", "upgrade Footfall")
    refused(empty, (*ROWS_VERBS, *CHANGING), *words, codes=OUTDATED)
    code, line = first_line(empty)
    assert code == 1
    assert line.startswith(f"ERROR version: Footfall {VERSION}; rows: the database is at version ")
    assert all(found in line for found in words)


def test_rows_of_an_older_program(empty: Settings) -> None:
    migrate(empty)
    if empty.database_url is None:
        empty.rows_file.unlink()
    asyncio.run(restore_rows("0.1.0", empty.rows_url))
    words = ("at version rows_0001", f"needs version {newest()}", "run footfall migrate")
    refused(empty, ROWS_VERBS, *words)
    code, line = first_line(empty)
    assert code == 1
    assert all(found in line for found in (VERSION, *words))
    # Nobody has changed anything.
    assert "at version rows_0001" in first_line(empty)[1]


def test_nothing_was_ever_migrated(empty: Settings) -> None:
    words = (f"needs {'it at ' if empty.database_url is None else ''}version {newest()}",)
    refused(empty, ROWS_VERBS, *words, "run footfall migrate")
    refused(empty, ["ingest"], "log.sqlite3 is not there", "run footfall migrate")
    assert not empty.log_file.exists()
    assert not empty.rows_file.exists()
    code, line = first_line(empty)
    assert code == 1
    assert all(found in line for found in (VERSION, *words, "run footfall migrate"))


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (
            "log_9999",
            ("at version log_9999", f"versions up to {newest('log')}", "upgrade Footfall"),
        ),
        (None, ("the database is empty", f"needs version {newest('log')}", "run footfall migrate")),
    ],
)
def test_the_log_of_another_program(
    tmp_path: Path, version: str | None, words: tuple[str, ...]
) -> None:
    settings = embedded(tmp_path)
    migrate(settings)
    with closing(sqlite3.connect(settings.log_file)) as log, log:
        log.execute("DELETE FROM alembic_version")
        if version:
            log.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    verbs = (*LOG_VERBS, *CHANGING) if version else LOG_VERBS
    refused(settings, verbs, *words, codes=OUTDATED)
    code, line = first_line(settings)
    assert code == 1
    assert all(found in line for found in (f"rows at {newest()}", *words))


async def keep_tables(url: str, versions: Iterable[str]) -> None:
    """As a program does that brings its tables up to date as we do."""
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        for version in versions:
            values = {"version": version}
            await connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), values)
    await engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("versions", [("ab12cd34",), ("ab12cd34", "ef56ab78")])
def test_a_database_of_somebody_else(tmp_path: Path, versions: tuple[str, ...]) -> None:
    with a_database() as url:
        settings = replace(embedded(tmp_path), database_url=url)
        asyncio.run(keep_tables(url, versions))
        words = (", ".join(versions), "none of Footfall's", "name a database or schema")
        refused(settings, ("migrate", "read-api"), *words)
        code, line = first_line(settings)
        assert code == 1
        assert all(found in line for found in words)


def test_the_first_line_of_check_tells_versions_that_fit(empty: Settings) -> None:
    migrate(empty)
    code, line = first_line(empty)
    assert line == f"OK    version: Footfall {VERSION}; rows at {newest()}; log at {newest('log')}"
    assert code == 0


def test_the_first_line_of_check_is_there_where_nothing_answers(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://postgres@127.0.0.1:{free_port()}/none"
    settings = replace(embedded(tmp_path), database_url=url)
    migrate(embedded(tmp_path))
    code, line = first_line(settings)
    assert code == 1
    assert line.startswith(f"ERROR version: Footfall {VERSION}; rows: ")
    assert line.endswith(f"; log at {newest('log')}")


def test_a_database_that_is_away_refuses_nobody_who_can_wait(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://postgres@127.0.0.1:{free_port()}/none"
    migrate(embedded(tmp_path))
    settings = replace(embedded(tmp_path), database_url=url)
    asyncio.run(require_served(settings, ingest=True, read_api=True))
