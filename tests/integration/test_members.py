"""Three nodes: what check says of who leads and of nodes that are cut off, and what mends it."""

import asyncio
import os
import shlex
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cli.output.members import lines
from domain.errors import LogUnavailable
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from log.opening import open_log, open_reader, open_writer
from log.rabbitmq.streams import declare_streams
from tests.acceptance.processes import until
from tests.cluster.nodes import Node, PrivateCluster
from tests.conftest import embedded

pytestmark = [pytest.mark.machines, pytest.mark.private_servers, pytest.mark.timeout(600)]

PARTITIONS = 3
STREAMS = [Partition(p) for p in range(PARTITIONS)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    """Nodes that go on when they are cut off, as RabbitMQ does unless told otherwise."""
    with PrivateCluster({"cluster_partition_handling": "ignore"}, management=True) as found:
        yield found


@pytest.fixture
async def settings(cluster: PrivateCluster, tmp_path: Path) -> Settings:
    """Streams of the test's own, on all nodes."""
    found = of(cluster, tmp_path)
    await declared(cluster, found, cluster.url)
    return found


def of(cluster: PrivateCluster, folder: Path) -> Settings:
    return replace(
        embedded(folder),
        rabbitmq_url=cluster.url,
        rabbitmq_management_url=",".join(node.management_url for node in cluster.nodes),
        stream_prefix=f"test-{uuid.uuid4().hex[:12]}",
        num_partitions=PARTITIONS,
        request_timeout_ms=10_000,
    )


async def declared(cluster: PrivateCluster, settings: Settings, url: str) -> None:
    """Streams on all nodes, led by those of `url`."""
    await declare_streams(url, settings.stream_prefix, PARTITIONS)
    names = [stream_name(settings.stream_prefix, partition) for partition in STREAMS]
    await asyncio.to_thread(cluster.wait_until_replicated, *names)


async def said(settings: Settings) -> Sequence[str]:
    """What check says of nodes, replicas and leaders."""
    found = await open_log(settings).replication(STREAMS)
    assert found is not None
    return list(lines(found, settings.rabbitmq_url or ""))


async def until_said(settings: Settings, *beginnings: str) -> Sequence[str]:
    """The lines, once they begin so: what RabbitMQ says of streams is some seconds old."""
    told: list[str] = []

    async def begins() -> bool:
        told[:] = await said(settings)
        return len(told) == len(beginnings) and all(map(str.startswith, told, beginnings))

    try:
        await until(begins, f"check saying {beginnings}", 90)
    except AssertionError as error:
        raise AssertionError(f"{error}, but {told}") from error
    return told


async def test_the_command_that_is_printed_spreads_the_leaders_while_views_go_on(
    cluster: PrivateCluster, tmp_path: Path
) -> None:
    settings, first = of(cluster, tmp_path), cluster.nodes[0]
    # As it is after the others were lost once: they come back and lead nothing.
    await declared(cluster, settings, first.url)
    _, piled = await until_said(
        settings, "OK    log, replicas (3 streams, 3", "WARN  log, leaders: "
    )
    assert f": {first.name} leads 3 of 3 streams, which all pause when it is lost" in piled
    taken = dict.fromkeys(STREAMS, 0)
    going = asyncio.create_task(append_all_the_time(settings, taken))
    try:
        await until_taken(taken)
        await asyncio.to_thread(run, first, piled.rpartition("): ")[2])
        await until_taken(taken)
        await until_said(settings, "OK    log, replicas (3 streams, 3 replicas on 3 nodes)")
    finally:
        going.cancel()
        await asyncio.wait({going})
    reader = open_reader(settings)
    for partition in STREAMS:
        assert (await reader.bounds(partition)).end >= taken[partition]
    await reader.close()


async def test_a_node_that_is_cut_off_is_an_error_until_it_is_mended(
    cluster: PrivateCluster, settings: Settings
) -> None:
    alone = cluster.nodes[2]
    await asyncio.to_thread(cluster.cut_off, alone)
    told = await until_said(settings, *["ERROR log, nodes: "] * 2)
    assert all(alone.name in line and "do not see each other" in line for line in told)
    assert {node.name for node in cluster.nodes[:2] if any(node.name in line for line in told)}

    await asyncio.to_thread(cluster.rejoin, alone)
    (fell_apart,) = await until_said(settings, "ERROR log, nodes: the cluster fell apart")
    assert alone.name in fell_apart
    assert "rabbitmqctl stop_app, start_app" in fell_apart
    await asyncio.to_thread(alone.ctl, "stop_app")
    await asyncio.to_thread(alone.ctl, "start_app")
    mended = await until_mended(settings)
    assert mended.startswith("OK    log, replicas (3 streams, 3 replicas on 3 nodes)")


async def test_a_node_that_does_not_answer_is_a_warning_and_the_others_tell(
    cluster: PrivateCluster, settings: Settings
) -> None:
    lost = cluster.nodes[1]
    await asyncio.to_thread(lost.kill)
    try:
        beginning = f"WARN  log, nodes: 127.0.0.1:{lost.port} of RABBITMQ_URL does not answer: "
        node, replicas, *_ = await until_lost(settings, beginning)
        assert "Connect call failed" in node
        assert f"{lost.name} offline, 2 of 3 replicas online: start RabbitMQ on" in replicas
    finally:
        await asyncio.to_thread(lost.start)


async def test_without_the_management_api_it_is_one_note(settings: Settings) -> None:
    (note,) = await said(replace(settings, rabbitmq_management_url="http://127.0.0.1:9"))
    assert note.startswith("NOTE  log, replicas: which nodes hold the streams cannot be seen, the ")
    assert "http://127.0.0.1:9 does not answer" in note


async def until_mended(settings: Settings) -> str:
    told: list[str] = []

    async def mended() -> bool:
        told[:] = await said(settings)
        return told[0].startswith("OK")

    await until(mended, "the cluster being mended", 90)
    return told[0]


async def until_lost(settings: Settings, beginning: str) -> Sequence[str]:
    told: list[str] = []

    async def lost() -> bool:
        told[:] = await said(settings)
        return len(told) > 1 and told[0].startswith(beginning) and " offline, " in told[1]

    await until(lost, beginning, 90)
    return told


async def append_all_the_time(settings: Settings, taken: dict[Partition, int]) -> None:
    """Counts what was confirmed; what was not is tried again, as ingest does."""
    writer = open_writer(settings)

    async def append(partition: Partition) -> None:
        while True:
            try:
                await writer.append(partition, b"x" * 200)
            except LogUnavailable:
                await asyncio.sleep(0.1)
            else:
                taken[partition] += 1
                await asyncio.sleep(0.02)

    try:
        await asyncio.gather(*map(append, STREAMS))
    finally:
        await writer.close()


async def until_taken(taken: dict[Partition, int], more: int = 20) -> None:
    """Each partition has taken so many more."""
    goal = {partition: count + more for partition, count in taken.items()}

    async def grown() -> bool:
        return all(taken[partition] >= goal[partition] for partition in goal)

    await until(grown, "views being taken in every partition", 90)


def run(node: Node, command: str) -> None:
    """A loop as check prints it, where RabbitMQ's tools are."""
    tools = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin"))
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": path,
        "HOME": str(node.folder),
        "RABBITMQ_NODENAME": node.name,
    }
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, shlex.quote(command) + done.stdout + done.stderr
