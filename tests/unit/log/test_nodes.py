import asyncio
from contextlib import AsyncExitStack

import pytest

from domain.checkpoint import Bounds
from domain.errors import HistoryTruncated, LogUnavailable, LogWentBackward
from domain.events import Entry, Epoch, Offset, Partition
from domain.ports.log import Subscription
from log.rabbitmq.errors import NoMember, NoReplica
from log.rabbitmq.nodes import NodesLogReader
from log.rabbitmq.quiet import Watched
from projector.fold.completeness import Completeness
from projector.fold.runner import Runner
from projector.fold.standing import Standing
from tests.fakes import FakeLog, FakeStore

ONE = Partition(1)


class Node(FakeLog):
    """A node with a replica of `length` entries; it can be lost, or answer nothing for ever."""

    def __init__(
        self,
        length: int,
        *,
        lost: bool = False,
        replica: bool = True,
        member: bool = True,
        silent: bool = False,
    ) -> None:
        super().__init__()
        self.entries[ONE] = [b"%d" % number for number in range(length)]
        self.lost = lost
        self.replica = replica
        self.member = member
        self.silent = silent
        self.pings = self.asked = self.asking = self.most_asking = 0

    async def ping(self) -> None:
        self.pings += 1
        if self.lost:
            raise LogUnavailable("lost")

    async def bounds(self, partition: Partition) -> Bounds:
        if self.lost:
            raise LogUnavailable("lost")
        if not self.member:
            raise NoMember("no replica at all")
        if not self.replica:
            raise NoReplica("no replica")
        self.asked += 1
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        try:
            await asyncio.sleep(3_600 if self.silent else 0)
        finally:
            self.asking -= 1
        return await super().bounds(partition)

    def confirm(self, number: int = 1) -> None:
        """More of the log gets here, unheard until somebody asks."""
        here = self.entries[ONE]
        here += [b"%d" % (len(here) + more) for more in range(number)]


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


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("log.rabbitmq.quiet._FIRST_SECONDS", 0.05)
    monkeypatch.setattr("log.rabbitmq.quiet._LAST_SECONDS", 0.2)
    monkeypatch.setattr("log.rabbitmq.quiet._GRACE_SECONDS", 0.05)
    monkeypatch.setattr("log.rabbitmq.most._SLOW_SECONDS", 0.01)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "nodes",
    [
        [Node(2), Node(5), Node(5)],
        [Node(2), Node(5), Node(5, lost=True)],
        [Node(2, silent=True), Node(2), Node(5)],
        [Node(0, replica=False), Node(5), Node(5)],
        [Node(0, replica=False), Node(0, replica=False), Node(5)],
        [Node(2), Node(5)],
        [Node(5), Node(2, lost=True)],
    ],
    ids=["behind", "and lost", "silent", "no replica", "one replica", "two", "one of two"],
)
async def test_the_log_ends_where_most_nodes_say(nodes: list[Node]) -> None:
    assert await NodesLogReader(nodes).bounds(ONE) == Bounds(Offset(0), Offset(5))


@pytest.mark.parametrize(
    "nodes",
    [
        [Node(2), Node(5, lost=True), Node(5, lost=True)],
        [Node(2), Node(0, replica=False), Node(5, lost=True)],
        [Node(0, replica=False), Node(0, replica=False)],
    ],
    ids=["one of three", "one of two that may have one", "none has a replica"],
)
async def test_where_too_few_nodes_say_it_the_end_is_not_known(nodes: list[Node]) -> None:
    with pytest.raises(LogUnavailable):
        await NodesLogReader(nodes).bounds(ONE)


async def test_who_holds_no_replica_has_no_say() -> None:
    def strangers() -> list[Node]:
        return [Node(0, member=False), Node(0, member=False)]

    # Three replicas on five nodes, and one of the three is lost.
    log = NodesLogReader([*strangers(), Node(4), Node(5, lost=True), Node(5)])
    assert (await log.bounds(ONE)).end == 5
    for nodes in (
        [*strangers(), Node(2), Node(5, lost=True), Node(5, lost=True)],
        [*strangers(), Node(5, lost=True)],
        strangers(),
    ):
        with pytest.raises(LogUnavailable):
            await NodesLogReader(nodes).bounds(ONE)


async def test_too_few_are_told_with_what_is_wrong_with_the_others() -> None:
    nodes = [Node(2), Node(5, lost=True), Node(5, lost=True)]
    with pytest.raises(LogUnavailable, match=r"1 of 3 nodes of RABBITMQ_URL answered.*: lost"):
        await NodesLogReader(nodes).bounds(ONE)


async def test_no_more_nodes_are_asked_than_it_takes() -> None:
    nodes = [Node(5) for _ in range(5)]
    await NodesLogReader(nodes).bounds(ONE)
    assert sum(node.asked for node in nodes) == 3


@pytest.mark.usefixtures("hurried")
async def test_who_did_not_answer_is_asked_last_from_then_on() -> None:
    silent = Node(5, silent=True)
    log = NodesLogReader([silent, Node(5), Node(5)])
    for _ in range(3):
        await log.bounds(ONE)
    assert silent.asked == 1
    assert silent.asking == 0


@pytest.mark.usefixtures("hurried")
async def test_a_quiet_node_that_is_behind_is_left() -> None:
    behind, others = Node(5), [Node(5), Node(5)]
    log = NodesLogReader([behind, *others])
    async with log.subscribe(ONE, Offset(0)) as subscription:
        assert len(await subscription.take(10, 1)) == 5
        for node in others:
            node.confirm(2)
        with pytest.raises(LogUnavailable, match="beyond offset 5, other nodes go on to 7"):
            await taken(subscription)
    assert [entry.offset for entry in await read(log, 5)] == [5, 6]


@pytest.mark.usefixtures("hurried")
async def test_who_learns_the_end_otherwise_spares_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("log.rabbitmq.quiet._FIRST_SECONDS", 3_600)
    log = NodesLogReader([Node(5), Node(6), Node(6)])
    async with log.subscribe(ONE, Offset(5)) as subscription:
        assert (await log.bounds(ONE)).end == 6
        with pytest.raises(LogUnavailable, match="behind"):
            await taken(subscription)


@pytest.mark.usefixtures("hurried")
async def test_a_node_that_is_a_moment_behind_is_not_left() -> None:
    late, others = Node(5), [Node(7), Node(7)]
    log = NodesLogReader([late, *others])
    async with log.subscribe(ONE, Offset(5)) as subscription:
        await log.bounds(ONE)
        assert not await subscription.take(10, 0.01)
        late.confirm(2)
        assert len(await subscription.take(10, 1)) == 2
        for _ in range(5):
            assert not await subscription.take(10, 0.03)


@pytest.mark.usefixtures("hurried")
async def test_quiet_partitions_look_one_at_a_time_and_until_they_are_left() -> None:
    nodes = [Node(5), Node(5), Node(5)]
    log = NodesLogReader(nodes)
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(log.subscribe(ONE, Offset(5)))
        async with asyncio.timeout(10):
            while sum(node.asked for node in nodes) < 2 * 10:
                await asyncio.sleep(0.01)
    assert max(node.most_asking for node in nodes) == 1
    before = [node.asked for node in nodes]
    await asyncio.sleep(0.3)
    assert [node.asked for node in nodes] == before


async def taken(subscription: Subscription) -> None:
    """Take what there is until it fails."""
    async with asyncio.timeout(10):
        while True:
            await subscription.take(10, 0.02)


@pytest.mark.parametrize(
    ("lengths", "complete_ms"), [([2, 2, 2], 5_000), ([2, 5, 5], 0)], ids=["even", "behind"]
)
async def test_rows_are_not_complete_by_what_a_node_says_that_is_behind(
    lengths: list[int], complete_ms: int
) -> None:
    log, store, stop = NodesLogReader([*map(Node, lengths)]), FakeStore(), asyncio.Event()
    store.now, standing = 5_000, Standing()
    runner = Runner(log, store, flush_seconds=0, batch_size=1)
    standing.at(await runner.run(ONE, Epoch(1), stop, until=Offset(2)))
    found = Completeness(log, store, round_seconds=0.01, pause_seconds=0.0)
    asking = asyncio.create_task(found.run(lambda: {ONE: standing}, stop))
    async with asyncio.timeout(10):
        while standing.mark is None and not store.stored[ONE].complete_ms:
            await asyncio.sleep(0.01)
    stop.set()
    await asking
    assert store.stored[ONE].complete_ms == complete_ms


async def test_looks_become_rare_while_it_stays_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("log.rabbitmq.quiet._now", lambda: now)
    log = Node(5)
    looks = []
    async with log.subscribe(ONE, Offset(0)) as inner:
        watched = Watched(inner, Offset(0), lambda *_: LogUnavailable("behind"))
        for _ in range(6):
            now += watched.look_in_seconds
            looks.append(now - 100)
            watched.looked()
        assert looks == [5, 10, 20, 40, 70, 100]
        await watched.take(10, 1)
        assert watched.look_in_seconds == 5
