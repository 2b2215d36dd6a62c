import asyncio

import pytest

from domain.checkpoint import Bounds
from domain.errors import HistoryTruncated, LogUnavailable, LogWentBackward
from domain.events import Entry, Offset, Partition
from log.rabbitmq.nodes import NodesLogReader
from tests.fakes import FakeLog

ONE = Partition(1)


class Node(FakeLog):
    """A node with a replica of `length` entries; it can be lost."""

    def __init__(self, length: int, *, lost: bool = False, replica: bool = True) -> None:
        super().__init__()
        self.entries[ONE] = [b"%d" % number for number in range(length)]
        self.lost = lost
        self.replica = replica
        self.pings = 0

    async def ping(self) -> None:
        self.pings += 1
        if self.lost:
            raise LogUnavailable("lost")

    async def bounds(self, partition: Partition) -> Bounds:
        if self.lost or not self.replica:
            raise LogUnavailable("no replica")
        return await super().bounds(partition)


async def read(log: NodesLogReader, offset: int) -> list[Entry]:
    async with log.subscribe(ONE, Offset(offset)) as subscription:
        return list(await subscription.take(10, 1))


@pytest.mark.parametrize(
    "nodes",
    [
        [Node(5), Node(5)],
        [Node(5, lost=True), Node(5)],
        [Node(5, replica=False), Node(5)],
        [Node(2), Node(5)],
        [Node(2), Node(5, lost=True), Node(5)],
    ],
    ids=["all there", "lost", "without a replica", "behind", "behind and lost"],
)
async def test_a_node_that_cannot_is_passed_over(nodes: list[Node]) -> None:
    log = NodesLogReader(nodes)
    assert await read(log, 4) == [Entry(Offset(4), b"4")]
    assert (await log.bounds(ONE)).first == 0
    await log.ping()


async def test_a_lost_node_is_asked_last_from_then_on() -> None:
    lost, alive = Node(5, lost=True), Node(5)
    log = NodesLogReader([lost, alive])
    for _ in range(5):
        await read(log, 0)
    assert lost.pings == 1


async def test_a_log_that_all_say_went_backward_went_backward() -> None:
    with pytest.raises(LogWentBackward):
        await read(NodesLogReader([Node(2), Node(2, lost=True), Node(3)]), 4)


async def test_where_no_node_can_be_asked_the_log_is_unavailable() -> None:
    log = NodesLogReader([Node(5, lost=True), Node(5, lost=True)])
    with pytest.raises(LogUnavailable):
        await read(log, 4)
    with pytest.raises(LogUnavailable):
        await log.ping()


async def test_what_fails_while_reading_is_not_tried_elsewhere() -> None:
    with pytest.raises(HistoryTruncated):
        async with NodesLogReader([Node(5), Node(5)]).subscribe(ONE, Offset(0)):
            raise HistoryTruncated("while reading")


async def test_lost_nodes_are_waited_for_once_by_all_who_ask() -> None:
    nodes = [Node(5, lost=True), Node(5, lost=True)]
    log = NodesLogReader(nodes)
    asked = await asyncio.gather(*(log.bounds(ONE) for _ in range(20)), return_exceptions=True)
    assert {type(found) for found in asked} == {LogUnavailable}
    assert [node.pings for node in nodes] == [1, 1]
