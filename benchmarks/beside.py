"""Single views through every part, today's code beside a release's, on servers of their own.

Both are asked in turns in one call, for the machine's speed drifts within minutes. What a view
costs is the processor time of all that handles it: ingest, projector, broker and database.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec import Struct
from sqlalchemy import text

from benchmarks.ingest import load, singles
from benchmarks.processes import REPOSITORY, Process
from domain.settings import Settings
from rows.engine import open_engine
from tests.servers import PrivatePostgres, PrivateRabbitMQ, family, process
from tests.upgrades.released import migrated, unpack

_TICKS = os.sysconf("SC_CLK_TCK")
_FOLD_SECONDS = 60
_WARM_SECONDS = 1.0


class Found(Struct, frozen=True):
    """What a load met: answers a second, the 99th percentile in ms, and for each part the CPU
    seconds that a thousand views took."""

    rate: float
    p99: float
    cost: Mapping[str, float]

    @property
    def total(self) -> float:
        """Of all parts."""
        return sum(self.cost.values())


class Servers(Struct, frozen=True):
    """A broker and a database of the benchmark's own, empty ones."""

    rabbitmq: PrivateRabbitMQ
    postgres: PrivatePostgres


class _Broker(PrivateRabbitMQ):
    # As many schedulers as there are processors, as everywhere but in tests.
    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        return command, {**environment, "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ""}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, those it has waited for, and all below it."""
    total = 0
    for member in family(process(pid)):
        try:
            stat = Path(f"/proc/{member.pid}/stat").read_text()
        except FileNotFoundError:
            continue
        fields = stat.rsplit(")", 1)[1].split()
        total += sum(map(int, fields[11:15]))
    return total / _TICKS


@contextmanager
def pinned(cpus: set[int]) -> Iterator[None]:
    """What is started meanwhile runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@asynccontextmanager
async def servers(cpus: set[int]) -> AsyncIterator[Servers]:
    """For the time of a block."""
    with pinned(cpus):
        rabbitmq, postgres = _Broker(), PrivatePostgres()
        await asyncio.gather(asyncio.to_thread(rabbitmq.start), asyncio.to_thread(postgres.start))
    try:
        yield Servers(rabbitmq, postgres)
    finally:
        await asyncio.gather(asyncio.to_thread(rabbitmq.stop), asyncio.to_thread(postgres.stop))


@asynccontextmanager
async def production_on(found: Servers, name: str, program: Path) -> AsyncIterator[Settings]:
    """Settings of a Footfall on these servers, migrated by the `program` itself."""
    engine = open_engine(found.postgres.url, read_only=True)
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=found.postgres.url.rpartition("/")[0] + f"/{name}",
            rabbitmq_url=found.rabbitmq.url,
            stream_prefix=f"footfall-{name}",
        )
        await migrated(settings, program)
        yield settings


async def one_round(
    settings: Settings,
    found: Servers,
    program: Path,
    cpus: set[int],
    connections: int,
    seconds: float,
) -> Found:
    """Ingest and projector of one program, started, loaded, waited for and stopped."""
    async with AsyncExitStack() as stack:
        parts: dict[str, int] = {"broker": found.rabbitmq.pid, "database": found.postgres.pid}
        with pinned(cpus):
            ingest = Process(settings, "cli", "ingest", program=program)
            projector = Process(settings, "cli", "projector", program=program)
            for each, serving in ((ingest, True), (projector, False)):
                await each.start(serving=serving)
                stack.push_async_callback(each.stop)
        parts |= {"ingest": ingest.pid, "projector": projector.pid}
        requests = singles()
        before = await _views(settings)
        warm = await load(ingest.port, requests, _WARM_SECONDS, connections)
        await _until_folded(settings, before + len(warm.latencies))
        started = {part: cpu_seconds(pid) for part, pid in parts.items()}
        result = await load(ingest.port, requests, seconds, connections)
        views = len(result.latencies)
        await _until_folded(settings, before + len(warm.latencies) + views)
        cost = {p: (cpu_seconds(pid) - started[p]) / views * 1_000 for p, pid in parts.items()}
        return Found(result.rate, result.percentile(0.99), cost)


async def _views(settings: Settings) -> int:
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(
                text("SELECT coalesce(sum(views), 0) FROM checkpoints")
            )
            return int(found.scalar_one())
    finally:
        await engine.dispose()


async def _until_folded(settings: Settings, views: int) -> None:
    async with asyncio.timeout(_FOLD_SECONDS):
        while await _views(settings) < views:
            await asyncio.sleep(0.05)


async def embedded_round(program: Path, cpus: set[int], connections: int, seconds: float) -> Found:
    """`footfall up` of one program on SQLite."""
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        settings = Settings(data_dir=Path(folder))
        with pinned(cpus):
            up = Process(settings, "cli", "up", program=program)
            await up.start(serving=True)
        try:
            warm = await load(up.port, singles(), _WARM_SECONDS, connections)
            await _until_folded(settings, len(warm.latencies))
            before = cpu_seconds(up.pid)
            result = await load(up.port, singles(), seconds, connections)
            await _until_folded(settings, len(warm.latencies) + len(result.latencies))
            cost = (cpu_seconds(up.pid) - before) / len(result.latencies) * 1_000
            return Found(result.rate, result.percentile(0.99), {"all": cost})
        finally:
            await up.stop()


async def main(runs: int, seconds: float, version: str = "0.2.0") -> None:
    """Print medians of so many runs of each."""
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        programs = {version: unpack(version, Path(folder)), "new": REPOSITORY}
        cores = sorted(os.sched_getaffinity(0))
        for cpus in ({cores[0]}, set(cores)):
            found: dict[tuple[str, str, int], list[Found]] = {}
            async with AsyncExitStack() as stack:
                running = await stack.enter_async_context(servers(cpus))
                settings = {
                    name: await stack.enter_async_context(
                        production_on(running, f"bench_{number}", program)
                    )
                    for number, (name, program) in enumerate(programs.items())
                }
                with pinned({cores[-1]}):
                    for connections in (64, 256):
                        for _ in range(runs):
                            for name, program in programs.items():
                                one = await one_round(
                                    settings[name], running, program, cpus, connections, seconds
                                )
                                found.setdefault(("production", name, connections), []).append(one)
                                one = await embedded_round(program, cpus, connections, seconds)
                                found.setdefault(("embedded", name, connections), []).append(one)
            for (kind, name, connections), each in found.items():
                parts = {p: round(median(f.cost[p] for f in each), 3) for p in each[0].cost}
                print(
                    kind,
                    name,
                    connections,
                    f"cpus={sorted(cpus)}",
                    f"{median(f.rate for f in each):,.0f}/s",
                    f"p99={median(f.p99 for f in each):.1f} ms",
                    f"cpu/1000={median(f.total for f in each):.3f}",
                    parts,
                    flush=True,
                )


if __name__ == "__main__":
    import sys

    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
