"""Operations are told as they are, while a rebuild runs and while what it is read from is away."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cli.wiring.migrate import migrate
from domain.settings import Settings
from domain.version import VERSION
from rows.engine import engine_at
from tests.acceptance.processes import Role, footfall, until
from tests.acceptance.test_replay import fill
from tests.conftest import embedded
from tests.servers import PrivatePostgres, PrivateRabbitMQ

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PATH = "/stats/operations"
VIEW = {"page": "example.com/a", "timestamp": "2025-07-16T10:00:00Z"}
# An answer waits a second for the database and two for the log; the rest is for a busy machine.
IN_TIME_SECONDS = 10.0


async def operations(client: httpx.AsyncClient) -> Any:
    """What is told, in time and whatever happens."""
    async with asyncio.timeout(IN_TIME_SECONDS):
        found = await client.get(PATH)
    assert found.status_code == 200, found.text
    return found.json()


async def until_told(
    client: httpx.AsyncClient, name: str, seconds: float = 60, **members: Any
) -> Any:
    """The first answer with these members."""
    told: list[Any] = []

    async def there() -> bool:
        told.append(await operations(client))
        return all(told[-1][each] == value for each, value in members.items())

    await until(there, name, seconds)
    return told[-1]


def words(told: Any) -> set[str]:
    return {one["state"] for one in told["partitions"]}


@pytest.fixture
async def read(backend: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with Role(backend, "read-api") as role:
        await role.serving()
        async with httpx.AsyncClient(base_url=role.url, timeout=30) as client:
            yield client
        assert await role.stop() == 0
        assert "Traceback" not in role.log()


async def test_owners_and_what_waits_are_those_that_there_are(
    backend: Settings, read: httpx.AsyncClient
) -> None:
    counted = sum((await fill(backend, batches=3)).values())
    numbers = range(backend.num_partitions)
    waiting = await until_told(read, "all that waits", behind=3 * backend.num_partitions)
    assert (waiting["log"], waiting["database"]) == ({"answers": True}, {"answers": True})
    assert waiting["projectors"] == []
    assert words(waiting) <= {"unheld"}
    async with Role(backend, "projector") as one, Role(backend, "projector") as two:
        await one.start()
        await two.start()

        seen: list[Any] = []

        async def shared() -> bool:
            seen.append(await operations(read))
            told = seen[-1]
            held = sorted(p for each in told["projectors"] for p in each["partitions"])
            return (
                held == [*numbers]
                and len(told["projectors"]) == 2
                and all(each["partitions"] for each in told["projectors"])
                and (told["behind"], words(told)) == (0, {"caught-up"})
            )

        await until(shared, "two projectors that share what there is, and nothing waiting", 90)
        told = seen[-1]
        for each in told["projectors"]:
            assert each["version"] == VERSION
            assert 0 <= each["seen_seconds_ago"] < 60
            owned = [one for one in told["partitions"] if one["owner"] == each["name"]]
            assert [one["partition"] for one in owned] == each["partitions"]
        for each in told["partitions"]:
            assert each["log_first"] == each["folded_to"] - 3
            assert each["log_end"] == each["folded_to"]
            assert each["events"] == each["views"] > 0
        (live,) = told["generations"]
        assert (live["generation"], live["state"], live["views"]) == (1, "live", counted)
        assert sum(each["views"] for each in told["partitions"]) == counted
        assert {one["name"] for one in told["jobs"]} <= {"retention", "rollup", "replay"}
        # The same as the command line says: both read one piece.
        names = [each["name"] for each in told["projectors"]]

        async def same() -> bool:
            code, out, _ = await footfall(backend, "status")
            return code == 0 and all(name in out for name in names)

        await until(same, "footfall status naming the same projectors", 90)


async def test_a_rebuild_is_told_while_it_runs(backend: Settings, read: httpx.AsyncClient) -> None:
    counted = sum((await fill(backend)).values())
    async with Role(backend, "projector") as projector:
        await projector.start()
        await until_told(read, "all being folded", behind=0)
        replay = asyncio.create_task(
            footfall(backend, "replay", "--workers", "1", "--keep-previous")
        )
        seen: list[Any] = []

        async def promoted() -> bool:
            told = await operations(read)
            if told["building"]:
                seen.append(told["building"])
            return replay.done() and told["generation"] == 2

        await until(promoted, "generation 2 being live", 120)
        code, _, err = await replay
        assert code == 0, err
        assert seen
        order = ["loading", "sorting", "catching-up", "comparing", "adding-up"]
        phases = [order.index(one["phase"]) for one in seen]
        assert phases == sorted(phases), [one["phase"] for one in seen]
        for one in seen:
            assert (one["generation"], one["purpose"]) == (2, "replay")
            assert 0 <= one["done"] <= one["total"]
            assert one["progress"] is None or 0 <= one["progress"] <= 1
        assert any(one["held_by"] for one in seen)
        told = await operations(read)
        assert told["building"] is None
        states = {one["generation"]: one["state"] for one in told["generations"]}
        assert states == {1: "previous", 2: "live"}
        assert {one["views"] for one in told["generations"]} == {counted}
        assert [bool(one["keep_until"]) for one in told["generations"]] == [True, False]


@pytest.mark.private_servers
@pytest.mark.rabbitmq
async def test_a_broker_that_is_away_leaves_what_waits_unknown(tmp_path: Path) -> None:
    with PrivateRabbitMQ() as broker:
        settings = replace(
            embedded(tmp_path),
            rabbitmq_url=broker.url,
            stream_prefix=f"test-{uuid.uuid4().hex[:8]}",
        )
        await migrate(settings)
        async with (
            Role(settings, "up") as role,
            httpx.AsyncClient(base_url=role.url, timeout=30) as client,
        ):
            await role.serving()
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            await until_told(client, "the log answering", behind=0, log={"answers": True})
            await asyncio.to_thread(broker.kill)

            async def away() -> bool:
                told = await operations(client)
                return not told["log"]["answers"] and told["behind"] is None

            await until(away, "the broker being told as away", 60)
            told = await operations(client)
            assert told["log"]["reason"]
            assert told["log"]["since"]
            assert told["database"] == {"answers": True}
            assert {one["log_end"] for one in told["partitions"]} == {None}
            assert sum(one["events"] for one in told["partitions"]) == 1
            await asyncio.to_thread(broker.start)
            await until_told(client, "the log answering again", behind=0, log={"answers": True})


@pytest.mark.private_servers
@pytest.mark.postgres
async def test_a_database_that_is_away_leaves_what_was_known(tmp_path: Path) -> None:
    with PrivatePostgres() as database:
        name = f"test_{uuid.uuid4().hex[:12]}"
        async with engine_at(database.url, read_only=True) as engine:
            async with engine.connect() as connection:
                await connection.execute(text(f"CREATE DATABASE {name}"))
        url = make_url(database.url).set(database=name).render_as_string()
        settings = replace(embedded(tmp_path), database_url=url)
        await migrate(settings)
        async with (
            Role(settings, "up") as role,
            httpx.AsyncClient(base_url=role.url, timeout=30) as client,
        ):
            await role.serving()
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            before = await until_told(client, "all being folded", behind=0, generation=1)
            await asyncio.to_thread(database.kill)

            async def silent(answers: bool) -> bool:
                return bool((await operations(client))["database"]["answers"]) == answers

            await until(partial(silent, False), "the database being told as away", 60)
            told = await operations(client)
            assert told["database"]["reason"]
            assert told["log"] == {"answers": True}
            assert told["generation"] == before["generation"]
            assert told["generations"]
            assert len(told["partitions"]) == settings.num_partitions
            await asyncio.to_thread(database.start)
            await until(partial(silent, True), "the database answering again", 60)
