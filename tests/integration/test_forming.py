"""A cluster that was formed a moment ago: its nodes answer before they find each other."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from domain.events import Partition
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from tests.cluster.nodes import NODES, PrivateCluster

pytestmark = [pytest.mark.machines, pytest.mark.private_servers, pytest.mark.timeout(300)]

_PARTITIONS = 3
_ROUNDS = 2


@pytest.fixture
def forming() -> Iterator[PrivateCluster]:
    with PrivateCluster(together=1) as found:
        yield found


async def test_streams_are_made_while_nodes_join(forming: PrivateCluster) -> None:
    """One node has streams already; of the others each is asked for some a moment after it came."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    await declare_streams(forming.nodes[0].url, f"{prefix}-0", 1)
    async with asyncio.TaskGroup() as group:
        for node in forming.nodes[1:]:
            group.create_task(asyncio.to_thread(node.start))
    for number in range(1, _ROUNDS + 1):
        await declare_streams(forming.url, f"{prefix}-{number}", _PARTITIONS)
    assert len(forming.alive) == NODES
    reader = RabbitLogReader(forming.nodes[0].url, f"{prefix}-{_ROUNDS}")
    for partition in range(_PARTITIONS):
        assert (await reader.bounds(Partition(partition))).end == 0
    await reader.close()
