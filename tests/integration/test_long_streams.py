"""The node that leads most is killed when an hour's views are in the streams: none is refused."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from domain.events import Partition
from domain.partitioning import partition_for
from domain.retention import SEGMENT_BYTES
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_writer
from tests.acceptance.processes import until
from tests.acceptance.test_outages import Impatient
from tests.cluster.filling import fill, last_chunks
from tests.cluster.nodes import PrivateCluster
from tests.cluster.settings import replicated, streams
from tests.factories import batch

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    pytest.mark.postgres,
    pytest.mark.timeout(600),
]

PARTITIONS = 6
MESSAGES = 72_000
"""In each stream, as an hour of a thousand views a second over ten partitions leaves them."""
DEADLINE_SECONDS = 10.0
HOUR = "2025-07-16T10:00:00Z"


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster() as found:
        yield found


@pytest.fixture
async def settings(cluster: PrivateCluster, tmp_path: Path) -> AsyncIterator[Settings]:
    patience_ms = int(DEADLINE_SECONDS * 1_000)
    async with replicated(
        cluster, tmp_path, num_partitions=PARTITIONS, request_timeout_ms=patience_ms
    ) as found:
        writer = open_writer(found)
        await writer.append(Partition(0), encode(batch()))
        await writer.close()
        yield found


class Regulars:
    """Clients of every partition, one after the other; when each of these was confirmed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._leaving = False
        self._running: asyncio.Task[None] | None = None
        self.confirmed: dict[Partition, list[float]] = defaultdict(list)
        self.refused: list[str] = []

    def come(self) -> None:
        self._running = asyncio.create_task(self._come())

    async def leave(self) -> None:
        self._leaving = True
        if self._running is not None:
            await self._running

    async def _come(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            await asyncio.gather(*(self._view(client, page) for page in _pages()))

    async def _view(self, client: httpx.AsyncClient, page: str) -> None:
        while not self._leaving:
            response = await client.post("/page-views/multi", json={page: {HOUR: 1}})
            if response.status_code == 202:
                self.confirmed[partition_for(page, PARTITIONS)].append(time.monotonic())
            else:
                self.refused.append(response.text)
            await asyncio.sleep(0.05)

    async def until_all_are_confirmed(self, more: int) -> None:
        enough = {p: len(self.confirmed[Partition(p)]) + more for p in range(PARTITIONS)}

        async def confirmed() -> bool:
            return all(len(self.confirmed[Partition(p)]) >= n for p, n in enough.items())

        await until(confirmed, f"{more} views of every partition being confirmed", 60)

    def longest_pause(self) -> float:
        """Between two confirms of a partition, in seconds."""
        found = self.confirmed.values()
        return max(b - a for times in found for a, b in pairwise(times))


def _pages() -> list[str]:
    """Two for each partition."""
    found: dict[Partition, list[str]] = defaultdict(list)
    for number in range(1_000):
        page = f"example.com/{number}"
        found[partition_for(page, PARTITIONS)].append(page)
    return [page for pages in found.values() for page in pages[:2]]


async def test_after_an_hours_views_the_loss_of_a_node_refuses_none(
    cluster: PrivateCluster, settings: Settings
) -> None:
    names = streams(settings)
    await asyncio.to_thread(fill, cluster, names, MESSAGES, SEGMENT_BYTES)
    async with Impatient(settings, "ingest") as ingest:
        await ingest.serving(60)
        regulars = Regulars(ingest.url)
        regulars.come()
        await regulars.until_all_are_confirmed(10)
        leaders = [await asyncio.to_thread(cluster.leader, name) for name in names]
        most = max(cluster.nodes, key=leaders.count)
        # What the next leader reads through.
        others = [node for node in cluster.nodes if node is not most]
        assert all(last_chunks(n, name) < MESSAGES / 4 for n in others for name in names)
        await asyncio.to_thread(most.kill)
        await regulars.until_all_are_confirmed(20)
        await regulars.leave()
        assert not regulars.refused
        assert regulars.longest_pause() < DEADLINE_SECONDS
