"""A cluster that grew: its streams get replicas on the new nodes, while views go on."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from domain.settings import Settings
from tests.acceptance.processes import footfall, until
from tests.acceptance.test_exactly_once import folded, stored
from tests.acceptance.test_outages import Impatient, Visitors
from tests.cluster.nodes import Node, PrivateCluster
from tests.conftest import embedded, postgres_database

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    pytest.mark.postgres,
    pytest.mark.timeout(600),
]

PARTITIONS = 1


@pytest.fixture
def cluster() -> Iterator[PrivateCluster]:
    """One node; the others have not joined it yet."""
    with PrivateCluster(management=True, together=1) as found:
        yield found


@pytest.fixture
async def settings(
    cluster: PrivateCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settings]:
    """Of a machine that has RabbitMQ's tools, and the secret that nodes share."""
    monkeypatch.setenv("HOME", str(cluster.nodes[0].folder))
    monkeypatch.delenv("RABBITMQ_ERLANG_COOKIE", raising=False)
    async with postgres_database() as database_url:
        yield replace(
            embedded(tmp_path),
            database_url=database_url,
            rabbitmq_url=cluster.url,
            rabbitmq_management_url=",".join(node.management_url for node in cluster.nodes),
            stream_prefix=f"test-{uuid.uuid4().hex[:12]}",
            num_partitions=PARTITIONS,
            request_timeout_ms=10_000,
        )


async def test_the_node_that_was_the_only_one_may_be_lost(
    cluster: PrivateCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cluster.nodes[0]
    await migrated(settings, "--replicas", "1")
    refused = await footfall(settings, "migrate", "--replicas", "3")
    assert refused[0] == 1
    assert "3 replicas need as many nodes, the cluster has 1" in refused[2]
    async with Impatient(settings, "ingest") as ingest, Impatient(settings, "projector") as fold:
        await ingest.serving()
        await fold.start()
        visitors = Visitors(ingest.url, clients=2, deadline_seconds=10)
        visitors.come()
        await visitors.until_confirmed()
        with ThreadPoolExecutor() as pool:
            loop = asyncio.get_running_loop()
            joining = (loop.run_in_executor(pool, Node.start, node) for node in cluster.nodes[1:])
            await asyncio.gather(*joining)
        few = await until_said(settings, f"WARN  log, replicas ({settings.stream_prefix}.0): ")
        assert f"1 replica of 3 nodes, on {first.name}; when it is lost so is what it" in few

        await migrated(settings, "--replicas", "3")
        again = await migrated(settings, "--replicas", "3")
        assert "log: 3 replicas of each stream already" in again
        assert "copying" not in again
        await until_said(settings, "OK    log, replicas (1 stream, 3 replicas on 3 nodes)")

        await asyncio.to_thread(first.kill)
        await visitors.until_confirmed()
        await visitors.leave()
        await until(lambda: folded(settings), "the fold catching up", 60)
        visitors.assert_counted_once(await stored(settings))
    await until_said(
        settings,
        f": {first.name} offline, 2 of 3 replicas online: start RabbitMQ on {first.name}",
    )
    assert "WARN  log, nodes: " in await check(settings)


async def migrated(settings: Settings, *arguments: str) -> str:
    code, out, err = await footfall(settings, "migrate", *arguments)
    assert code == 0, out + err
    return out


async def check(settings: Settings) -> str:
    code, out, err = await footfall(settings, "check")
    assert code == 0, out + err
    return out


async def until_said(settings: Settings, beginning: str) -> str:
    """The line of check that begins so: what RabbitMQ says of streams is some seconds old."""
    found: list[str] = []

    async def said() -> bool:
        found[:] = (line for line in (await check(settings)).splitlines() if beginning in line)
        return bool(found)

    await until(said, beginning, 60)
    return found[0]
