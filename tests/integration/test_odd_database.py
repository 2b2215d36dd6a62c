"""What listens where the database should be, and is none: a sentence, whatever is raised."""

import asyncio
import itertools
import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from domain.errors import StoreUnavailable
from domain.settings import Settings
from rows.database import database_errors, transaction
from rows.engine import dispose, open_engine
from rows.opening import open_rows
from tests.acceptance.processes import Role, footfall
from tests.conftest import embedded
from tests.odd_servers import ODDITIES, OddServer

# The driver never comes back from a message that says it has no length: the last test.
_FOUND = [name for name in ODDITIES if name != "zeros"]


@pytest.mark.parametrize("oddity", _FOUND)
async def test_the_driver_s_errors_are_ours(oddity: str, caplog: pytest.LogCaptureFixture) -> None:
    with OddServer("postgresql", oddity) as server:
        for mode, patient, read_only in itertools.product(
            ("disable", "prefer", "require"), (False, True), (False, True)
        ):
            query = f"connect_timeout=1&sslmode={mode}"
            url = f"postgresql+asyncpg://u:hush@127.0.0.1:{server.port}/d?{query}"
            if patient == read_only and mode != "prefer":
                # Half of them tell it too.
                continue
            engine = open_engine(url, patient=patient, read_only=read_only)
            with pytest.raises(StoreUnavailable, match=r"^the database: ") as caught:
                await asyncio.wait_for(ask(engine), 3)
            assert "hush" not in str(caught.value)
            assert len(str(caught.value)) < 300
            await dispose(engine)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def ask(engine: object) -> None:
    async with transaction(engine) as connection:  # type: ignore[arg-type]
        await connection.execute(text("SELECT 1"))


async def test_readiness_says_why(tmp_path: Path) -> None:
    with OddServer("postgresql", "accepts and closes") as server:
        settings = at(tmp_path, server)
        async with open_rows(settings, lambda: 0) as rows:
            for ping in (rows.ping, rows.ping_reports):
                with pytest.raises(StoreUnavailable, match="accepts connections and closes them"):
                    await ping()


@pytest.mark.parametrize(
    "verb",
    [
        "migrate", "check", "status", "verify", "verify --deep", "replay", "rollback", "retain",
        "retain --dry-run", "projector", "up",
    ],
)  # fmt: skip
def test_every_verb_says_a_sentence(tmp_path: Path, verb: str) -> None:
    with OddServer("postgresql", "HTTP") as server:
        code, out, err = asyncio.run(footfall(at(tmp_path, server), *verb.split()))
    assert code == 1, err
    assert "the database: " in out + err
    assert "Traceback" not in out + err
    assert "hush" not in out + err


@pytest.mark.acceptance
async def test_a_role_says_that_it_is_not_ready(tmp_path: Path) -> None:
    with OddServer("postgresql", "HTTP") as server:
        async with Role(at(tmp_path, server), "read-api") as reading:
            await reading.start()
            answer = await reading.until_answering("/ready")
            assert answer.status_code == 503
            assert answer.json()["checks"]["database"].startswith("the database ")
            async with httpx.AsyncClient(base_url=reading.url) as client:
                answer = await client.get("/report", params={"page": "a"})
                assert answer.status_code == 503
        assert "Traceback" not in reading.log()
        assert "hush" not in reading.log()


def at(tmp_path: Path, server: OddServer) -> Settings:
    url = f"postgresql+asyncpg://u:hush@127.0.0.1:{server.port}/d"
    return replace(embedded(tmp_path), database_url=url)


async def test_a_cancellation_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(StoreUnavailable, match="lost"):
        async with database_errors():
            raise asyncio.CancelledError


async def test_a_cancellation_that_was_asked_for_is_one() -> None:
    async def waiting() -> None:
        async with database_errors():
            await asyncio.Event().wait()

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.acceptance
async def test_a_driver_that_never_comes_back_ends_its_process(tmp_path: Path) -> None:
    with OddServer("postgresql", "zeros") as server:
        settings = at(tmp_path, server)
        settings = replace(settings, database_url=f"{settings.database_url}?connect_timeout=1")
        async with asyncio.timeout(60):
            code, _, err = await footfall(settings, "status")
    assert code == 1
    assert "Timeout" in err
    assert "hush" not in err
