"""Processes whose NUM_PARTITIONS differ: what each says, and which of them does not start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import PARTITIONS
from tests.servers import free_port

pytestmark = pytest.mark.acceptance

MORE, FEWER = PARTITIONS + 3, PARTITIONS - 1


async def refusal(settings: Settings) -> str:
    """What an ingest says that does not start."""
    async with asyncio.timeout(60):
        code, _, error = await footfall(settings, "ingest")
    assert code == 1
    return error


async def test_an_ingest_that_knows_more_than_were_migrated_does_not_start(
    backend: Settings,
) -> None:
    more = replace(backend, num_partitions=MORE)
    said = await refusal(more)
    assert f"footfall: NUM_PARTITIONS is {MORE}" in said
    assert said.endswith("run footfall migrate\n")
    code, out, _ = await footfall(more, "check")
    assert code == 1
    assert f"run footfall migrate where {MORE} is right, or else set what the service has" in out
    _, out, _ = await footfall(more, "status")
    known = f"NUM_PARTITIONS here is {MORE}, the database knows {PARTITIONS} of them"
    assert known in out
    assert (await footfall(more, "migrate"))[0] == 0
    async with Role(more, "ingest") as ingest:
        await ingest.serving(60)


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_without_the_database_the_log_is_asked_and_without_both_it_starts(
    production: Settings,
) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere"
    no_database = replace(production, database_url=away, num_partitions=MORE)
    said = await refusal(no_database)
    assert f".{MORE - 1} does not exist: run footfall migrate" in said
    broker = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    async with Role(replace(no_database, rabbitmq_url=broker), "ingest") as ingest:
        await ingest.start()
        answer = await ingest.until_answering("/ready")
        assert answer.status_code == 503
        assert "RabbitMQ cannot be reached" in answer.json()["checks"]["log"]
    async with Role(replace(no_database, num_partitions=PARTITIONS), "ingest") as ingest:
        await ingest.serving(60)


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_without_the_log_the_database_is_asked(production: Settings) -> None:
    broker = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    said = await refusal(replace(production, rabbitmq_url=broker, num_partitions=MORE))
    assert f"NUM_PARTITIONS here is {MORE}, the database knows {PARTITIONS} of them" in said


@pytest.fixture
async def written(backend: Settings) -> AsyncIterator[Settings]:
    """A service whose partitions are all written and folded."""
    async with Role(backend, "ingest") as ingest, Role(backend, "projector") as projector:
        await ingest.serving(60)
        await projector.start()
        moments = {"2025-07-16T10:00:00Z": 1}
        views = {f"example.com/{number}": moments for number in range(50)}
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            assert (await client.post("/page-views/multi", json=views)).status_code == 202

        async def folded() -> bool:
            _, out, _ = await footfall(backend, "status")
            (line,) = [line for line in out.splitlines() if line.split()[:1] == ["all"]]
            return line.split()[-1] == "50"

        await until(folded, "all being folded", 60)
        yield backend


async def test_whoever_knows_fewer_than_are_written_says_so(written: Settings) -> None:
    fewer = replace(written, num_partitions=FEWER)
    sentence = (
        f"NUM_PARTITIONS here is {FEWER}, the service writes {PARTITIONS}: partition {FEWER} was "
        "written "
    )
    async with Role(fewer, "ingest") as ingest:
        await ingest.serving(60)
        (line,) = [line for line in ingest.log().splitlines() if sentence in line]
        assert " WARNING " in line
    code, out, _ = await footfall(fewer, "check")
    assert code == 0, out
    assert f"WARN  partitions: {sentence}" in out
    assert "not written any more" not in out
    _, out, _ = await footfall(fewer, "status")
    assert sentence in out


async def test_what_nobody_folds_is_judged_by_the_log(backend: Settings) -> None:
    async with Role(backend, "ingest") as ingest:
        await ingest.serving(60)
        moments = {"2025-07-16T10:00:00Z": 1}
        views = {f"example.com/{number}": moments for number in range(50)}
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            assert (await client.post("/page-views/multi", json=views)).status_code == 202
    _, out, _ = await footfall(replace(backend, num_partitions=1), "check")
    assert f"WARN  partitions: NUM_PARTITIONS here is 1, the service writes {PARTITIONS}" in out
    assert "NOTE  projectors: none is alive, nothing is folded until one starts" in out
