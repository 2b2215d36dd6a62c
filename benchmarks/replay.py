"""A rebuild of all rows, the real command, against the live fold of the same log."""

import asyncio
import sys
from statistics import median
from time import perf_counter

from benchmarks import fold
from benchmarks.processes import Process, production, running
from benchmarks.table import Row
from cli import wiring
from domain.events import Batch, PageViewed, Partition
from domain.settings import Settings
from domain.wire import FORMAT, encode

_AT_MS = 1_752_660_000_000
_TIMEOUT_SECONDS = 900


async def full_batches(runs: int) -> list[Row]:
    """Batches of 500 events: keys that repeat, then keys that are all new."""
    rows = []
    async with production() as settings:
        log = fold.repeating_log(settings.num_partitions, 10_000_000)
        await fold.append(settings, log)
        events = fold.events_of(log)
        rates = [events / await _rebuild(settings) for _ in range(runs)]
        rows.append(
            Row(
                "replay, full batches, keys repeat",
                f"{median(rates):,.0f} events/s",
                "at least 500,000",
            )
        )
    async with production() as settings:
        log = fold.distinct_log(settings.num_partitions, 3_000_000)
        await fold.append(settings, log)
        events, rebuilt, lives = fold.events_of(log), [], []
        for _ in range(runs):
            rebuilt.append(events / await _rebuild(settings))
            lives.append(events / await _live(settings, log))
        ratios = [new / live for new, live in zip(rebuilt, lives, strict=True)]
        rows += [
            Row("replay, keys are new", f"{median(rebuilt):,.0f} events/s"),
            Row("live fold, the same log", f"{median(lives):,.0f} events/s"),
            Row("replay / live fold, keys are new", f"{median(ratios):.1f}", "at least 5"),
        ]
    return rows


async def single_events(events: int = 10_000_000) -> list[Row]:
    """A log of batches of one event: as fast as the client library hands messages out."""
    async with production() as settings:
        await _append_single(settings, events)
        seconds = await _rebuild(settings)
    return [Row(f"replay, {events:,} batches of one event", f"{events / seconds:,.0f} events/s")]


async def _rebuild(settings: Settings) -> float:
    """Seconds from the start of the command until the generation is whole, its keys included."""
    await fold.forget(settings)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "replay",
        env=Process(settings).environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    started, seconds = perf_counter(), 0.0
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        async for line in process.stderr:
            if line.startswith(b"catching up"):
                seconds = perf_counter() - started
                process.terminate()
        await process.wait()
    if not seconds:
        raise RuntimeError("the rebuild did not get through")
    return seconds


async def _live(settings: Settings, log: fold.Log) -> float:
    await fold.forget(settings)
    async with running(settings, "cli", "projector", serving=False) as projector:
        return (await fold.fold_all(settings, projector, log)).seconds


async def _append_single(settings: Settings, events: int) -> None:
    writer = wiring.open_writer(settings)
    each = events // settings.num_partitions
    page = [PageViewed("example.com/articles/1", _AT_MS, 1)]

    async def one(partition: Partition, lane: int) -> None:
        # Lanes of producers of their own keep several publishes under way.
        for sequence in range(1, each // _LANES + 1):
            batch = Batch(FORMAT, f"lane-{lane}", sequence, _AT_MS, 0, page)
            await writer.append(partition, encode(batch))

    try:
        await asyncio.gather(
            *(
                one(Partition(p), lane)
                for p in range(settings.num_partitions)
                for lane in range(_LANES)
            )
        )
    finally:
        await writer.close()


_LANES = 10
