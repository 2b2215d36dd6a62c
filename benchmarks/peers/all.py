"""Footfall and every peer that can run here, under the same load on the same cores."""

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from benchmarks.contenders import Contender, embedded, footfall
from benchmarks.measured import Found, Place, places
from benchmarks.peers import apps
from benchmarks.peers.private import redis_binary
from benchmarks.peers.ranges import ranges
from benchmarks.processes import REPOSITORY
from benchmarks.rounds import ByLoad, in_turns
from benchmarks.servers import Servers, production_on, servers
from benchmarks.table import Ratio, Row
from tests.browser.clients import NotReached, brought
from tests.servers import node_binary

CONNECTIONS = 64
FOOTFALL = "Footfall, RabbitMQ + PostgreSQL"
EMBEDDED = "Footfall, embedded"
_REQUIREMENTS = "requirements/peers.txt is not installed: make bench PEERS=1 does that"
_SERVER = (
    "redis-server is not installed: apt-get install redis-server, or "
    "make services INSTALL=1 PEERS=1"
)


def length(runs: int, seconds: float) -> float:
    """Seconds that the whole call takes, about."""
    return 90 + runs * (6 * (seconds + 6) + 6 * seconds)


async def peers(runs: int, seconds: float) -> list[Row]:
    """Single views on one core, then range questions; what cannot run here is named."""
    place = places()[0]
    async with servers(place) as running, AsyncExitStack() as stack:
        settings = await stack.enter_async_context(production_on(running))
        ours = [
            footfall(FOOTFALL, REPOSITORY, running, settings),
            embedded(EMBEDDED, REPOSITORY),
        ]
        others, absent = available(running)
        found = await in_turns([*ours, *others], place, (CONNECTIONS,), runs, seconds)
    rows = table(found, [*ours, *others], place)
    if _has("duckdb"):
        rows += await ranges(place, runs, seconds)
    else:
        absent.append(f"DuckDB over the export: {_REQUIREMENTS}")
    for sentence in absent:
        print(f"left out: {sentence}", file=sys.stderr)
    return [*rows, *(Row(sentence, "left out") for sentence in absent)]


def available(running: Servers) -> tuple[list[Contender], list[str]]:
    """Those that can run here, and a sentence for each that cannot."""
    found, absent = [apps.upsert(running)], []
    if reason := _without_redis():
        absent.append(f"Litestar + Redis: {reason}")
    else:
        lost = "in memory: what came since its last snapshot is lost with Redis"
        found.append(apps.redis_counts("as installed", lost))
        second = "a second of views is lost with the machine"
        found.append(apps.redis_counts("appendonly", second, ["--appendonly", "yes"]))
    binary = node_binary()
    if binary is None:
        absent.append("Node: there is no node here")
        return found, absent
    try:
        found.append(apps.node(running, binary, brought(apps.NODE)))
    except NotReached as error:
        absent.append(f"Node: {error}")
    return found, absent


def _without_redis() -> str:
    if redis_binary() is None:
        return _SERVER
    return "" if _has("redis") else _REQUIREMENTS


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def table(found: ByLoad, contenders: Sequence[Contender], place: Place) -> list[Row]:
    """Each beside Footfall; what it promises stands where targets do."""
    rows = []
    ours = found[FOOTFALL, CONNECTIONS]
    for contender in contenders:
        one = found[contender.name, CONNECTIONS]
        what = f"{contender.name}, {CONNECTIONS} connections, {place.name}"
        rows.append(Row(what, _told(one), contender.promise))
        if contender.name not in (FOOTFALL, EMBEDDED):
            rows += _compared(what, ours, one)
    return rows


def _compared(what: str, ours: Found, one: Found) -> list[Row]:
    each = {
        f"Footfall / {what}: requests/s": ours.rate / one.rate,
        f"Footfall / {what}: views/s until counted": ours.counted / one.counted,
        f"Footfall / {what}: requests a CPU second": one.total / ours.total,
    }
    return [Row(name, f"{ratio:.2f}", "", Ratio(name, ratio)) for name, ratio in each.items()]


def _told(one: Found) -> str:
    parts = ", ".join(f"{part} {cost:.3f}" for part, cost in one.cost.items())
    return (
        f"{one.rate:,.0f} requests/s, {one.counted:,.0f} views/s until counted, "
        f"p99 {one.p99:.1f} ms, {one.total:.3f} CPU seconds a thousand ({parts})"
    )
