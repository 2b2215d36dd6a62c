"""Which nodes hold and lead the streams: what footfall check says of it."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from domain.setting_values import virtual_host

if TYPE_CHECKING:
    from log.rabbitmq.members import Replication, StreamMembers, View

ENOUGH = 3
"""Replicas of a stream that go on without one of them; where there are as many nodes."""

_UNEVEN = 3
# From here on RabbitMQ moves leaders of streams by itself when it is told to balance.
_BALANCES = (3, 12)


def lines(found: "Replication", url: str) -> Iterator[str]:
    """What there is to say: nodes, replicas, leaders. `url` is RABBITMQ_URL."""
    for node, reason in found.silent.items():
        yield f"WARN  log, nodes: {node} of RABBITMQ_URL does not answer: {reason}"
    if found.unseen:
        yield (
            f"NOTE  log, replicas: which nodes hold the streams cannot be seen, {found.unseen}: "
            "rabbitmq-plugins enable rabbitmq_management on each node, give the user of "
            "RABBITMQ_URL the tag monitoring, and where the API is not at the usual port set "
            "RABBITMQ_MANAGEMENT_URL"
        )
        return
    if disagreement := list(_disagreement(found.views)):
        # What only one side says of replicas and leaders would be no help.
        yield from disagreement
        return
    vhost = virtual_host(url.partition(",")[0])
    view = max(found.views, key=lambda view: len(view.running))
    away = [node for node in view.nodes if node not in view.running]
    if len(away) > len(found.silent):
        yield f"WARN  log, nodes: {_named(away)} of the cluster {_do(away)} not run: start RabbitMQ"
    replicas = list(replica_lines(found.streams, view, vhost))
    yield from replicas
    if not replicas:
        least = min(len(stream.members) for stream in found.streams)
        yield (
            f"OK    log, replicas ({_count(len(found.streams), 'stream')}, "
            f"{_count(least, 'replica')} on {_count(len(view.nodes), 'node')})"
        )
    yield from leader_lines(found.streams, view, vhost)


def _disagreement(views: "Sequence[View]") -> Iterator[str]:
    """Errors where nodes see another cluster than the others, or did and never mended it."""
    if parted := sorted({node for view in views for node in (*view.parted, *_parters(view))}):
        yield (
            f"ERROR log, nodes: the cluster fell apart and is not mended, {_named(parted)}: "
            "restart RabbitMQ on those of the smaller part (rabbitmqctl stop_app, start_app), one "
            "after the other; cluster_partition_handling = pause_minority does it by itself"
        )
        return
    seen = {view.node: set(view.running) for view in views}
    for one, running in seen.items():
        for other in seen:
            if one < other and (other not in running or one not in seen[other]):
                yield (
                    f"ERROR log, nodes: {one} and {other} both answer and do not see each other: "
                    "the network between them is cut, or they are of two clusters"
                )


def _parters(view: "View") -> Sequence[str]:
    return [view.node] if view.parted else []


def growing(found: "Replication", url: str, replicas: int) -> Iterator[str]:
    """What to run where RabbitMQ's tools are, for streams with fewer than `replicas`."""
    if found.unseen:
        yield from lines(found, url)
        return
    view = max(found.views, key=lambda view: len(view.running))
    few = [each for each in found.streams if len(each.members) < replicas]
    for members in sorted({each.members for each in few}):
        names = [each.stream for each in few if each.members == members]
        yield adding(names, members, view, virtual_host(url.partition(",")[0]))


def replica_lines(streams: "Sequence[StreamMembers]", view: "View", vhost: str) -> Iterator[str]:
    """Streams that have too few replicas, or whose replicas are not all up; each kind once."""
    enough = min(ENOUGH, len(view.nodes))
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for each in streams:
        kinds.setdefault((each.members, each.online), []).append(each.stream)
    for (members, online), names in kinds.items():
        offline = [node for node in members if node not in online]
        where = _streams(names)
        if len(online) <= len(members) // 2:
            yield (
                f"ERROR log, replicas ({where}): {len(online)} of {len(members)} online some "
                f"seconds ago, nothing can be appended while fewer than {len(members) // 2 + 1} "
                f"are: start RabbitMQ on {_named(offline)}"
            )
        elif offline:
            yield (
                f"WARN  log, replicas ({where}): {_named(offline)} offline, {len(online)} of "
                f"{len(members)} replicas online: {_bring_back(offline, view)}"
            )
        elif len(members) < enough:
            yield (
                f"WARN  log, replicas ({where}): {_count(len(members), 'replica')} of "
                f"{len(view.nodes)} nodes, on {_named(members)}; {_at_stake(members)}: "
                f"footfall migrate --replicas {enough}, or where RabbitMQ's tools are "
                f"{adding(names, members, view, vhost)}"
            )


def adding(names: Sequence[str], members: Sequence[str], view: "View", vhost: str) -> str:
    """The loop that gives streams a replica on one more node that runs."""
    free = [node for node in view.running if node not in members]
    if not free:
        return "once another node runs again: footfall check"
    loop = _loop(names, f'rabbitmq-streams add_replica{_option(vhost)} "$s" {shlex.quote(free[0])}')
    return f"{loop}; one node after the other, then footfall check again"


def leader_lines(streams: "Sequence[StreamMembers]", view: "View", vhost: str) -> Iterator[str]:
    """Whether one node leads more than its part of the streams that others could lead too."""
    led = [each for each in streams if each.leader and len(each.online) > 1]
    able = [node for node in view.running if any(node in each.online for each in led)]
    leads = Counter(dict.fromkeys(able, 0))
    leads.update(each.leader for each in led if each.leader in able)
    if len(led) < 2 or len(able) < 2:
        return
    most, count = leads.most_common(1)[0]
    if count < len(led) and count - min(leads.values()) < _UNEVEN:
        return
    spread = ", ".join(f"{node} {leads[node]}" for node in able)
    word = "WARN " if count == len(led) else "NOTE "
    yield (
        f"{word} log, leaders: {most} leads {count} of {len(led)} streams, which all pause when it "
        f"is lost ({spread}): {balancing(led, most, leads, view, vhost)}"
    )


def balancing(
    led: "Sequence[StreamMembers]", most: str, leads: Mapping[str, int], view: "View", vhost: str
) -> str:
    """What spreads the leaders, in the words of the series that runs."""
    if _series(view.version) >= _BALANCES:
        names = "|".join(each.stream.replace(".", "\\.") for each in led)
        host = re.escape(vhost)
        return (
            f"rabbitmq-queues rebalance stream --vhost-pattern {shlex.quote(f'^{host}$')} "
            f"--queue-pattern {shlex.quote(f'^({names})$')}"
        )
    part = -(-len(led) // len(leads))
    movable = [
        each.stream
        for each in led
        if each.leader == most and len(each.online) == len(each.members) >= ENOUGH
    ]
    movable = movable[part:]
    if not movable:
        return "once each stream has three replicas online: footfall check"
    replica = f'{_option(vhost)} "$s" {shlex.quote(most)}'
    return _loop(
        movable,
        f"rabbitmq-streams delete_replica{replica} && sleep 15 && "
        f"rabbitmq-streams add_replica{replica}",
    )


def _loop(names: Sequence[str], command: str) -> str:
    return f"for s in {' '.join(map(shlex.quote, names))}; do {command} || break; done"


def _option(vhost: str) -> str:
    return "" if vhost == "/" else f" --vhost {shlex.quote(vhost)}"


def _bring_back(offline: Sequence[str], view: "View") -> str:
    if gone := [node for node in offline if node not in view.running]:
        return f"start RabbitMQ on {_named(gone)}"
    return f"restart RabbitMQ on {_named(offline)} (rabbitmqctl stop_app, start_app)"


def _at_stake(members: Sequence[str]) -> str:
    if len(members) == 1:
        return "when it is lost so is what it holds"
    return "when one is lost nothing is taken until it is back"


def _series(version: str) -> tuple[int, ...]:
    """`3.10.8`, `4.1.0-rc.1`: major and minor."""
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts) if all(map(str.isdigit, parts)) else (0,)


def _streams(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} streams, {names[0]} …"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _named(nodes: Sequence[str]) -> str:
    return " and ".join(", ".join(nodes).rsplit(", ", 1))


def _do(nodes: Sequence[str]) -> str:
    return "does" if len(nodes) == 1 else "do"
