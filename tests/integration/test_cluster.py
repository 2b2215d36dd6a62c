"""Three RabbitMQ nodes: the one that leads a stream is killed, and every 202 is counted once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from log.opening import open_reader, open_writer
from log.rabbitmq.broker import connect
from log.rabbitmq.errors import NoMember
from tests.acceptance.processes import footfall, until
from tests.acceptance.test_exactly_once import checkpoints, folded, stored
from tests.acceptance.test_outages import Impatient, Visitors
from tests.cluster.nodes import PrivateCluster
from tests.cluster.settings import replicated, streams
from tests.conftest import PARTITIONS

pytestmark = [
    pytest.mark.private_servers,
    pytest.mark.postgres,
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster() as found:
        yield found


@pytest.fixture
async def settings(cluster: PrivateCluster, tmp_path: Path) -> AsyncIterator[Settings]:
    """A database and replicated streams of the test's own."""
    async with replicated(cluster, tmp_path, request_timeout_ms=10_000) as found:
        yield found


async def test_streams_are_on_every_node_and_their_leaders_on_different_ones(
    cluster: PrivateCluster, settings: Settings
) -> None:
    leaders = {cluster.leader(stream).name for stream in streams(settings)}
    assert len(leaders) > 1


async def test_a_node_without_a_replica_is_passed_over(
    cluster: PrivateCluster, settings: Settings
) -> None:
    partition = Partition(PARTITIONS)
    connection = await connect(cluster.nodes[0].url, "footfall tests")
    async with connection, connection.channel() as channel:
        await channel.declare_queue(
            stream_name(settings.stream_prefix, partition),
            durable=True,
            arguments={"x-queue-type": "stream", "x-initial-cluster-size": 1},
        )
    writer = open_writer(replace(settings, num_partitions=PARTITIONS + 1))
    await writer.append(partition, b"x")
    await writer.close()
    elsewhere = open_reader(replace(settings, rabbitmq_url=cluster.nodes[1].url))
    with pytest.raises(NoMember, match="replica"):
        await elsewhere.bounds(partition)
    await elsewhere.close()
    for _ in range(3):
        anywhere = open_reader(settings)
        assert (await anywhere.bounds(partition)).end == 1
        await anywhere.close()


async def test_migrate_check_and_status_do_without_a_node_that_is_lost(
    cluster: PrivateCluster, settings: Settings
) -> None:
    await asyncio.to_thread(cluster.nodes[0].kill)
    for verb in ("migrate", "check", "status"):
        code, out, err = await footfall(settings, verb)
        assert code == 0, out + err
    await asyncio.to_thread(cluster.nodes[0].start)
    await asyncio.to_thread(cluster.wait_until_replicated, *streams(settings))


async def test_views_are_exact_through_the_death_of_a_leader(
    cluster: PrivateCluster, settings: Settings
) -> None:
    stream = streams(settings)[0]
    async with (
        Impatient(settings, "ingest") as ingest,
        Impatient(settings, "projector") as one,
        Impatient(settings, "projector") as two,
    ):
        await ingest.serving()
        await one.start()
        await two.start()
        visitors = Visitors(ingest.url, deadline_seconds=10)
        visitors.come()
        for _ in range(2):
            await visitors.until_confirmed()
            leader = await asyncio.to_thread(cluster.leader, stream)
            await asyncio.to_thread(leader.kill)
            await visitors.until_confirmed()
            before = await offsets(settings)
            await until(lambda: all_beyond(settings, before), "every partition being folded")  # noqa: B023
            assert await asyncio.to_thread(cluster.leader, stream) is not leader
            await asyncio.to_thread(leader.start)
            await asyncio.to_thread(cluster.wait_until_replicated, stream)
        await visitors.until_confirmed()
        await visitors.leave()
        await until(lambda: folded(settings), "the fold catching up", 60)
        visitors.assert_counted_once(await stored(settings))
        # A batch whose confirm was lost with its node is sent again while its requests wait.
        assert not visitors.refused
        for role in (ingest, one, two):
            await role.stop()
            assert "Traceback" not in role.log()


async def offsets(settings: Settings) -> dict[Partition, int]:
    return {c.partition: c.next_offset for c in await checkpoints(settings)}


async def all_beyond(settings: Settings, before: dict[Partition, int]) -> bool:
    now = await offsets(settings)
    return all(now[partition] > offset for partition, offset in before.items())
