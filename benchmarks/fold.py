"""The log to rows: a real projector, from checkpoint 0 to the end of the log."""

import asyncio
from collections.abc import Sequence
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy.engine import make_url

from benchmarks.processes import Process, production, running
from benchmarks.table import Ratio, Row
from cli.wiring.process import now_ms
from domain.agents.viewers import LABEL, TABLE_BYTES, Viewers
from domain.columns import PLACE_BYTES, text_bytes
from domain.events import (
    Batch,
    Entry,
    Generation,
    Offset,
    PageViewed,
    Partition,
    TabledBatch,
)
from domain.hours import HOUR_MS, hour_of
from domain.partitioning import partition_for
from domain.projection import project
from domain.settings import Settings
from domain.wire import FORMAT, MAX_BYTES, MAX_EVENTS, encode
from log.opening import open_writer
from rows.engine import open_engine
from rows.postgresql.adding import columns_of, upsert_into
from rows.postgresql.making import MonthPartitions
from rows.rebuild.generations import SqlGenerations

_AT_MS = 1_752_660_000_000
_TIMEOUT_SECONDS = 180
_LABELS = [
    *(f"Firefox {number} Windows" for number in range(67)),
    *(f"crawler-{number}bot" for number in range(33)),
]

Log = dict[Partition, list[bytes]]
"""Encoded batches by partition, as they are appended."""


class Folded(Struct, frozen=True):
    """What folding a log took, the start of the process left out."""

    seconds: float
    cpu_seconds: float


def repeating_log(
    partitions: int, events: int, pages: int = 200, hours: int = 3, *, viewers: bool = False
) -> Log:
    """`events` views of a few pages in a few hours: nearly every key is met again.

    With `viewers` each has one of a hundred labels, a third of them of robots.
    """
    draw = Random(3)
    named: dict[Partition, list[str]] = {}
    for number in range(pages):
        page = f"example.com/articles/{number}"
        named.setdefault(partition_for(page, partitions), []).append(page)
    each = events // len(named)
    return {
        partition: _batches(
            [
                PageViewed(draw.choice(found), _AT_MS + draw.randrange(hours) * HOUR_MS, 1)
                for _ in range(each)
            ],
            draw,
            _LABELS if viewers else (),
        )
        for partition, found in named.items()
    }


def distinct_log(partitions: int, events: int, page_bytes: int = 28) -> Log:
    """`events` views, no two of one page."""
    draw = Random(4)
    found: dict[Partition, list[PageViewed]] = {}
    for number in draw.sample(range(10 * events), events):
        page = f"example.com/articles/{number:0{page_bytes - 21}}"
        event = PageViewed(page, _AT_MS, 1)
        found.setdefault(partition_for(page, partitions), []).append(event)
    return {partition: _batches(events_, draw) for partition, events_ in found.items()}


def _batches(events: list[PageViewed], draw: Random, labels: Sequence[str] = ()) -> list[bytes]:
    # The header and what surrounds a page fit in the 200 and the 25 bytes.
    longest = max(len(event.page) for event in events) + 25
    table = TABLE_BYTES + sum(map(text_bytes, labels)) if labels else 0
    longest += PLACE_BYTES if labels else 0
    most = min(MAX_EVENTS, (MAX_BYTES - 200 - table) // longest)
    bodies = []
    for start in range(0, len(events), most):
        part = events[start : start + most]
        batch = Batch(
            format=FORMAT,
            producer="0123456789abcdef0123456789abcdef",
            sequence=start // most + 1,
            recorded_ms=max(event.at_ms for event in part),
            shard=draw.randrange(10),
            events=part,
        )
        texts = draw.choices(labels, k=len(part)) if labels else []
        if (agents := Viewers.gathered(LABEL, "benchmark", texts)) is not None:
            batch = TabledBatch(**asdict(batch), agents=agents)
        bodies.append(encode(batch))
    assert all(len(body) <= MAX_BYTES for body in bodies)
    return bodies


async def append(settings: Settings, log: Log) -> None:
    """Append the batches, the partitions side by side."""
    writer = open_writer(settings)

    async def one(partition: Partition) -> None:
        for body in log[partition]:
            await writer.append(partition, body)

    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await asyncio.gather(*(one(partition) for partition in log))
    finally:
        await writer.close()


async def open_database(settings: Settings) -> asyncpg.Connection:
    """A connection beside everything that is measured."""
    url = make_url(settings.database_url or "").set(drivername="postgresql")
    return await asyncpg.connect(
        url.render_as_string(hide_password=False), server_settings={"jit": "off"}
    )


async def repeating(runs: int) -> list[Row]:
    """Batches of 500 events of 600 keys; a core is a second of the projector's processor time."""
    per_core, rates, peaks = await _repeating(runs, viewers=False)
    return [
        Row("fold, keys repeat, a core", f"{per_core:,.0f} events/s", "at least 300,000"),
        Row("fold, keys repeat, one projector", f"{rates:,.0f} events/s"),
        Row("projector, peak memory (keys repeat)", f"{peaks:.0f} MB", "at most 200 MB"),
    ]


async def viewers(runs: int) -> list[Row]:
    """The same where each view says who looked."""
    per_core, rates, peaks = await _repeating(runs, viewers=True)
    return [
        Row("fold, viewers told, a core", f"{per_core:,.0f} events/s"),
        Row("fold, viewers told, one projector", f"{rates:,.0f} events/s"),
        Row("projector, peak memory (viewers told)", f"{peaks:.0f} MB", "at most 200 MB"),
    ]


async def _repeating(runs: int, *, viewers: bool) -> tuple[float, float, float]:
    """Events a second of a core and of a projector, medians, and its peak of memory in MB."""
    per_core, rates, peaks = [], [], []
    async with production() as settings:
        log = repeating_log(settings.num_partitions, 2_000_000, viewers=viewers)
        events = events_of(log)
        await append(settings, log)
        for _ in range(runs):
            await forget(settings)
            async with running(settings, "cli", "projector", serving=False) as projector:
                found = await fold_all(settings, projector, log)
                peaks.append(projector.peak_mb())
            per_core.append(events / found.cpu_seconds)
            rates.append(events / found.seconds)
    return median(per_core), median(rates), max(peaks)


async def distinct(runs: int) -> list[Row]:
    """Every event makes a row: end to end against the upserts alone."""
    ratios, rates, bares, per_core, peaks = [], [], [], [], []
    async with production() as settings:
        log = distinct_log(settings.num_partitions, 1_000_000)
        events = events_of(log)
        await append(settings, log)
        transactions = _transactions(log, settings.batch_size)
        for _ in range(runs):
            await forget(settings)
            bare = await _upsert_only(settings, transactions)
            await forget(settings)
            async with running(settings, "cli", "projector", serving=False) as projector:
                found = await fold_all(settings, projector, log)
                peaks.append(projector.peak_mb())
            ratios.append(bare / found.seconds)
            rates.append(events / found.seconds)
            bares.append(events / bare)
            per_core.append(events / found.cpu_seconds)
    return [
        Row("fold, all keys distinct, one projector", f"{median(rates):,.0f} events/s"),
        Row("bare bulk upsert of the same rows", f"{median(bares):,.0f} rows/s"),
        Row(
            "fold, all keys distinct / bare upsert",
            f"{median(ratios):.2f}",
            "at least 0.70",
            Ratio("fold, all keys distinct / bare upsert", median(ratios)),
        ),
        Row("fold, all keys distinct, a core", f"{median(per_core):,.0f} events/s"),
        Row("projector, peak memory (keys distinct)", f"{max(peaks):.0f} MB", "at most 200 MB"),
    ]


async def long_addresses() -> list[Row]:
    """Memory when every page is new and its address is 1,500 bytes long."""
    async with production() as settings:
        log = distinct_log(settings.num_partitions, 250_000, page_bytes=1_500)
        await append(settings, log)
        await forget(settings)
        async with running(settings, "cli", "projector", serving=False) as projector:
            found = await fold_all(settings, projector, log)
            peak = projector.peak_mb()
    return [
        Row(
            "fold, distinct 1,500-byte addresses", f"{events_of(log) / found.seconds:,.0f} events/s"
        ),
        Row("projector, peak memory (1,500-byte addresses)", f"{peak:.0f} MB", "at most 200 MB"),
    ]


def events_of(log: Log) -> int:
    """How many events are in it."""
    return sum(project(_entries(bodies)).events for bodies in log.values())


def _entries(bodies: list[bytes]) -> list[Entry]:
    return [Entry(Offset(offset), body) for offset, body in enumerate(bodies)]


def _transactions(log: Log, batch_size: int) -> dict[Partition, list[tuple[Any, ...]]]:
    # Columns as the store binds them, cut where the projector would flush.
    found: dict[Partition, list[tuple[Any, ...]]] = {}
    step = -(-batch_size // MAX_EVENTS)
    for partition, bodies in log.items():
        for start in range(0, len(bodies), step):
            rows = project(_entries(bodies[start : start + step])).rows
            columns = columns_of(Generation(1), {key: rows[key] for key in sorted(rows)})
            found.setdefault(partition, []).append(columns)
    return found


async def _upsert_only(
    settings: Settings, transactions: dict[Partition, list[tuple[Any, ...]]]
) -> float:
    # As many connections as the projector has partitions under way.
    connections = [await open_database(settings) for _ in transactions]

    statement = upsert_into("hourly_views")

    async def one(connection: asyncpg.Connection, partition: Partition) -> None:
        for columns in transactions[partition]:
            await connection.execute(statement, *columns)

    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            started = perf_counter()
            await asyncio.gather(
                *(one(c, p) for c, p in zip(connections, transactions, strict=True))
            )
            return perf_counter() - started
    finally:
        for connection in connections:
            await connection.close()


async def fold_all(settings: Settings, projector: Process, log: Log) -> Folded:
    """Wait until the live fold has the whole log."""
    wanted = events_of(log)
    database = await open_database(settings)
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            # The first checkpoint appears when a partition is claimed, before it is read.
            while not await database.fetchval("SELECT count(*) FROM checkpoints"):
                await asyncio.sleep(0.01)
            started, before = perf_counter(), projector.cpu_seconds()
            # Offsets say nothing of how much there is: a segment's own record takes one.
            while await database.fetchval("SELECT sum(events) FROM checkpoints") < wanted:
                await asyncio.sleep(0.02)
            found = Folded(perf_counter() - started, projector.cpu_seconds() - before)
        counted = await database.fetchval("SELECT sum(events) FROM checkpoints")
        views, rows = await database.fetchrow(
            "SELECT (SELECT sum(views) FROM checkpoints), (SELECT sum(views) FROM hourly_views)"
        )
        if counted != wanted or views != rows:
            message = f"{counted} events of {wanted} were folded, {rows} views of {views} are there"
            raise RuntimeError(message)
        return found
    finally:
        await database.close()


async def forget(settings: Settings) -> None:
    """Begin anew on the same log, the live generation empty, no other left."""
    # As after `footfall migrate`, but for the log and the month that both ways write to.
    engine = open_engine(settings.rows_url, patient=True)
    generations = SqlGenerations(engine, now_ms)
    for info in await generations.all():
        if info.state != "live":
            await generations.drop(info.generation)
    await MonthPartitions(engine).ensure(Generation(1), [hour_of(_AT_MS)])
    await engine.dispose()
    database = await open_database(settings)
    await database.execute(
        "TRUNCATE hourly_views, checkpoints, producer_positions, leases, projectors"
    )
    await database.close()
