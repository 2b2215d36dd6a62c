"""Work that one node after the other is asked for."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiormq.exceptions import ChannelAccessRefused, ConnectionInternalError

from domain.errors import LogUnavailable
from log.rabbitmq.patient import PatientNodes


class Cluster:
    """Nodes `away` refuse connections; what is asked of those that `fail` closes the connection."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.fail: dict[str, Exception] = {}
        self.asked: list[str] = []
        self.closed = 0
        self.rounds = 0

    async def connect(self, node: str, _: str, __: float) -> Any:
        if node in self.away:
            raise LogUnavailable(f"{node}: Connection refused")
        return SimpleNamespace(node=node, lost=False)

    async def close(self, _: object) -> None:
        self.closed += 1

    async def work(self, connection: Any) -> None:
        assert not connection.lost
        self.asked.append(connection.node)
        if (failure := self.fail.get(connection.node)) is not None:
            connection.lost = True
            raise failure


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    found = Cluster()
    monkeypatch.setattr("log.rabbitmq.patient.connect_node", found.connect)
    monkeypatch.setattr("log.rabbitmq.patient.close", found.close)
    monkeypatch.setattr("log.rabbitmq.patient.place_of", str)
    monkeypatch.setattr("log.rabbitmq.patient._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("log.rabbitmq.patient._PATIENCE_SECONDS", 0.1)
    return found


UNAVAILABLE = ConnectionInternalError(541, "INTERNAL_ERROR - coordinator_unavailable")


def nodes() -> PatientNodes:
    return PatientNodes(["a", "b", "c"], "tests", "configure on footfall's queues")


async def test_nodes_take_turns(cluster: Cluster) -> None:
    async with nodes() as found:
        for turn in range(4):
            await found.ask(turn, "p.0", cluster.work)
    assert cluster.asked == ["a", "b", "c", "a"]
    assert cluster.closed == 3


async def test_a_node_that_cannot_is_passed_over_and_asked_last_then(cluster: Cluster) -> None:
    cluster.fail["a"] = UNAVAILABLE
    async with nodes() as found:
        for turn in range(3):
            await found.ask(turn, "p.0", cluster.work)
        await found.ask(0, "p.0", cluster.work)
    assert cluster.asked == ["a", "b", "b", "c", "b"]


async def test_a_node_that_is_away_is_passed_over(cluster: Cluster) -> None:
    cluster.away = {"a", "b"}
    async with nodes() as found:
        await found.ask(0, "p.0", cluster.work)
    assert cluster.asked == ["c"]


async def test_where_none_can_all_are_asked_again(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.fail = dict.fromkeys("abc", UNAVAILABLE)
    again = cluster.work

    async def work(connection: Any) -> None:
        if len(cluster.asked) == 6:
            cluster.fail.clear()
        await again(connection)

    async with nodes() as found:
        await found.ask(1, "p.0", work)
    assert cluster.asked == ["b", "c", "a"] * 2 + ["b"]
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 2
    assert all(line.startswith("p.0: no node can make it now, for ") for line in said)


async def test_after_a_while_it_is_told_in_a_sentence(cluster: Cluster) -> None:
    cluster.fail = dict.fromkeys("abc", UNAVAILABLE)
    async with nodes() as found:
        with pytest.raises(LogUnavailable, match=r"can make p\.0, tried for 0\.1 s: .*unavailable"):
            await found.ask(0, "p.0", cluster.work)
    assert len(cluster.asked) > 3


async def test_what_no_node_will_ever_do_is_told_at_once(cluster: Cluster) -> None:
    cluster.fail["a"] = ChannelAccessRefused("ACCESS_REFUSED")
    async with nodes() as found:
        with pytest.raises(LogUnavailable, match="needs configure on"):
            await found.ask(0, "p.0", cluster.work)
    assert cluster.asked == ["a"]


async def test_where_no_node_answers_nobody_waits(cluster: Cluster) -> None:
    cluster.away = {"a", "b", "c"}
    with pytest.raises(LogUnavailable, match="Connection refused"):
        async with nodes():
            pass
    assert cluster.asked == []


async def test_whatever_else_is_wrong_is_no_matter_of_nodes(cluster: Cluster) -> None:
    cluster.fail["a"] = cast(Exception, LogUnavailable("did not answer in time"))
    async with nodes() as found:
        await found.ask(0, "p.0", cluster.work)
    assert cluster.asked == ["a", "b"]
