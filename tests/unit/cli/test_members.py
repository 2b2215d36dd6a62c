"""What check says of nodes that hold and lead the streams."""

from collections.abc import Mapping, Sequence

import pytest

from cli.output.members import growing, lines
from log.rabbitmq.members import Replication, StreamMembers, View

A, B, C = "rabbit@a", "rabbit@b", "rabbit@c"
ALL = (A, B, C)
URL = "amqp://a,amqp://b,amqp://c"


def stream(
    number: int,
    members: Sequence[str] = ALL,
    online: Sequence[str] | None = None,
    leader: str | None = None,
) -> StreamMembers:
    up = members if online is None else online
    leads = leader or members[number % len(members)]
    return StreamMembers(f"s.{number}", tuple(members), tuple(up), leads)


def said(
    *streams: StreamMembers,
    views: Sequence[View] = (),
    nodes: Sequence[str] = ALL,
    running: Sequence[str] | None = None,
    silent: Mapping[str, str] | None = None,
    version: str = "3.10.8",
    url: str = URL,
) -> list[str]:
    up = nodes if running is None else running
    seen = list(views) or [View(up[0], version, tuple(nodes), tuple(up))]
    return list(lines(Replication(len(nodes), silent or {}, seen, streams), url))


def test_replicas_on_all_of_three_nodes_are_ok() -> None:
    assert said(*map(stream, range(4))) == [
        "OK    log, replicas (4 streams, 3 replicas on 3 nodes)"
    ]


def test_one_node_alone_is_no_warning() -> None:
    (line,) = said(stream(0, [A]), stream(1, [A]), nodes=[A])
    assert line == "OK    log, replicas (2 streams, 1 replica on 1 node)"


def test_streams_with_too_few_replicas_have_a_loop_each_kind() -> None:
    view = View(A, "3.10.8", ALL, ALL)
    streams = [stream(0), stream(1, [A]), stream(2, [A]), stream(3, [A, B])]
    assert list(growing(Replication(3, {}, [view], streams), URL, 3)) == [
        f'for s in {names}; do rabbitmq-streams add_replica "$s" {node} || break; done; one node '
        "after the other, then footfall check again"
        for names, node in (("s.1 s.2", B), ("s.3", C))
    ]


def test_where_nothing_is_seen_there_is_no_loop_but_what_is_missing() -> None:
    (line,) = growing(Replication(3, {}, unseen="the management API says 401"), URL, 3)
    assert "cannot be seen, the management API says 401: rabbitmq-plugins enable" in line


def test_one_replica_of_three_nodes_is_told_with_the_loop_for_the_next_node() -> None:
    (line,) = said(*(stream(n, [B]) for n in range(2)), url="amqp://a/my%20host")
    assert line.startswith(
        "WARN  log, replicas (2 streams, s.0 …): 1 replica of 3 nodes, on rabbit@b; when it is "
        "lost so is what it holds: footfall migrate --replicas 3, or "
    )
    assert (
        "for s in s.0 s.1; do rabbitmq-streams add_replica --vhost 'my host' \"$s\" rabbit@a || "
        "break; done; one node after the other"
    ) in line


def test_no_replica_goes_to_a_node_that_does_not_run() -> None:
    lost, few = said(stream(0, [A]), running=[A])
    assert lost.startswith("WARN  log, nodes: rabbit@b and rabbit@c of the cluster do not run")
    assert few.endswith("once another node runs again: footfall check")


def test_more_nodes_than_three_need_no_more_replicas() -> None:
    (line,) = said(*map(stream, range(3)), nodes=[*ALL, "rabbit@d", "rabbit@e"])
    assert line == "OK    log, replicas (3 streams, 3 replicas on 5 nodes)"


def test_each_kind_of_stream_is_told_once() -> None:
    found = said(stream(0), stream(1, [A]), stream(2, [A]), stream(3, [A, B]))
    assert [line.partition(":")[0] for line in found] == [
        "WARN  log, replicas (2 streams, s.1 …)",
        "WARN  log, replicas (s.3)",
    ]


def test_a_replica_that_is_offline_is_told_with_its_node() -> None:
    (line,) = said(*(stream(n, online=[A, B], leader=[A, B][n]) for n in range(2)))
    assert line == (
        "WARN  log, replicas (2 streams, s.0 …): rabbit@c offline, 2 of 3 replicas online: "
        "restart RabbitMQ on rabbit@c (rabbitmqctl stop_app, start_app)"
    )
    node, line = said(stream(0, online=[A, B]), running=[A, B])
    assert node == "WARN  log, nodes: rabbit@c of the cluster does not run: start RabbitMQ"
    assert line.endswith(": start RabbitMQ on rabbit@c")


def test_a_stream_that_takes_nothing_is_an_error() -> None:
    (line,) = said(stream(0, online=[A]))
    assert line.startswith("ERROR log, replicas (s.0): 1 of 3 online some seconds ago, nothing ")
    assert line.endswith("while fewer than 2 are: start RabbitMQ on rabbit@b and rabbit@c")


def test_a_node_that_does_not_answer_is_told_once_where_it_does_not_run_either() -> None:
    lost, few = said(
        stream(0, online=[A, B]), running=[A, B], silent={"c:5672": "RabbitMQ at c:5672: refused"}
    )
    assert (
        lost
        == "WARN  log, nodes: c:5672 of RABBITMQ_URL does not answer: RabbitMQ at c:5672: refused"
    )
    assert few.startswith("WARN  log, replicas (s.0): rabbit@c offline")


def test_what_cannot_be_seen_is_one_note() -> None:
    (line,) = lines(Replication(3, {}, unseen="the management API at a does not answer"), URL)
    assert line.startswith("NOTE  log, replicas: which nodes hold the streams cannot be seen, the ")
    assert "rabbitmq-plugins enable rabbitmq_management" in line
    assert "RABBITMQ_MANAGEMENT_URL" in line


@pytest.mark.parametrize(
    ("leaders", "says"),
    [
        ([A, B, C, A, B, C, A, B, C, A], None),
        ([A, A, A, A, A, B, B, B, C, C], "NOTE  log, leaders: rabbit@a leads 5 of 10 streams"),
        ([A] * 10, "WARN  log, leaders: rabbit@a leads 10 of 10 streams, which all pause"),
        ([B] * 2, "WARN  log, leaders: rabbit@b leads 2 of 2 streams"),
        ([A, A, B], None),
        ([A], None),
    ],
)
def test_leaders_that_pile_up_are_told(leaders: Sequence[str], says: str | None) -> None:
    ok, *rest = said(*(stream(n, leader=leader) for n, leader in enumerate(leaders)))
    assert ok.startswith("OK")
    assert len(rest) == (says is not None)
    assert not says or rest[0].startswith(says)


def test_a_virtual_host_is_named_letter_by_letter() -> None:
    led = [stream(n, leader=B) for n in range(4)]
    _, line = said(*led, version="4.0.5", url="amqp://a/its%20v1.0%2Bx")
    assert "rebalance stream --vhost-pattern '^its\\ v1\\.0\\+x$' --queue-pattern" in line


def test_the_command_that_spreads_leaders_is_that_of_the_series() -> None:
    led = [stream(n, leader=B) for n in range(4)]
    _, old = said(*led, version="3.11.28")
    assert old.endswith(
        ': for s in s.2 s.3; do rabbitmq-streams delete_replica "$s" rabbit@b && sleep 15 && '
        'rabbitmq-streams add_replica "$s" rabbit@b || break; done'
    )
    for version in ("3.12.0", "3.13.7", "4.0.5", "4.1.0-rc.1"):
        _, new = said(*led, version=version)
        assert new.endswith(
            ": rabbitmq-queues rebalance stream --vhost-pattern '^/$' "
            "--queue-pattern '^(s\\.0|s\\.1|s\\.2|s\\.3)$'"
        )


def test_no_replica_is_taken_from_a_stream_that_has_none_to_spare() -> None:
    *_, line = said(*(stream(n, [A, B], leader=A) for n in range(4)))
    assert "rabbit@a leads 4 of 4" in line
    assert "delete_replica" not in line
    *_, line = said(*(stream(n, online=[A, B], leader=A) for n in range(4)))
    assert "delete_replica" not in line


def test_nodes_that_do_not_see_each_other_are_an_error_and_nothing_else_is_told() -> None:
    (first, second) = said(
        stream(0, [A]),
        views=[
            View(A, "4.0.1", ALL, (A, B)),
            View(B, "4.0.1", ALL, (A, B)),
            View(C, "4", ALL, (C,)),
        ],
    )
    assert first.startswith("ERROR log, nodes: rabbit@a and rabbit@c both answer and do not see")
    assert second.startswith("ERROR log, nodes: rabbit@b and rabbit@c both answer and do not see")


def test_two_clusters_are_an_error() -> None:
    (line,) = said(stream(0, [A]), views=[View(A, "4", (A,), (A,)), View(B, "4", (B,), (B,))])
    assert line.startswith("ERROR log, nodes: rabbit@a and rabbit@b both answer")


def test_a_cluster_that_fell_apart_and_stayed_so_is_an_error() -> None:
    (line,) = said(stream(0), views=[View(A, "4", ALL, ALL, parted=(C,)), View(C, "4", ALL, ALL)])
    assert line.startswith(
        "ERROR log, nodes: the cluster fell apart and is not mended, rabbit@a and rabbit@c: restart"
    )
