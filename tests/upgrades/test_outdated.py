"""Processes that a newer Footfall has migrated the database away from notice, say so, and end."""

import sqlite3
from contextlib import AsyncExitStack, closing

import httpx
import pytest
from sqlalchemy import text

from cli.processes.running import OUTDATED
from cli.wiring.process import now_ms
from domain.settings import Settings
from migrations.history import newest
from rows.database import transaction
from rows.engine import open_engine
from rows.opening import open_rows
from rows.revision import REVISION
from tests.acceptance.processes import Role, footfall, until

pytestmark = pytest.mark.acceptance

SENTENCE = (
    "footfall: the database is at version {}, which this Footfall does not know (it knows "
    "versions up to {}): a newer one has upgraded it, so upgrade Footfall"
)
# Three thirds of a lease of 0.9 s; the rest is for a machine that has other things to do.
SECONDS = 10


async def migrated_past(settings: Settings, oldest: str | None = None) -> None:
    """As a migration does that programs of before do not survive, unless they know `oldest`."""
    engine = open_engine(settings.rows_url)
    async with transaction(engine) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'rows_9999'"))
        if oldest:
            said = "INSERT INTO compatibility (revision, oldest) VALUES ('rows_9999', :oldest)"
            await connection.execute(text(said), {"oldest": oldest})
    await engine.dispose()


async def owned(settings: Settings) -> bool:
    async with open_rows(settings, now_ms) as rows:
        return all((await rows.leases.ownership()).owners.values())


def sentence(version: str) -> str:
    return SENTENCE.format(version, newest("log" if version.startswith("log") else "rows"))


async def ends_saying(role: Role, version: str) -> None:
    process = role.process
    assert process is not None

    async def ended() -> bool:
        return process.returncode is not None

    await until(ended, f"the end of {role._arguments}", SECONDS)
    assert process.returncode == OUTDATED, role.log()
    known = newest("log" if version.startswith("log") else "rows")
    assert SENTENCE.format(version, known) in role.log()
    assert "Traceback" not in role.log()


async def test_all_that_use_the_rows_end_with_a_code_of_their_own(backend: Settings) -> None:
    async with AsyncExitStack() as stack:

        async def running(*verb: str) -> Role:
            return await stack.enter_async_context(Role(backend, *verb))

        projector = await (await running("projector")).start()
        others = [
            await (await running(*verb)).serving()
            for verb in (("read-api",), ("read-api", "--workers", "2"), ("up",))
        ]
        await until(lambda: owned(backend), "the leases being taken")
        await migrated_past(backend)
        for role in (projector, *others):
            await ends_saying(role, "rows_9999")
        # Given back, not left to run out.
        async with open_rows(backend, now_ms) as rows:
            left = await rows.leases.ownership()
        assert not left.projectors
        assert not any(left.owners.values())
        for verb in ("projector", "migrate"):
            code, _, err = await footfall(backend, verb)
            assert (code, err.strip()) == (OUTDATED, SENTENCE.format("rows_9999", REVISION))


async def test_who_is_outdated_is_not_ready(backend: Settings) -> None:
    # With a lease of a minute it is not noticed before.
    slow = Role(backend, "read-api")
    slow._environment["LEASE_MS"] = "60000"
    async with slow:
        await slow.serving()
        await migrated_past(backend)
        answers: list[httpx.Response] = []

        async def told() -> bool:
            # What was looked at is shared for a second.
            answers.append(await slow.until_answering("/ready"))
            return answers[-1].status_code == 503

        await until(told, "/ready telling of it")
        assert "upgrade Footfall" in answers[-1].json()["checks"]["database"]


async def test_a_migration_that_only_expands_lets_all_of_them_start(backend: Settings) -> None:
    await migrated_past(backend, oldest=REVISION)
    async with Role(backend, "up") as up:
        await up.serving()
        await until(lambda: owned(backend), "the leases being taken")
        code, out, err = await footfall(backend, "migrate")
        assert code == 0, err
        assert out.startswith("rows: rows_9999\n")


async def test_an_ingest_whose_file_was_migrated_past_it_ends(backend: Settings) -> None:
    if backend.rabbitmq_url:
        pytest.skip("streams have no version: each batch has its format")
    async with Role(backend, "ingest", "--workers", "2") as ingest:
        await ingest.serving()
        with closing(sqlite3.connect(backend.log_file, timeout=10)) as log, log:
            log.execute("UPDATE alembic_version SET version_num = 'log_9999'")
        await ends_saying(ingest, "log_9999")
