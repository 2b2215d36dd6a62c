"""The horizon as ingest watches it, and what is told where it cannot be read."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar
from sqlalchemy import text

from cli.wiring import horizon
from cli.wiring.horizon import WatchedHorizon
from cli.wiring.migrate import migrate
from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.retention import NOTHING_PAST
from domain.settings import Settings
from rows.engine import open_engine
from rows.retention.expiry import SqlExpiry
from tests.conftest import embedded
from tests.servers import free_port

CANNOT = "the horizon cannot be read: "
AGAIN = "the horizon is known again"
KEPT = Hour(489_000)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(horizon, "_FILE_SECONDS", 0.01)
    monkeypatch.setattr(horizon, "_SERVER_SECONDS", 0.01)
    caplog.set_level(logging.INFO, logger="cli.wiring.horizon")


@pytest.fixture
async def migrated(tmp_path: Path) -> Settings:
    settings = embedded(tmp_path)
    await migrate(settings)
    engine = open_engine(settings.rows_url)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE retention SET horizon = {KEPT}"))
    await engine.dispose()
    return settings


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[WatchedHorizon]:
    found = WatchedHorizon(settings, "tests")
    async with found.watched(Litestar(logging_config=None)):
        yield found


async def said(caplog: pytest.LogCaptureFixture, words: str, times: int = 1) -> None:
    async with asyncio.timeout(10):
        while sum(words in message for message in caplog.messages) < times:
            await asyncio.sleep(0.01)


async def test_a_database_that_is_away_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql://footfall:secret@127.0.0.1:{free_port()}/footfall"
    async with watched(replace(embedded(tmp_path), database_url=url)) as kept_from:
        await said(caplog, CANNOT)
        # Some more tries.
        await asyncio.sleep(0.1)
        assert kept_from() == NOTHING_PAST
    (record,) = [r for r in caplog.records if r.name == "cli.wiring.horizon"]
    assert record.levelno == logging.WARNING
    assert "clock of this host and RETENTION_DAYS: one that is accepted" in record.message
    assert "secret" not in caplog.text


async def test_files_that_do_not_exist_yet_are_no_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(embedded(tmp_path)) as kept_from:
        assert kept_from() == NOTHING_PAST
    assert caplog.messages == []


async def test_each_change_is_told(migrated: Settings, caplog: pytest.LogCaptureFixture) -> None:
    engine = open_engine(migrated.rows_url)
    async with watched(migrated) as kept_from:
        assert kept_from() == KEPT
        assert caplog.messages == []
        for times in (1, 2):
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM retention"))
            await said(caplog, CANNOT + "the database: table retention has no row", times)
            # What was known once goes on to be.
            assert kept_from() == KEPT
            assert "the horizon known last, 2025-10-14T00:00Z: one" in caplog.messages[-1]
            async with engine.begin() as connection:
                await connection.execute(text(f"INSERT INTO retention VALUES (1, {KEPT})"))
            await said(caplog, AGAIN, times)
    await engine.dispose()
    assert [CANNOT in message for message in caplog.messages] == [True, False, True, False]


async def test_nothing_ends_the_watch(
    migrated: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = [RuntimeError("x"), TypeError("y"), StoreUnavailable("z")]
    read = SqlExpiry.horizon

    async def failing(self: SqlExpiry) -> Hour:
        if failures:
            raise failures.pop(0)
        return await read(self)

    monkeypatch.setattr(SqlExpiry, "horizon", failing)
    async with watched(migrated) as kept_from:
        await said(caplog, AGAIN)
        assert kept_from() == KEPT
    first, _ = caplog.records
    assert first.levelno == logging.ERROR
    assert first.exc_info


async def test_a_database_that_does_not_answer_in_time_is_told_at_the_start(
    migrated: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()
    read = SqlExpiry.horizon

    async def late(self: SqlExpiry) -> Hour:
        await answered.wait()
        return await read(self)

    monkeypatch.setattr(SqlExpiry, "horizon", late)
    monkeypatch.setattr(horizon, "_PATIENCE_SECONDS", 0.05)
    async with watched(migrated):
        assert CANNOT + "the database has not answered yet" in caplog.text
        answered.set()
        await said(caplog, AGAIN)
