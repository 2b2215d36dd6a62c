"""What else is timed beside a release's program: fold, rebuild, a report, and each start."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from msgspec import Struct

from benchmarks import fold, replay
from benchmarks.beside import RELEASE
from benchmarks.contenders import started
from benchmarks.load import closed_loop, cycle, get
from benchmarks.measured import Place
from benchmarks.processes import REPOSITORY, Process
from benchmarks.servers import Servers, production_on, servers
from benchmarks.table import Ratio, Row
from domain.settings import Settings
from tests.upgrades.released import unpack

_PREFIX = "footfall-older"
_START_SECONDS = 60


class Timed(Struct, frozen=True):
    """What is timed in seconds of a program, and how the table shows them."""

    name: str
    target: str
    shown: Callable[[float], str]
    seconds: Callable[[Path], Awaitable[float]]


def length(runs: int, events: int) -> float:
    """Seconds that the whole call takes, about."""
    return 25 + runs * (2 * events / 40_000 + 25)


async def older(place: Place, runs: int, events: int) -> list[Row]:
    """Everything in turns, on servers of its own."""
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        programs = [unpack(RELEASE, Path(folder)), REPOSITORY]
        async with servers(place) as found, production_on(found, prefix=_PREFIX) as settings:
            log = fold.distinct_log(settings.num_partitions, events)
            await fold.append(settings, log)
            rows = await _in_turns(_of_the_log(found, log), programs, runs)
        return rows + await _in_turns(_starts(Path(folder)), programs, 2 * runs + 1)


async def _in_turns(timed: Sequence[Timed], programs: Sequence[Path], runs: int) -> list[Row]:
    seconds: dict[tuple[str, Path], list[float]] = {}
    for _ in range(runs):
        for each in timed:
            for program in programs:
                seconds.setdefault((each.name, program), []).append(await each.seconds(program))
    return [
        row(each, *(median(seconds[each.name, program]) for program in programs)) for each in timed
    ]


def row(timed: Timed, old: float, new: float) -> Row:
    """How much faster it is than the release's."""
    ratio = Ratio(f"{timed.name} / {RELEASE}", old / new, 1.0)
    value = f"{timed.shown(old)} → {timed.shown(new)}, {ratio.value:.2f} times as fast"
    return Row(f"{timed.name}, {RELEASE} → now", value, timed.target, ratio)


def _of_the_log(found: Servers, log: fold.Log) -> list[Timed]:
    events = fold.events_of(log)

    def rate(seconds: float) -> str:
        return f"{events / seconds:,.0f} events/s"

    async def folded(program: Path) -> float:
        async with production_on(found, program, _PREFIX) as settings:
            process = Process(settings, "cli", "projector", program=program)
            async with started(process, serving=False) as projector:
                return (await fold.fold_all(settings, projector, log)).seconds

    async def rebuilt(program: Path) -> float:
        async with production_on(found, program, _PREFIX) as settings:
            return await replay.rebuild(settings, [], program)

    async def reported(program: Path) -> float:
        async with production_on(found, program, _PREFIX) as settings:
            process = Process(settings, "cli", "projector", program=program)
            async with started(process, serving=False) as projector:
                await fold.fold_all(settings, projector, log)
            async with started(Process(settings, "cli", "read-api", program=program)) as read_api:
                return await _report(read_api.port, log)

    return [
        Timed("fold, keys are new", "at least 1.30 times", rate, folded),
        Timed("rebuild, keys are new", "", rate, rebuilt),
        Timed("/report of a page, a lone request, p50", "", _milliseconds, reported),
    ]


async def _report(port: int, log: fold.Log) -> float:
    pages = [event[0] for bodies in log.values() for event in json.loads(bodies[0])[5]]
    asked = [get(f"/report?page={page}&now=2025-07-16T12:00:00Z") for page in pages]
    draw = cycle(asked)
    await closed_loop(port, draw, connections=1, seconds=0.5, expect=b"200")
    found = await closed_loop(port, draw, connections=1, seconds=2.0, expect=b"200")
    if found.failed:
        raise RuntimeError(f"{found.failed} reports failed")
    return found.percentile(0.5) / 1e3


def _starts(folder: Path) -> list[Timed]:
    """Each on files of its own program, which its first turn has made."""

    async def helped(program: Path) -> float:
        return await _command(_settings(folder, program), program, "--help")

    async def served(program: Path) -> float:
        begun = perf_counter()
        async with started(Process(_settings(folder, program), "cli", "up", program=program)):
            return perf_counter() - begun

    async def told(program: Path) -> float:
        return await _command(_settings(folder, program), program, "status")

    return [
        Timed("footfall up until it answers", "under 1.00 s", _seconds, served),
        Timed("footfall --help", "under 0.15 s", _seconds, helped),
        Timed("footfall status", "under 0.50 s", _seconds, told),
    ]


def _settings(folder: Path, program: Path) -> Settings:
    return Settings(data_dir=folder / ("now" if program == REPOSITORY else RELEASE))


async def _command(settings: Settings, program: Path, verb: str) -> float:
    begun = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        verb,
        env=Process(settings).environment,
        cwd=program,
        stdout=asyncio.subprocess.DEVNULL,
    )
    if code := await process.wait():
        raise RuntimeError(f"footfall {verb} ended with {code}")
    return perf_counter() - begun


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
