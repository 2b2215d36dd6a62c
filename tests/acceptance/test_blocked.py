"""A role whose loop does not turn says so itself; one that was stopped with all it has does not."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.processes.turning import BLOCKED_LOOKS, LOOK_SECONDS
from cli.wiring.migrate import migrate
from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.servers import process

pytestmark = pytest.mark.acceptance

BLOCKED = "the event loop has not turned for 2.0 s"
GOES_ON = "the event loop goes on"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    found = replace(embedded(tmp_path), keys_file=tmp_path / "keys")
    await migrate(found)
    code, _, error = await footfall(found, "key", "new", "--right", "ingest")
    assert code == 0, error
    return found


@contextmanager
def nobody_opens(path: Path) -> Iterator[None]:
    """Whoever opens the file waits for the end of the block, by a lease as file servers take it."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    descriptor = os.open(path, os.O_WRONLY)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        # Gives the lease back.
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)


async def test_a_role_that_waits_for_a_file_says_where_and_one_that_was_stopped_says_nothing(
    settings: Settings,
) -> None:
    assert settings.keys_file is not None
    async with Role(settings, "ingest") as ingest:
        await ingest.serving(90)
        assert ingest.process is not None
        ingest.signal(signal.SIGSTOP)
        stopped = process(ingest.process.pid)
        await until(lambda: _true(stopped.frozen()), "it standing still")
        await asyncio.sleep(2 * BLOCKED_LOOKS * LOOK_SECONDS)
        ingest.signal(signal.SIGCONT)
        assert (await ingest.until_answering("/health")).status_code == 200
        # Another file in its place is read at the next request with a key.
        other = settings.keys_file.with_name("other")
        other.write_bytes(settings.keys_file.read_bytes())
        other.chmod(0o600)
        with nobody_opens(other):
            other.replace(settings.keys_file)
            asking = asyncio.create_task(_ask_with_a_key(ingest))
            await until(lambda: _true(BLOCKED in ingest.log()), "the block being told", 60)
            assert not asking.done()
        assert (await asking).status_code == 401
        await until(lambda: _true(GOES_ON in ingest.log()), "its end being told", 60)
        (line,) = [line for line in ingest.log().splitlines() if BLOCKED in line]
        assert "processes/keys_file.py:" in line
        assert "read_file < " in line


async def _ask_with_a_key(role: Role) -> httpx.Response:
    async with httpx.AsyncClient(base_url=role.url, timeout=60) as client:
        key = {"Authorization": "Bearer nobody"}
        return await client.post("/page-views/single", json={}, headers=key)


async def _true(found: bool) -> bool:
    return found
