"""What single views met and what they cost: medians of rounds that were taken in turns."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from statistics import median

from msgspec import Struct

from benchmarks.processes import times_of
from tests.servers import family, process


class Found(Struct, frozen=True):
    """Answers a second, views a second until all of them were counted, latencies in ms, and CPU
    seconds a thousand views by part.
    """

    rate: float
    counted: float
    p50: float
    p99: float
    cost: Mapping[str, float]

    @property
    def total(self) -> float:
        """CPU seconds a thousand views, of all parts."""
        return sum(self.cost.values())


def middle(found: Sequence[Found]) -> Found:
    """The median of each figure by itself."""
    return Found(
        rate=median(f.rate for f in found),
        counted=median(f.counted for f in found),
        p50=median(f.p50 for f in found),
        p99=median(f.p99 for f in found),
        cost={part: median(f.cost[part] for f in found) for part in found[0].cost},
    )


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of those it has waited for, and of all below it."""
    total = 0.0
    for member in family(process(pid)):
        # One of them may have ended just now.
        with suppress(OSError):
            total += sum(times_of(member.pid))
    return total


@contextmanager
def pinned(cpus: set[int]) -> Iterator[None]:
    """What is started meanwhile runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Place(Struct, frozen=True):
    """Where everything under test runs; the load is on the last core."""

    name: str
    cpus: frozenset[int]
    load: int


def places() -> list[Place]:
    """All on one core, and free on all of them."""
    cores = sorted(os.sched_getaffinity(0))
    one = Place("one core", frozenset(cores[:1]), cores[-1])
    if len(cores) == 1:
        return [one]
    return [one, Place("all cores", frozenset(cores), cores[-1])]
