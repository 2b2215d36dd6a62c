"""A database that vanished without a word: connections stay open, and nothing comes any more.

Every role and verb ends in time then, whatever it was waiting for, with the code that the signal
asks for.
"""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.processes.ending import DRAIN_SECONDS, LAST_SECONDS
from cli.wiring.migrate import migrate
from domain.errors import StoreUnavailable
from domain.events import Partition
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_writer
from rows import connecting
from rows.database import database_errors, transaction
from rows.engine import dispose, open_engine
from tests.acceptance.processes import Role, until
from tests.conftest import embedded, postgres_database
from tests.factories import batch
from tests.routes import Route
from tests.servers import address

pytestmark = pytest.mark.postgres

ENDED_WITHIN = DRAIN_SECONDS + LAST_SECONDS + 3.0


@asynccontextmanager
async def way_to_a_database() -> AsyncIterator[tuple[Route, str]]:
    """A way to an empty database, and its URL over it."""
    async with postgres_database() as url, Route(*address(url)) as found:
        yield found, make_url(url).set(port=found.port).render_as_string(hide_password=False)


@pytest.fixture
async def route() -> AsyncIterator[tuple[Route, str]]:
    async with way_to_a_database() as found:
        yield found


@asynccontextmanager
async def lost(tmp_path: Path) -> AsyncIterator[tuple[Route, Settings]]:
    """The log in a file, the rows over the way that will be cut."""
    async with way_to_a_database() as (way, url):
        settings = replace(embedded(tmp_path), database_url=url)
        await migrate(settings)
        yield way, settings


async def lose_in(engine: AsyncEngine, way: Route) -> None:
    """In the middle of a transaction."""
    async with transaction(engine) as connection:
        way.cut()
        await connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("patient", [False, True], ids=["ordinary", "patient"])
async def test_connecting_has_a_limit(route: tuple[Route, str], patient: bool) -> None:
    way, url = route
    way.cut()
    engine = open_engine(f"{url}?connect_timeout=1", patient=patient)
    async with asyncio.timeout(3):
        with pytest.raises(StoreUnavailable, match="no answer within 1 s"):
            async with transaction(engine):
                pass
    await dispose(engine)


async def test_a_command_has_a_limit_and_so_has_what_follows(
    route: tuple[Route, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "COMMAND_SECONDS", 1.0)
    monkeypatch.setattr(connecting, "ROLLBACK_SECONDS", 1.0)
    way, url = route
    engine = open_engine(url)
    async with asyncio.timeout(8):
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            await lose_in(engine, way)
    way.mend()
    async with asyncio.timeout(3), transaction(engine) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await dispose(engine)


async def test_a_patient_one_is_let_go_when_it_is_cancelled(
    route: tuple[Route, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "ROLLBACK_SECONDS", 1.0)
    way, url = route
    engine = open_engine(url, patient=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lose_in(engine, way), 1)
    began = time.monotonic()
    await dispose(engine)
    assert time.monotonic() - began < 4


async def test_closing_many_has_a_limit(route: tuple[Route, str]) -> None:
    way, url = route
    engine = open_engine(url)
    held = [await engine.connect() for _ in range(10)]
    for connection in held:
        await connection.close()
    way.cut()
    async with asyncio.timeout(5):
        await dispose(engine)


async def test_the_system_watches_each_connection(route: tuple[Route, str]) -> None:
    engine = open_engine(f"{route[1]}?keepalives_idle=7&tcp_user_timeout=9000")
    async with database_errors(), engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, connecting.Connection)
        found = driver.socket
        assert found is not None
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = [
            found.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_USER_TIMEOUT)
        ]
        assert options == [7, 5, 9_000]
    await dispose(engine)


async def ended(role: Role, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
    """The exit code after a signal, and the seconds until then."""
    assert role.process is not None
    began = time.monotonic()
    role.signal(number)
    async with asyncio.timeout(60):
        code = await role.process.wait()
    return code, time.monotonic() - began


async def append(settings: Settings) -> None:
    """A view, in the embedded log."""
    writer = open_writer(settings)
    await writer.append(Partition(0), encode(batch()))
    await writer.close()


def writes(data: bytes) -> bool:
    """The statement that adds rows."""
    return b"INTO hourly_views" in data


def commits(data: bytes) -> bool:
    return b"COMMIT;" in data


def begins(data: bytes) -> bool:
    """What a connection begins with."""
    return b"application_name" in data


@pytest.mark.timeout(300)
async def test_every_process_ends_in_time(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("statement", "commit", "readers", "connecting")]
    for folder in folders:
        folder.mkdir()
    async with AsyncExitStack() as stack:
        ways = [await stack.enter_async_context(lost(folder)) for folder in folders]
        # At once: each takes nearly as long as it may.
        await asyncio.gather(
            a_projector_ends(*ways[0], writes),
            a_projector_ends(*ways[1], commits),
            readers_end(*ways[2]),
            those_that_connect_end(*ways[3]),
        )


async def a_projector_ends(way: Route, settings: Settings, at: Callable[[bytes], bool]) -> None:
    async with Role(settings, "projector") as projector:
        await projector.start()
        await until(lambda: _in(projector, "folding partitions"), "partitions being taken", 80)
        way.cut_at(at)
        await append(settings)
        await until(lambda: _is_cut(way), "the way being cut", 80)
        code, seconds = await ended(projector)
        assert code == 0, projector.log()
        assert seconds < ENDED_WITHIN, projector.log()
        assert "Traceback" not in projector.log()
        way.mend()


async def those_that_connect_end(way: Route, settings: Settings) -> None:
    verbs = ("projector", "replay", "verify", "retain", "migrate", "status")
    async with AsyncExitStack() as stack:
        way.cut_at(begins)
        roles = [Role(settings, *verb.split()) for verb in verbs]
        for role in roles:
            await stack.enter_async_context(role)
            await role.start()
        await until(lambda: _is_cut(way), "the way being cut", 80)
        found = await asyncio.gather(*map(_ends_somehow, roles))
        for verb, role, (code, seconds) in zip(verbs, roles, found, strict=True):
            assert code in (0, 1, 143, -15), f"{verb}: {code} {role.log()}"
            assert seconds < ENDED_WITHIN, f"{verb}: {seconds} {role.log()}"
            assert "Traceback" not in role.log()


async def _ends_somehow(role: Role) -> tuple[int, float]:
    assert role.process is not None
    if role.process.returncode is not None:
        return role.process.returncode, 0.0
    return await ended(role)


async def readers_end(way: Route, settings: Settings) -> None:
    async with (
        Role(settings, "up") as up,
        Role(settings, "read-api") as reading,
    ):
        await asyncio.gather(up.serving(90), reading.serving(90))
        way.cut()
        async with httpx.AsyncClient(base_url=reading.url, timeout=60) as client:
            asking = asyncio.create_task(client.get("/report?page=a"))

            async def unready() -> bool:
                # What was found while the way was whole may be told for another second.
                answer = await client.get("/ready")
                return answer.status_code == 503 and "database" in answer.text

            await until(unready, "that the database does not answer")
            (code, seconds), (of_reading, seconds_of_reading) = await asyncio.gather(
                ended(up), ended(reading)
            )
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        assert code == 0, up.log()
        # What answers ends first, then what folds.
        assert seconds < ENDED_WITHIN + DRAIN_SECONDS + LAST_SECONDS, up.log()
        assert of_reading in (0, -15), reading.log()
        assert seconds_of_reading < ENDED_WITHIN, reading.log()
        assert "Traceback" not in reading.log() + up.log()
        way.mend()


async def _in(role: Role, words: str) -> bool:
    return words in role.log()


async def _is_cut(way: Route) -> bool:
    return way.is_cut
