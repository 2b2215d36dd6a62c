"""Three RabbitMQ nodes: what becomes of batches whose stream loses its leader."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from domain.events import Offset, Partition
from domain.partitioning import stream_name
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.cluster.nodes import PrivateCluster

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

ONE, TWO = Partition(0), Partition(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster() as found:
        yield found


async def test_a_batch_whose_leader_dies_is_confirmed_by_the_next_one_and_so_is_what_follows(
    cluster: PrivateCluster,
) -> None:
    leader, other = cluster.nodes[1], cluster.nodes[0]
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    await declare_streams(leader.url, prefix, 2)
    streams = [stream_name(prefix, partition) for partition in (ONE, TWO)]
    await asyncio.to_thread(cluster.wait_until_replicated, *streams)
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
