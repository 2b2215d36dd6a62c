"""A rebuild of all rows, the real command, against the live fold of the same log."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import fold
from benchmarks.flood import flood
from benchmarks.processes import REPOSITORY, Process, peak_mb, production, running
from benchmarks.table import Ratio, Row
from domain.events import Batch, PageViewed, Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from domain.wire import FORMAT, encode
from log.opening import open_reader
from tests.servers import family, process

_AT_MS = 1_752_660_000_000
_TIMEOUT_SECONDS = 900


async def full_batches(runs: int) -> list[Row]:
    """Batches of 500 events: keys that repeat, then keys that are all new."""
    rows: list[Row] = []
    peaks: list[float] = []
    async with production() as settings:
        log = fold.repeating_log(settings.num_partitions, 10_000_000)
        await fold.append(settings, log)
        events = fold.events_of(log)
        rates = [events / await _rebuild(settings, peaks) for _ in range(runs)]
        rows.append(
            Row(
                "replay, full batches, keys repeat",
                f"{median(rates):,.0f} events/s",
                "at least 1,200,000",
            )
        )
    async with production() as settings:
        log = fold.distinct_log(settings.num_partitions, 3_000_000)
        await fold.append(settings, log)
        events, rebuilt, lives = fold.events_of(log), [], []
        for _ in range(runs):
            rebuilt.append(events / await _rebuild(settings, peaks))
            lives.append(events / await _live(settings, log))
        ratios = [new / live for new, live in zip(rebuilt, lives, strict=True)]
        rows += [
            Row("replay, keys are new", f"{median(rebuilt):,.0f} events/s", "at least 400,000"),
            Row("live fold, the same log", f"{median(lives):,.0f} events/s"),
            Row(
                "replay / live fold, keys are new",
                f"{median(ratios):.1f}",
                "at least 5",
                Ratio("replay / live fold, keys are new", median(ratios)),
            ),
            Row("replay, peak memory of a process", f"{max(peaks):.0f} MB", "at most 200 MB"),
        ]
    return rows


async def single_events(events: int = 10_000_000) -> list[Row]:
    """A log of batches of one event: as fast as the client library hands messages out."""
    async with production() as settings:
        await _append_single(settings, events)
        seconds = await _rebuild(settings, [])
    rate = f"{events / seconds:,.0f} events/s"
    return [Row(f"replay, {events:,} batches of one event", rate, "at least 45,000")]


async def _rebuild(settings: Settings, peaks: list[float]) -> float:
    await fold.forget(settings)
    return await rebuild(settings, peaks)


async def rebuild(settings: Settings, peaks: list[float], program: Path = REPOSITORY) -> float:
    """Seconds from the start of the command until the generation is whole, its keys included.

    `peaks` gets the largest resident set among its processes.
    """
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "replay",
        env=Process(settings).environment,
        cwd=program,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert command.stderr is not None
    watching = asyncio.create_task(_watch(command.pid, peaks))
    started, seconds = perf_counter(), 0.0
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            async for line in command.stderr:
                if line.startswith(b"catching up"):
                    seconds = perf_counter() - started
                    command.terminate()
            await command.wait()
    finally:
        watching.cancel()
    if not seconds:
        raise RuntimeError("the rebuild did not get through")
    return seconds


async def _watch(pid: int, peaks: list[float]) -> None:
    while True:
        for member in await asyncio.to_thread(family, process(pid)):
            with suppress(OSError, LookupError):
                peaks.append(peak_mb(member.pid))
        await asyncio.sleep(0.5)


async def _live(settings: Settings, log: fold.Log) -> float:
    await fold.forget(settings)
    async with running(settings, "cli", "projector", serving=False) as projector:
        return (await fold.fold_all(settings, projector, log)).seconds


async def _append_single(settings: Settings, events: int) -> None:
    each = events // settings.num_partitions
    for number in range(settings.num_partitions):
        stream = stream_name(settings.stream_prefix, Partition(number))
        await flood(settings.rabbitmq_url or "", stream, _single(number, each))
    reader = open_reader(settings)
    try:
        for number in range(settings.num_partitions):
            while (await reader.bounds(Partition(number))).end < each:
                await asyncio.sleep(0.1)
    finally:
        await reader.close()


def _single(number: int, events: int) -> Iterator[bytes]:
    page = [PageViewed(f"example.com/articles/{number}", _AT_MS, 1)]
    for sequence in range(1, events + 1):
        yield encode(Batch(FORMAT, "single", sequence, _AT_MS, sequence % 10, page))
