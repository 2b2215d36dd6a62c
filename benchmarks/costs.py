"""Costs as work grows: arithmetic from named figures, so that it can be done again.

`inputs.json` has each figure with its unit and where it is from. Measured ones are replaced when
they are measured again; nothing else has to be changed.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, exp
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).with_name("inputs.json")
SECONDS_A_MONTH = 30 * 86_400
HOURS_A_MONTH = 30 * 24
_PARTS = ("ingest", "projector", "broker", "database")

Inputs = Mapping[str, float]


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure, and the benchmark or the setting it is of."""

    value: float
    unit: str
    of: str


class Size(Struct, frozen=True):
    """How much work there is: views a month, of so many pages."""

    name: str
    views: float
    pages: int


SIZES = (
    Size("10 million", 1e7, 1_000),
    Size("1 billion", 1e9, 100_000),
    Size("100 billion", 1e11, 1_000_000),
)


class Cost(Struct, frozen=True):
    """What one size takes; seconds are of the busiest hour unless a name says otherwise."""

    size: Size
    rate: float
    peak_rate: float
    ingests: int
    projectors: int
    messages: float
    views_a_message: float
    cores: float
    peak_cores: float
    log_bytes: float
    replicas: float
    rows: float
    rows_bytes: float
    rows_a_second: float
    memory_mb: float


def inputs(file: Path = FILE) -> dict[str, Input]:
    """All that the arithmetic stands on."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Input])


def values(known: Mapping[str, Input]) -> Inputs:
    """The figures alone."""
    return {name: each.value for name, each in known.items()}


def cost(size: Size, of: Inputs) -> Cost:
    """What it takes."""
    rate = size.views / SECONDS_A_MONTH
    peak = rate * of["peak"]
    ingests = processes(peak, of["ingest_busy"], of)
    messages = messages_a_second(peak, ingests, of)
    by_messages = messages / of["messages_a_projector"] / of["full"]
    projectors = max(processes(peak, of["projector_busy"], of), ceil(by_messages))
    quiet = messages_a_second(rate, ingests, of)
    rows = HOURS_A_MONTH * occupied(size.pages, size.views / HOURS_A_MONTH, of)
    return Cost(
        size=size,
        rate=rate,
        peak_rate=peak,
        ingests=ingests,
        projectors=projectors,
        messages=messages,
        views_a_message=peak / messages,
        cores=ingests * cores(rate / ingests, of),
        peak_cores=ingests * cores(peak / ingests, of),
        log_bytes=size.views * of["view_bytes"] + quiet * SECONDS_A_MONTH * of["message_bytes"],
        replicas=of["replicas"],
        rows=rows,
        rows_bytes=rows * of["row_bytes"] * of["sums"],
        rows_a_second=occupied(size.pages, peak * of["flush"], of) / of["flush"],
        memory_mb=(ingests * of["ingest_mb"] + projectors * of["projector_mb"] + of["read_api_mb"]),
    )


def messages_a_second(rate: float, ingests: int, of: Inputs) -> float:
    """Each process gathers for each partition from a first view on, for the time of the linger."""
    of_a_lane = rate / ingests / of["partitions"]
    return rate / (1 + of_a_lane * of["linger"])


def processes(rate: float, seconds: float, of: Inputs) -> int:
    """How many of a kind, none of which may be busier than is assumed."""
    return max(1, ceil(rate / 1_000 * seconds / of["full"]))


def cores(rate: float, of: Inputs) -> float:
    """Of all parts together, at a rate of one ingest process: on the line between two that were
    measured, and beyond them what a view took there.
    """
    quiet, busy = (
        of[f"{load}_rate"] / 1_000 * sum(of[f"{part}_{load}"] for part in _PARTS)
        for load in ("quiet", "busy")
    )
    if rate <= of["quiet_rate"]:
        return quiet * rate / of["quiet_rate"]
    if rate >= of["busy_rate"]:
        return busy * rate / of["busy_rate"]
    share = (rate - of["quiet_rate"]) / (of["busy_rate"] - of["quiet_rate"])
    return quiet + share * (busy - quiet)


def occupied(pages: int, views: float, of: Inputs) -> float:
    """How many rows so many views of one hour make: a page has one for each shard that it met."""
    weights = [place ** -of["skew"] for place in range(1, pages + 1)]
    each = views / sum(weights) / of["shards"]
    return sum(of["shards"] * (1 - exp(-each * weight)) for weight in weights)


def ends(of: Inputs) -> list[tuple[str, float]]:
    """Views a second at which one of each part is full."""
    full = of["full"] * 1_000
    return [
        ("one ingest process", full / of["ingest_busy"]),
        ("one projector", full / of["projector_busy"]),
        ("a stream, every view a message", of["full"] * of["messages_a_projector"]),
        ("a core of the broker", full / of["broker_busy"]),
        ("a core of PostgreSQL, keys repeat", full / of["database_busy"]),
        ("PostgreSQL, every view a row of its own", of["rows_a_second"]),
    ]


_NEXT = {
    "one ingest process": "`--workers N`, more machines; requests of many views",
    "one projector": "more projectors, up to `NUM_PARTITIONS`; then more partitions",
    "a stream, every view a message": "more partitions; a longer `LINGER_MS`",
    "a core of the broker": "more cores, then a cluster whose nodes share the leaders",
    "a core of PostgreSQL, keys repeat": "more cores; a longer `FLUSH_INTERVAL_MS`",
    "PostgreSQL, every view a row of its own": (
        "a longer `FLUSH_INTERVAL_MS`, fewer `NUM_SHARDS`, page rules; then another store"
    ),
}


def markdown(known: Mapping[str, Input] | None = None) -> str:
    """The tables of docs/costs.md."""
    known = inputs() if known is None else known
    of = values(known)
    return "\n\n".join([_costs([cost(size, of) for size in SIZES]), _ends(of), _inputs(known)])


_ROWS: Sequence[tuple[str, Callable[[Cost], str]]] = (
    ("pages (assumed)", lambda c: f"{c.size.pages:,}"),
    ("views a second, mean / busiest hour", lambda c: f"{_rate(c.rate)} / {_rate(c.peak_rate)}"),
    ("ingest processes / projectors", lambda c: f"{c.ingests:,} / {c.projectors:,}"),
    ("messages a second, busiest hour", lambda c: _rate(c.messages)),
    ("views a message", lambda c: f"{c.views_a_message:.1f}"),
    (
        "cores of all parts, mean / busiest hour",
        lambda c: f"{_cores(c.cores)} / {_cores(c.peak_cores)}",
    ),
    (
        "log of a month, one replica / all",
        lambda c: f"{_bytes(c.log_bytes)} / {_bytes(c.log_bytes * c.replicas)}",
    ),
    ("hourly rows of a month", lambda c: _million(c.rows)),
    ("rows of a month, with sums", lambda c: _bytes(c.rows_bytes)),
    ("rows written a second, busiest hour", lambda c: _rate(c.rows_a_second)),
    ("memory of Footfall's processes", lambda c: _bytes(c.memory_mb * 1e6)),
)


def _costs(found: Sequence[Cost]) -> str:
    head = [
        f"| views a month | {' | '.join(c.size.name for c in found)} |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join(
        head + [f"| {name} | {' | '.join(told(c) for c in found)} |" for name, told in _ROWS]
    )


def _ends(of: Inputs) -> str:
    lines = ["| part | ends at | a month of | next |", "| --- | --- | --- | --- |"]
    for part, rate in ends(of):
        month = rate / of["peak"] * SECONDS_A_MONTH
        lines.append(
            f"| {part} | {_rate(rate)} views/s | {_million(month)} views | {_NEXT[part]} |"
        )
    return "\n".join(lines)


def _inputs(known: Mapping[str, Input]) -> str:
    lines = ["| input | | of |", "| --- | --- | --- |"]
    lines += [f"| {n} | {i.value:g} {i.unit}".rstrip() + f" | {i.of} |" for n, i in known.items()]
    return "\n".join(lines)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _cores(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:,.1f}"


def _million(value: float) -> str:
    return f"{value / 1e9:,.1f} billion" if value >= 1e9 else f"{value / 1e6:,.1f} million"


def _bytes(value: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if value >= size:
            return f"{value / size:,.1f} {unit}"
    return f"{value / 1e6:,.0f} MB"
