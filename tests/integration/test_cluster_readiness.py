"""A cluster that takes connections and confirms nothing is not ready, and says so by itself."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from tests.acceptance.processes import footfall, until
from tests.acceptance.test_outages import Impatient
from tests.cluster.nodes import PrivateCluster
from tests.conftest import PARTITIONS, embedded

pytestmark = [pytest.mark.machines, pytest.mark.private_servers, pytest.mark.timeout(400)]

VIEW = {"page": "example.com/x", "timestamp": "2025-07-16T10:00:00Z"}
# The last confirm is fresh for 10 s, then a probe waits as long as requests do.
SECONDS = 120
UNCONFIRMED = "RabbitMQ confirms nothing of partition"


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster({"cluster_partition_handling": "ignore"}) as found:
        yield found


@pytest.fixture
async def settings(cluster: PrivateCluster, tmp_path: Path) -> Settings:
    found = replace(
        embedded(tmp_path),
        rabbitmq_url=cluster.url,
        stream_prefix=f"test-{uuid.uuid4().hex[:12]}",
        request_timeout_ms=3_000,
    )
    await migrate(found)
    streams = [stream_name(found.stream_prefix, Partition(p)) for p in range(PARTITIONS)]
    await asyncio.to_thread(cluster.wait_until_replicated, *streams)
    return found


class Idle:
    """An ingest that nobody sends views."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.said = ""

    async def ready(self) -> bool:
        found = await self._client.get("/ready")
        self.said = str(found.json()["checks"]["log"])
        return found.status_code == 200

    async def unconfirmed(self) -> bool:
        return not await self.ready() and UNCONFIRMED in self.said

    async def takes_views(self) -> bool:
        return (await self._client.post("/page-views/single", json=VIEW)).status_code == 202


async def test_without_a_majority_nothing_is_ready_until_the_nodes_are_back(
    cluster: PrivateCluster, settings: Settings
) -> None:
    code, out, err = await footfall(settings, "check")
    assert code == 0, out + err
    assert f"each of its {PARTITIONS} streams confirmed a message that counts for nothing" in out
    async with (
        Impatient(settings, "ingest") as ingest,
        httpx.AsyncClient(base_url=ingest.url, timeout=20) as client,
    ):
        await ingest.serving()
        idle = Idle(client)
        lost = cluster.nodes[1:]
        await asyncio.gather(*(asyncio.to_thread(node.kill) for node in lost))
        await until(idle.unconfirmed, "/ready saying that nothing is confirmed", SECONDS)
        code, out, _ = await footfall(settings, "check")
        assert code == 1
        assert f"ERROR log, appending (RabbitMQ): {UNCONFIRMED}" in out
        assert "rabbitmqctl cluster_status" in out
        assert out.count("of RABBITMQ_URL does not answer") == len(lost)
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in lost))
        await until(idle.ready, "being ready again", SECONDS)
        assert await idle.takes_views()
        assert "Traceback" not in ingest.log()


async def test_an_ingest_at_a_node_that_is_cut_off_is_not_ready_and_others_are(
    cluster: PrivateCluster, settings: Settings
) -> None:
    alone = cluster.nodes[0]
    only = replace(settings, rabbitmq_url=alone.url)
    async with (
        Impatient(only, "ingest") as there,
        Impatient(settings, "ingest") as anywhere,
        httpx.AsyncClient(base_url=there.url, timeout=20) as to_it,
        httpx.AsyncClient(base_url=anywhere.url, timeout=20) as to_all,
    ):
        await there.serving()
        await anywhere.serving()
        cut_off, other = Idle(to_it), Idle(to_all)
        await asyncio.to_thread(cluster.cut_off, alone)
        await until(cut_off.unconfirmed, "/ready saying that nothing is confirmed", SECONDS)
        await until(other.ready, "the other one being ready", SECONDS)
        assert await other.takes_views()
        await asyncio.to_thread(cluster.rejoin, alone)
        await until(cut_off.ready, "being ready again", SECONDS)
        assert await cut_off.takes_views()
