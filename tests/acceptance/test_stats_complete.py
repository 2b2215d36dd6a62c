"""What statistics say of their completeness is so, and the state comes when nothing else does."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cli.wiring.migrate import migrate
from domain.settings import Settings
from rows.engine import engine_at
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.servers import PrivatePostgres

pytestmark = pytest.mark.acceptance

PAGE = "example.com/page"
HOUR = {"from": "2025-07-16T10:00:00Z", "to": "2025-07-16T11:00:00Z", "page": PAGE}
# A round over all partitions on a busy machine.
PATIENCE_SECONDS = 60.0
# What the state promises, and what a busy machine takes for it.
IN_TIME_SECONDS = 4.0


def milliseconds(moment: str | None) -> float:
    return datetime.fromisoformat(moment).timestamp() * 1_000 if moment else 0


class Asked:
    """The hour of a page in the statistics of a service."""

    def __init__(self, ingest: httpx.AsyncClient, read: httpx.AsyncClient) -> None:
        self._ingest = ingest
        self._read = read
        self.answered: list[float] = []

    async def view(self) -> None:
        """One more, which is answered 202."""
        found = await self._ingest.post(
            "/page-views/single", json={"page": PAGE, "timestamp": HOUR["from"]}
        )
        assert found.status_code == 202, found.text
        # The database is on this machine: its clock is this one.
        self.answered.append(time.time() * 1_000)

    async def bucket(self) -> Any:
        """The only one, held against what was answered before its watermark."""
        found = await self._read.get("/stats/views", params=HOUR)
        assert found.status_code == 200, found.text
        (bucket,) = found.json()["buckets"]
        until_ms = milliseconds(found.json()["complete_until"])
        said = found.headers.get("footfall-complete-until")
        assert said == found.json()["complete_until"]
        assert bucket["complete"] == (until_ms > 0)
        assert bucket["views"] >= sum(at_ms < until_ms for at_ms in self.answered)
        return bucket

    async def until_counted(self) -> None:
        """All that was answered is in an answer that says so."""
        wanted_ms = self.answered[-1]

        async def there() -> bool:
            bucket = await self.bucket()
            state = await self.state()
            late = milliseconds(state["complete_until"]) <= wanted_ms
            return not late and bucket["views"] == len(self.answered)

        await until(there, "an answer that holds all and says so", PATIENCE_SECONDS)

    async def state(self) -> Any:
        found = await self._read.get("/stats/state")
        assert found.status_code == 200, found.text
        return found.json()


@pytest.mark.timeout(240)
async def test_an_hour_is_complete_once_what_was_confirmed_is_folded(backend: Settings) -> None:
    async with (
        Role(backend, "ingest") as ingest,
        Role(backend, "read-api") as read,
        Role(backend, "projector") as first,
        Role(backend, "projector") as second,
        httpx.AsyncClient(base_url=ingest.url, timeout=20) as to_ingest,
        httpx.AsyncClient(base_url=read.url, timeout=20) as to_read,
    ):
        await asyncio.gather(ingest.serving(), read.serving())
        asked = Asked(to_ingest, to_read)
        await asked.view()
        # It is confirmed, and nobody folds.
        bucket = await asked.bucket()
        assert (bucket["views"], bucket["complete"]) == (0, False)
        await first.start()
        await asked.until_counted()
        assert (await asked.bucket())["complete"]
        await first.kill()

        async def nobody_folds() -> bool:
            told = (await asked.state())["partitions"]
            waiting = [one for one in told if "no projector" in (one["stands_still"] or "")]
            return len(waiting) == len(told) == backend.num_partitions

        await until(nobody_folds, "the state saying that nobody folds")
        stood = await asked.state()
        await asked.view()
        # What was said stands, and does not hold the view that came after it.
        assert milliseconds(stood["complete_until"]) < asked.answered[-1]
        assert (await asked.bucket())["views"] == 1
        assert (await asked.state())["complete_until"] == stood["complete_until"]

        async def is_held() -> bool:
            answered = await to_read.get("/stats/pages", params=HOUR)
            tag = {"If-None-Match": answered.headers["etag"]}
            again = await to_read.get("/stats/pages", params=HOUR, headers=tag)
            assert "content-length" not in again.headers or again.status_code == 200
            return (again.status_code, again.content) == (304, b"")

        await until(is_held, "an answer being held")
        code, out, err = await footfall(backend, "stats", "state")
        assert (code, out.count("no projector folds it")) == (0, backend.num_partitions), err
        await second.start()
        await asked.until_counted()
        assert not any(one["stands_still"] for one in (await asked.state())["partitions"])
        for role in (ingest, read, second):
            assert await role.stop() == 0
            assert "Traceback" not in role.log()


@pytest.fixture(scope="module")
def database() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture
async def settings(database: PrivatePostgres, tmp_path: Path) -> Settings:
    """A database of its own, migrated and empty."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    async with engine_at(database.url, read_only=True) as engine, engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(database.url).set(database=name).render_as_string()
    found = replace(embedded(tmp_path), database_url=url)
    await migrate(found)
    return found


async def in_time(client: httpx.AsyncClient) -> Any:
    """The state, whatever happens."""
    began = time.monotonic()
    found = await client.get("/stats/state")
    assert time.monotonic() - began < IN_TIME_SECONDS
    assert found.status_code == 200, found.text
    return found.json()


@pytest.mark.private_servers
@pytest.mark.timeout(240)
async def test_the_state_comes_while_the_database_is_frozen_or_gone(
    settings: Settings, database: PrivatePostgres
) -> None:
    async with (
        Role(settings, "read-api") as read,
        httpx.AsyncClient(base_url=read.url, timeout=60) as client,
    ):
        await read.serving()
        before = await in_time(client)
        assert (before["database"], before["generation"]) == ({"answers": True}, 1)

        async def silent() -> Any:
            found = await in_time(client)
            assert found["generation"] == 1
            assert found["known_at"] >= before["known_at"]
            return not found["database"]["answers"] and found["database"]

        async def answers() -> bool:
            return bool((await in_time(client))["database"]["answers"])

        await asyncio.to_thread(database.freeze)
        try:
            # So many, and questions for numbers beside, which hang.
            numbers = asyncio.create_task(client.get("/stats/bounds"))
            first = await silent()
            assert "no answer within" in first["reason"]
            told = await asyncio.gather(*(silent() for _ in range(20)))
            assert {one["since"] for one in told} == {first["since"]}
        finally:
            await asyncio.to_thread(database.thaw)
        await until(answers, "the state being of the present again")
        assert (await numbers).status_code in (200, 503)
        await asyncio.to_thread(database.kill)
        await until(silent, "the state telling that the database is gone")
        await asyncio.to_thread(database.start)
        await until(answers, "the state being of the present again")
        assert await read.stop() == 0
        assert "Traceback" not in read.log()
