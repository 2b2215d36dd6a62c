"""The broker and the database go away under load and come back: every role finds its way back."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cli.wiring.migrate import migrate
from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, report, until
from tests.acceptance.test_exactly_once import folded, stored
from tests.conftest import embedded
from tests.servers import PrivatePostgres, PrivateRabbitMQ

pytestmark = [pytest.mark.acceptance, pytest.mark.private_servers, pytest.mark.timeout(300)]

DEADLINE_SECONDS = 1.0
# What a busy machine may add to the deadline before an answer counts as late.
GRACE_SECONDS = 2.0
HOUR = "2025-07-16T10:00:00Z"
NOON = "2025-07-16T12:00:00Z"


@pytest.fixture(scope="module")
def broker_of_all() -> Iterator[PrivateRabbitMQ]:
    with PrivateRabbitMQ() as server:
        yield server


@pytest.fixture(scope="module")
def database_of_all() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture
def broker(broker_of_all: PrivateRabbitMQ) -> PrivateRabbitMQ:
    """Up, whatever the test before left behind."""
    if not broker_of_all.ready():
        broker_of_all.start()
    return broker_of_all


@pytest.fixture
def database(database_of_all: PrivatePostgres) -> PrivatePostgres:
    """Up, whatever the test before left behind."""
    if not database_of_all.ready():
        database_of_all.start()
    return database_of_all


@pytest.fixture
async def settings(broker: PrivateRabbitMQ, database: PrivatePostgres, tmp_path: Path) -> Settings:
    """A database and streams of the test's own on the private servers, migrated and empty."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    engine = open_engine(database.url, read_only=True)
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    found = replace(
        embedded(tmp_path),
        database_url=make_url(database.url).set(database=name).render_as_string(),
        rabbitmq_url=broker.url,
        stream_prefix=name,
        request_timeout_ms=int(DEADLINE_SECONDS * 1_000),
    )
    await migrate(found)
    await asyncio.to_thread(broker.wait_until_streams_are_registered)
    return found


class Impatient(Role):
    """A role with the deadline of these tests."""

    def __init__(self, settings: Settings, *arguments: str, port: int | None = None) -> None:
        super().__init__(settings, *arguments, port=port)
        self._environment["REQUEST_TIMEOUT_MS"] = str(settings.request_timeout_ms)

    async def answers(self, path: str, **query: str) -> httpx.Response | None:
        """A GET, None where nobody answers."""
        try:
            async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
                return await client.get(path, params=query)
        except httpx.TransportError:
            return None

    async def is_ready(self) -> bool:
        response = await self.answers("/ready")
        return response is not None and response.status_code == 200

    async def says_unavailable(self, dependency: str) -> bool:
        """Does /ready answer 503 and name the `dependency`, with more than "ok"?"""
        response = await self.answers("/ready")
        if response is None or response.status_code != 503:
            return False
        found = response.json()
        assert found["status"] == "unavailable"
        assert found["checks"][dependency] not in ("", "ok")
        return True


class Visitors:
    """Clients whose every view is of a page of its own, so that each answer can be held to it."""

    def __init__(
        self, url: str, clients: int = 6, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._url = url
        self._clients = clients
        self._patience = deadline_seconds + GRACE_SECONDS
        self._leaving = False
        self._visits = 0
        self._running: asyncio.Task[None] | None = None
        self.confirmed: list[str] = []
        self.refused: list[str] = []

    def come(self) -> None:
        self._running = asyncio.create_task(self._visit_all())

    async def leave(self) -> None:
        """Returns when all are answered; raises what was wrong with an answer."""
        self._leaving = True
        if self._running is not None:
            await self._running

    async def until_confirmed(self, more: int = 200) -> None:
        await self._until_longer(self.confirmed, more, "views being confirmed")

    async def until_refused(self, more: int = 30) -> None:
        await self._until_longer(self.refused, more, "views being refused")

    def assert_counted_once(self, found: Counter[str]) -> None:
        """Every confirmed view once, every refused one at most once, nothing else."""
        assert set(found.values()) == {1}
        assert not set(self.confirmed) - set(found), "confirmed views are missing"
        assert not set(found) - set(self.confirmed) - set(self.refused), "nobody sent these"

    async def _visit_all(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=20) as client:
            await asyncio.gather(*(self._visit(client) for _ in range(self._clients)))

    async def _visit(self, client: httpx.AsyncClient) -> None:
        while not self._leaving:
            self._visits += 1
            pages = [f"example.com/{self._visits}/{i}" for i in range(3)]
            asked = time.monotonic()
            response = await client.post("/page-views/multi", json={p: {HOUR: 1} for p in pages})
            took = time.monotonic() - asked
            assert took < self._patience, f"answered after {took:.1f} s"
            if response.status_code == 202:
                self.confirmed += pages
                await asyncio.sleep(0.01)
            else:
                assert_unavailable(response)
                self.refused += pages

    async def _until_longer(self, pages: list[str], more: int, what: str) -> None:
        enough = len(pages) + more

        async def long_enough() -> bool:
            assert self._running is not None
            if self._running.done():
                await self._running
            return len(pages) >= enough

        await until(long_enough, what)


def assert_unavailable(response: httpx.Response) -> None:
    """A 503 that says in problem+json what is wrong and when to ask again."""
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0
    found: dict[str, Any] = response.json()
    assert (found["status"], found["title"]) == (503, "Service Unavailable")
    assert found["detail"]


class Service:
    """Ingest, projector and read API, a process each, under load."""

    def __init__(self, settings: Settings) -> None:
        self.ingest = Impatient(settings, "ingest")
        self.projector = Impatient(settings, "projector")
        self.read_api = Impatient(settings, "read-api")
        self.visitors = Visitors(self.ingest.url)
        self._settings = settings
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Service":
        for role in (self.ingest, self.projector, self.read_api):
            await self._stack.enter_async_context(role)
            await role.start()
        await until(self.ingest.is_ready, "ingest being ready")
        await until(self.read_api.is_ready, "the read API being ready")
        self.visitors.come()
        await self.visitors.until_confirmed()
        return self

    async def __aexit__(self, *error: object) -> None:
        with suppress(AssertionError, httpx.TransportError):
            await self.visitors.leave()
        await self._stack.aclose()

    async def finish(self) -> None:
        """Let the visitors go, wait for the fold, and hold the rows to what was answered."""
        await self.visitors.leave()
        await until(lambda: folded(self._settings), "the fold catching up")
        self.visitors.assert_counted_once(await stored(self._settings))
        for page in (self.visitors.confirmed[0], self.visitors.confirmed[-1]):
            assert await self.views(page) == 1
        for role in (self.ingest, self.projector, self.read_api):
            await role.stop()
            assert "Traceback" not in role.log()

    async def views(self, page: str) -> int:
        """Of the whole report."""
        async with httpx.AsyncClient(base_url=self.read_api.url, timeout=20) as client:
            return sum(row["v"] for row in await report(client, page=page, now=NOON))


@pytest.mark.parametrize("end", [PrivateRabbitMQ.kill, PrivateRabbitMQ.stop])
async def test_views_are_exact_through_a_broker_that_went_and_came_back(
    settings: Settings, broker: PrivateRabbitMQ, end: Callable[[PrivateRabbitMQ], None]
) -> None:
    async with Service(settings) as service:
        await asyncio.to_thread(end, broker)
        await until(lambda: service.ingest.says_unavailable("log"), "/ready naming the log")
        await service.visitors.until_refused()
        assert await service.read_api.is_ready()
        await asyncio.to_thread(broker.start)
        await until(service.ingest.is_ready, "ingest being ready again")
        await service.visitors.until_confirmed()
        await service.finish()


async def test_views_are_exact_through_a_broker_that_froze(
    settings: Settings, broker: PrivateRabbitMQ
) -> None:
    async with Service(settings) as service:
        await asyncio.to_thread(broker.freeze)
        try:
            await until(lambda: service.ingest.says_unavailable("log"), "/ready naming the log")
            await service.visitors.until_refused()
        finally:
            await asyncio.to_thread(broker.thaw)
        await until(service.ingest.is_ready, "ingest being ready again")
        await service.visitors.until_confirmed()
        await service.finish()


async def test_views_are_exact_through_a_database_that_was_killed_and_came_back(
    settings: Settings, database: PrivatePostgres
) -> None:
    async with Service(settings) as service:
        page = service.visitors.confirmed[0]
        await asyncio.to_thread(database.kill)
        await until(lambda: service.read_api.says_unavailable("database"), "/ready naming it")
        response = await service.read_api.answers("/report", page=page)
        assert response is not None
        assert_unavailable(response)
        # Ingest does not need the database: it goes on as if nothing had happened.
        assert await service.ingest.is_ready()
        await service.visitors.until_confirmed()
        await asyncio.to_thread(database.start)
        await until(service.read_api.is_ready, "the read API being ready again")
        await service.visitors.until_confirmed()
        await service.finish()
        assert not service.visitors.refused


async def test_what_is_live_stands_still_while_the_broker_is_away_and_is_counted_once(
    settings: Settings, broker: PrivateRabbitMQ
) -> None:
    ingest, read_api = Impatient(settings, "ingest"), Impatient(settings, "read-api")
    async with ingest, read_api:
        await ingest.start()
        await read_api.start()
        await until(ingest.is_ready, "ingest being ready")
        await until(read_api.is_ready, "the read API being ready")
        async with httpx.AsyncClient(timeout=20) as client:

            async def view(page: str) -> None:
                at = datetime.now(UTC).isoformat()
                sent = {"page": page, "timestamp": at}
                found = await client.post(f"{ingest.url}/page-views/single", json=sent)
                assert found.status_code == 202, found.text

            async def is_told(views: int, state: str) -> bool:
                found = (await client.get(f"{read_api.url}/stats/live")).json()
                since = found["stands_still_since"]
                assert (since is not None) == (found["state"] == "stands-still")
                return (found["views"], found["state"]) == (views, state)

            for number in range(5):
                await view(f"example.com/{number}")
            await until(lambda: is_told(5, "following"), "five views live")
            await asyncio.to_thread(broker.kill)
            await until(lambda: is_told(5, "stands-still"), "an outage that is told")
            assert await read_api.is_ready()
            await asyncio.to_thread(broker.start)
            await until(ingest.is_ready, "ingest being ready again")
            await view("example.com/after")
            await until(lambda: is_told(6, "following"), "the sixth view live")
        for role in (ingest, read_api):
            await role.stop()
            assert "Traceback" not in role.log()


async def test_roles_that_start_before_the_broker_wait_for_it(
    settings: Settings, broker: PrivateRabbitMQ
) -> None:
    await asyncio.to_thread(broker.stop)
    ingest, projector = Impatient(settings, "ingest"), Impatient(settings, "projector")
    async with ingest, projector:
        await ingest.start()
        await projector.start()
        await until(lambda: ingest.says_unavailable("log"), "/ready naming the log")
        await until(lambda: _logged(projector, "RabbitMQ"), "the projector naming the broker")
        await asyncio.to_thread(broker.start)
        await until(ingest.is_ready, "ingest being ready")
        visitors = Visitors(ingest.url)
        visitors.come()
        await visitors.until_confirmed()
        await visitors.leave()
        await until(lambda: folded(settings), "the fold catching up")
        visitors.assert_counted_once(await stored(settings))
        for role in (ingest, projector):
            await role.stop()
            assert "Traceback" not in role.log()


async def _logged(role: Role, words: str) -> bool:
    assert role.process is not None
    assert role.process.returncode is None, role.log()
    return words in role.log()


async def test_a_read_api_that_starts_before_the_database_waits_for_it(
    settings: Settings, database: PrivatePostgres
) -> None:
    await asyncio.to_thread(database.stop)
    async with Impatient(settings, "read-api") as read_api:
        await read_api.start()
        await until(lambda: read_api.says_unavailable("database"), "/ready naming the database")
        response = await read_api.answers("/report", page="example.com/page")
        assert response is not None
        assert_unavailable(response)
        await asyncio.to_thread(database.start)
        await until(read_api.is_ready, "the read API being ready")
        response = await read_api.answers("/report", page="example.com/page")
        assert response is not None
        assert response.status_code == 200
        await read_api.stop()
        assert "Traceback" not in read_api.log()


async def test_a_projector_without_a_database_says_so_and_ends(
    settings: Settings, database: PrivatePostgres
) -> None:
    # It cannot know whether it fits the tables before it has seen them.
    await asyncio.to_thread(database.stop)
    code, _, err = await footfall(settings, "projector")
    assert code == 1
    assert err.startswith("footfall: the database: ")
    assert "Traceback" not in err
