"""Three RabbitMQ nodes that lose their leaders, by a death or as docs/scaling.md restarts them."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.events import Offset, Partition
from domain.partitioning import stream_name
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.acceptance.processes import until
from tests.acceptance.test_exactly_once import folded, stored
from tests.acceptance.test_outages import Impatient, Visitors
from tests.cluster.nodes import PrivateCluster
from tests.cluster.settings import replicated, streams

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    # Each node takes its time to start, and a stream to have its replica again.
    pytest.mark.timeout(600),
]

ONE, TWO = Partition(0), Partition(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster({"cluster_partition_handling": "pause_minority"}) as found:
        yield found


async def test_a_batch_whose_leader_dies_is_confirmed_by_the_next_one_and_so_is_what_follows(
    cluster: PrivateCluster,
) -> None:
    leader, other = cluster.nodes[1], cluster.nodes[0]
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    await declare_streams(leader.url, prefix, 2)
    both = [stream_name(prefix, partition) for partition in (ONE, TWO)]
    await asyncio.to_thread(cluster.wait_until_replicated, *both)
    # So patient that only a confirm ends the waiting.
    writer = RabbitLogWriter(other.url, prefix, 2, confirm_timeout_seconds=100)
    for number in range(5):
        await writer.append(TWO, b"%d" % number)
    await writer.append(ONE, b"before")
    leader.freeze()
    under_way = asyncio.create_task(writer.append(ONE, b"under way"))
    done, _ = await asyncio.wait({under_way}, timeout=1)
    assert not done
    await asyncio.to_thread(leader.kill)
    async with asyncio.timeout(60):
        await under_way
        await writer.append(ONE, b"after")
    await writer.close()
    reader = RabbitLogReader(other.url, prefix)
    async with reader.subscribe(ONE, Offset(0)) as subscription:
        found: list[bytes] = []
        while len(found) < 3:
            taken = await subscription.take(10, 20)
            assert taken, found
            found += [entry.body for entry in taken]
        # Nothing comes twice.
        assert not await subscription.take(10, 1)
    await reader.close()
    assert found == [b"before", b"under way", b"after"]
    await asyncio.to_thread(leader.start)


@pytest.mark.postgres
async def test_no_view_is_refused_while_every_node_is_restarted(
    cluster: PrivateCluster, tmp_path: Path
) -> None:
    async with replicated(cluster, tmp_path, request_timeout_ms=10_000) as settings:
        async with (
            Impatient(settings, "ingest") as ingest,
            Impatient(settings, "projector") as projector,
        ):
            await ingest.serving(120)
            await projector.start()
            visitors = Visitors(ingest.url, deadline_seconds=10)
            visitors.come()
            for node in cluster.nodes:
                await asyncio.to_thread(cluster.wait_until_replicated, *streams(settings))
                await visitors.until_confirmed()
                await asyncio.to_thread(node.restart)
            await visitors.until_confirmed()
            await visitors.leave()
            await until(lambda: folded(settings), "the fold catching up", 60)
            visitors.assert_counted_once(await stored(settings))
            assert not visitors.refused
            for role in (ingest, projector):
                await role.stop()
                assert "Traceback" not in role.log()
