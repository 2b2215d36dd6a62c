"""Single views through every part, today's code beside a release's, on servers of their own.

Beside both stand the limits: a raw no-op and a bare handler under the same load on the same cores.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contenders import Contender, embedded, footfall, limits
from benchmarks.measured import Found, Place
from benchmarks.processes import REPOSITORY
from benchmarks.rounds import ByLoad, in_turns
from benchmarks.servers import Servers, production_on, servers
from benchmarks.table import Ratio, Row
from tests.upgrades.released import unpack

RELEASE = "0.2.0"
LOADS = (1, 64, 256)
_PRODUCTION = "RabbitMQ + PostgreSQL"
_EMBEDDED = "embedded"
_FASTER = {_PRODUCTION: 1.5, _EMBEDDED: 1.3}
# Starts and waits of a contender, beside its loads.
_ROUND_SECONDS = 5.0
_SERVER_SECONDS = 12.0


def length(places: int, loads: int, runs: int, seconds: float) -> float:
    """Seconds that the whole call takes, about."""
    return places * (_SERVER_SECONDS + runs * 6 * (_ROUND_SECONDS + loads * (seconds + 0.7)))


async def beside(
    places: Sequence[Place], runs: int, seconds: float, loads: Sequence[int] = LOADS
) -> list[Row]:
    """All of it at each place."""
    rows = []
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        release = unpack(RELEASE, Path(folder))
        for place in places:
            async with servers(place) as running, AsyncExitStack() as stack:
                contenders = await _contenders(stack, running, release)
                found = await in_turns(contenders, place, loads, runs, seconds)
            rows += table(found, place.name, loads)
    return rows


async def _contenders(stack: AsyncExitStack, running: Servers, release: Path) -> list[Contender]:
    found = []
    for age, program in ((RELEASE, release), ("now", REPOSITORY)):
        settings = await stack.enter_async_context(production_on(running, program))
        found += [
            footfall(f"{_PRODUCTION} {age}", program, running, settings),
            embedded(f"{_EMBEDDED} {age}", program),
        ]
    return [*found, *limits()]


def table(found: ByLoad, place: str, loads: Sequence[int]) -> list[Row]:
    """What was found at one place."""
    rows = []
    for kind in (_PRODUCTION, _EMBEDDED):
        for number in loads:
            old, new = (found[f"{kind} {age}", number] for age in (RELEASE, "now"))
            what = f"{kind}, {_connections(number)}, {place}"
            rows += _lone(what, old, new) if number == 1 else _compared(kind, what, old, new)
    for number in loads:
        if number != 1:
            rows += _limits(found, place, number)
    return rows


def _connections(number: int) -> str:
    return "a lone request" if number == 1 else f"{number} connections"


def _lone(what: str, old: Found, new: Found) -> list[Row]:
    value = f"{old.p50:.2f} → {new.p50:.2f} ms, {new.p50 / old.p50:.2f}"
    return [Row(f"{what}: p50, {RELEASE} → now", value, "at most 1.00")]


def _compared(kind: str, what: str, old: Found, new: Found) -> list[Row]:
    rate, cost = new.rate / old.rate, new.total / old.total
    cheaper = "at most 0.50" if kind == _PRODUCTION else ""
    return [
        Row(
            f"{what}: requests/s, {RELEASE} → now",
            f"{old.rate:,.0f} → {new.rate:,.0f}, {rate:.2f}",
            f"at least {_FASTER[kind]:.2f}",
            Ratio(f"{what}: requests/s / {RELEASE}", rate, 1.0),
        ),
        Row(
            f"{what}: CPU seconds a thousand, {RELEASE} → now",
            f"{old.total:.3f} → {new.total:.3f}, {cost:.2f}{_parts(old, new)}",
            cheaper,
            Ratio(f"{what}: requests a CPU second / {RELEASE}", 1 / cost, 1.0),
        ),
        Row(
            f"{what}: p99, {RELEASE} → now",
            f"{old.p99:.1f} → {new.p99:.1f} ms, {new.p99 / old.p99:.2f}",
            "at most 1.00",
        ),
    ]


def _parts(old: Found, new: Found) -> str:
    if len(new.cost) == 1:
        return ""
    each = (f"{part} {old.cost[part]:.3f} → {new.cost[part]:.3f}" for part in new.cost)
    return f" ({', '.join(each)})"


def _limits(found: ByLoad, place: str, number: int) -> list[Row]:
    rows = []
    for limit in limits():
        below = found[limit.name, number]
        what = f"{limit.name}, {_connections(number)}, {place}"
        value = f"{below.rate:,.0f} requests/s, {below.total:.3f} CPU seconds a thousand"
        rows.append(Row(what, value))
        for kind in (_PRODUCTION, _EMBEDDED):
            old, new = (found[f"{kind} {age}", number].rate for age in (RELEASE, "now"))
            ratio = Ratio(f"{kind} / {what}", new / below.rate, old / below.rate)
            value = f"{RELEASE} {ratio.released:.2f}, now {ratio.value:.2f}"
            rows.append(Row(ratio.name, value, "", ratio))
    return rows
