"""One load after the other on each contender in turn: the machine's speed drifts in minutes."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from benchmarks.contenders import Contender, Started
from benchmarks.ingest import load, singles
from benchmarks.measured import Found, Place, cpu_seconds, middle, pinned

_COUNTED_SECONDS = 120
_WARM_SECONDS = 0.7

ByLoad = dict[tuple[str, int], Found]
"""What was found, by the contender's name and the number of connections."""


class WrongCount(Exception):
    """A contender has counted something else than was answered."""


async def in_turns(
    contenders: Sequence[Contender],
    place: Place,
    connections: Sequence[int],
    runs: int,
    seconds: float,
) -> ByLoad:
    """Medians of so many rounds, in each of which every contender is started once."""
    found: dict[tuple[str, int], list[Found]] = {}
    for _ in range(runs):
        for contender in contenders:
            for number, one in zip(
                connections,
                await _round(contender, place, connections, seconds),
                strict=True,
            ):
                found.setdefault((contender.name, number), []).append(one)
    return {key: middle(each) for key, each in found.items()}


async def _round(
    contender: Contender, place: Place, connections: Sequence[int], seconds: float
) -> list[Found]:
    # What is started runs on the cores of the place, the load on its own.
    with pinned(set(place.cpus)):
        entering = contender.start()
        started = await entering.__aenter__()
    try:
        with pinned({place.load}):
            counting = _Counting(contender.name, started, await started.counted() or 0)
            await counting.load(_WARM_SECONDS, connections[-1])
            return [await counting.load(seconds, number) for number in connections]
    finally:
        await entering.__aexit__(None, None, None)


class _Counting:
    """Loads that are over when all that was answered is counted."""

    def __init__(self, name: str, started: Started, before: int) -> None:
        self._name = name
        self._started = started
        self._due = before
        self._requests = singles()

    async def load(self, seconds: float, connections: int) -> Found:
        before = {part: cpu_seconds(pid) for part, pid in self._started.parts.items()}
        begun = perf_counter()
        result = await load(self._started.port, self._requests, seconds, connections)
        views = len(result.latencies)
        self._due += views
        await self._until_counted()
        counted = views / (perf_counter() - begun)
        cost = {
            part: (cpu_seconds(pid) - before[part]) / views * 1_000
            for part, pid in self._started.parts.items()
        }
        p50, p99 = result.percentile(0.5), result.percentile(0.99)
        return Found(result.rate, counted, p50, p99, cost)

    async def _until_counted(self) -> None:
        counted = await self._started.counted()
        try:
            async with asyncio.timeout(_COUNTED_SECONDS):
                while counted is not None and counted < self._due:
                    await asyncio.sleep(0.05)
                    counted = await self._started.counted()
        except TimeoutError:
            pass
        if counted is not None and counted != self._due:
            raise WrongCount(f"{self._name} answered {self._due} views and counted {counted}")
