"""A broker's node that is cut off from the others, and a projector that reads from it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from cli.wiring.process import now_ms
from cli.wiring.projector import open_supervisor
from domain.checkpoint import Checkpoint
from domain.errors import LogUnavailable
from domain.events import Partition
from domain.ports.log import LogWriter
from domain.settings import Settings
from domain.wire import encode
from log.rabbitmq.writer import RabbitLogWriter
from rows.opening import open_rows
from tests.acceptance.processes import until
from tests.acceptance.test_exactly_once import checkpoints
from tests.cluster.nodes import PrivateCluster
from tests.cluster.settings import replicated
from tests.conftest import PARTITIONS
from tests.factories import batch

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    pytest.mark.postgres,
    pytest.mark.timeout(300),
]

# About 15 on an idle machine: quiet for a while, a look, a moment of grace, another node.
_MOVES_SECONDS = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    # The node that is alone goes on answering.
    with PrivateCluster({"cluster_partition_handling": "ignore"}) as found:
        yield found


@pytest.fixture
async def settings(cluster: PrivateCluster, tmp_path: Path) -> AsyncIterator[Settings]:
    async with replicated(cluster, tmp_path) as found:
        yield found


class Confirmed:
    """Batches that the log has confirmed, and when that was by the clock of the database."""

    def __init__(self, settings: Settings, writer: LogWriter) -> None:
        self._settings = settings
        self._writer = writer
        self._sequence = count(1)
        self.moments: dict[Partition, list[int]] = defaultdict(list)

    async def append(self, partition: Partition) -> None:
        """One more, however often that has to be tried."""
        body = encode(batch(producer=f"p{partition}", sequence=next(self._sequence)))
        async with asyncio.timeout(120), open_rows(self._settings, now_ms, read_only=True) as rows:
            while True:
                try:
                    await self._writer.append(partition, body)
                except LogUnavailable:
                    await asyncio.sleep(0.2)
                else:
                    break
            self.moments[partition].append(await rows.watermarks.now_ms())

    def folded(self, found: list[Checkpoint]) -> bool:
        """Is each of them?"""
        events = {one.partition: one.events for one in found}
        return all(events.get(p, 0) >= len(of_it) for p, of_it in self.moments.items())

    def assert_complete(self, found: list[Checkpoint]) -> None:
        """Everything is counted that was confirmed before the moment a checkpoint tells."""
        for one in found:
            before = [at for at in self.moments[one.partition] if at < one.complete_ms]
            assert one.events >= len(before), (one, self.moments[one.partition])


@asynccontextmanager
async def projecting(settings: Settings) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with open_supervisor(settings) as supervisor:
        running = asyncio.create_task(supervisor.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running


async def test_what_others_have_confirmed_is_read_from_them_and_never_called_counted_before(
    cluster: PrivateCluster,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cut, *others = cluster.nodes
    # In the order of the URL: the projector reads from the first.
    monkeypatch.setattr("log.rabbitmq.broker.nodes_of", lambda url: url.split(","))
    url, prefix = ",".join(node.url for node in others), settings.stream_prefix
    writer = RabbitLogWriter(url, prefix, PARTITIONS, confirm_timeout_seconds=5)
    confirmed = Confirmed(settings, writer)

    async def all_folded() -> bool:
        found = await checkpoints(settings)
        confirmed.assert_complete(found)
        return confirmed.folded(found)

    async def complete_to_the_last() -> bool:
        found = await checkpoints(settings)
        confirmed.assert_complete(found)
        return all(one.complete_ms > max(confirmed.moments[one.partition]) for one in found)

    async with projecting(settings):
        for partition in map(Partition, range(PARTITIONS)):
            await confirmed.append(partition)
        await until(all_folded, "the first batches being folded", _MOVES_SECONDS)
        await until(complete_to_the_last, "the rows being complete", _MOVES_SECONDS)
        await asyncio.to_thread(cluster.cut_off, cut)
        try:
            for partition in map(Partition, range(PARTITIONS)):
                await confirmed.append(partition)
            await until(all_folded, "the fold going on elsewhere", _MOVES_SECONDS)
            await until(complete_to_the_last, "the rows being complete again", _MOVES_SECONDS)
        finally:
            await asyncio.to_thread(cluster.rejoin, cut)
    await writer.close()
    # RabbitMQ itself ends the reading too, after about a minute: it was not waited for.
    left = [record.message for record in caplog.records if "is cut off or behind" in record.message]
    assert any(f"RabbitMQ at 127.0.0.1:{cut.port} says nothing beyond" in line for line in left)
