"""How streams get more replicas: in which order, and what is refused."""

import json
from collections.abc import Mapping, Sequence

import pytest

from domain.errors import LogUnavailable, NoTools
from log.rabbitmq import replicas
from log.rabbitmq.members import Replication, StreamMembers, View
from log.rabbitmq.replicas import initial_size, replicate

A, B, C, D = "rabbit@a", "rabbit@b", "rabbit@c", "rabbit@d"
ALL = (A, B, C)


class Cluster:
    """A stream of 100 offsets, of which a new replica has some more each time it is asked for."""

    step = 40

    def __init__(self, node: str, environment: Mapping[str, str]) -> None:
        self.has = {A: 100}
        self.done: list[str] = []
        made.append(self)

    async def ctl(self, *_: str) -> str:
        return "3\n"

    async def streams(self, command: str, *arguments: str) -> str:
        if command == "add_replica":
            behind = [node for node, offset in self.has.items() if offset < 100]
            assert not behind, f"{behind} could be outvoted into the place of who has everything"
            self.has[arguments[-1]] = 0
            self.done.append(arguments[-1])
            return ""
        self.has = {node: min(offset + self.step, 100) for node, offset in self.has.items()}
        lines = [
            {"role": "writer" if node == A else "replica", "node": node, "offset": offset}
            for node, offset in self.has.items()
        ]
        return json.dumps(lines)


made: list[Cluster] = []


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    made.clear()
    monkeypatch.setattr(replicas, "Tools", Cluster)
    monkeypatch.setattr(replicas, "_AGAIN_SECONDS", 0)


def cluster(
    *streams: StreamMembers, nodes: Sequence[str] = ALL, running: Sequence[str] | None = None
) -> Replication:
    up = nodes if running is None else running
    return Replication(len(nodes), {}, [View(A, "3.10.8", tuple(nodes), tuple(up))], streams)


def stream(*members: str, online: Sequence[str] | None = None) -> StreamMembers:
    return StreamMembers("s.0", members, tuple(members if online is None else online), members[0])


async def grow(found: Replication, to: int = 3) -> Sequence[str]:
    said: list[str] = []

    async def look() -> Replication:
        return cluster(stream(*ALL))

    assert await replicate(found, to, "/", {}, said.append, look) == bool(said)
    return said


async def test_a_replica_is_added_only_once_the_one_before_has_everything() -> None:
    said = await grow(cluster(stream(A)))
    assert said == ["log: s.0: copying to rabbit@b", "log: s.0: copying to rabbit@c"]
    assert made[0].done == [B, C]
    assert set(made[0].has.values()) == {100}


async def test_a_run_that_was_interrupted_goes_on_as_carefully(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Cluster, "step", 10)
    begun = Cluster.__init__

    def half_way(self: Cluster, node: str, environment: Mapping[str, str]) -> None:
        begun(self, node, environment)
        self.has[B] = 30

    monkeypatch.setattr(Cluster, "__init__", half_way)
    await grow(cluster(stream(A, B)))
    assert made[0].done == [C]


async def test_where_nothing_is_missing_nothing_is_run() -> None:
    assert not await grow(cluster(stream(*ALL)))
    assert not made


async def test_no_replica_is_added_while_another_is_offline() -> None:
    with pytest.raises(LogUnavailable, match="rabbit@b is offline"):
        await grow(cluster(stream(A, B, online=[A])))


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (cluster(nodes=[A, B]), r"3 replicas need as many nodes, the cluster has 2 \(rabbit@a, "),
        (cluster(running=[A, B]), "rabbit@c of the cluster does not run"),
        (Replication(1, {}, unseen="it does not answer"), "cannot be seen, it does not answer"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(found: Replication, says: str) -> None:
    with pytest.raises(LogUnavailable, match=says):
        initial_size(found, 3)


def test_new_streams_are_told_how_many_only_where_there_are_more_nodes() -> None:
    assert initial_size(cluster(), 3) is None
    assert initial_size(cluster(nodes=[*ALL, D]), 3) == 3


async def test_commands_that_reach_no_node_are_told_with_what_they_lack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ctl(*_: str) -> str:
        raise LogUnavailable("rabbitmqctl eval: Error: unable to perform")

    monkeypatch.setattr(Cluster, "ctl", ctl)
    with pytest.raises(NoTools, match="RABBITMQ_ERLANG_COOKIE"):
        await grow(cluster(stream(A)))
