"""Who takes the same single views, started on the cores it shall have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from sqlalchemy import text

from benchmarks.processes import Process
from benchmarks.servers import Servers
from domain.settings import Settings
from rows.engine import open_engine


class Started(Struct, frozen=True):
    """Where it listens, the processes whose time is its cost, and how many views it has counted.

    One that counts nothing says so by `None`.
    """

    port: int
    parts: Mapping[str, int]
    counted: Callable[[], Awaitable[int | None]]


class Contender(Struct, frozen=True):
    """Its name, what it promises whoever was answered, and how it is started."""

    name: str
    promise: str
    start: Callable[[], AbstractAsyncContextManager[Started]]


CONFIRMED = "in the log before the answer, counted once"


async def nothing() -> None:
    """What is counted where nothing is."""


@asynccontextmanager
async def started(process: Process, *, serving: bool = True) -> AsyncIterator[Process]:
    """A process for the time of a block; stopped too when it does not come up."""
    try:
        await process.start(serving=serving)
        yield process
    finally:
        await process.stop()


def footfall(name: str, program: Path, found: Servers, settings: Settings) -> Contender:
    """Ingest and projector of one program on RabbitMQ and PostgreSQL."""
    return Contender(name, CONFIRMED, partial(_footfall, program, found, settings))


@asynccontextmanager
async def _footfall(program: Path, found: Servers, settings: Settings) -> AsyncIterator[Started]:
    async with (
        started(Process(settings, "cli", "ingest", program=program)) as ingest,
        started(Process(settings, "cli", "projector", program=program), serving=False) as projector,
    ):
        parts = {
            "ingest": ingest.pid,
            "projector": projector.pid,
            "broker": found.rabbitmq.pid,
            "database": found.postgres.pid,
        }
        yield Started(ingest.port, parts, partial(views, settings))


def embedded(name: str, program: Path) -> Contender:
    """`footfall up` of one program on two SQLite files."""
    return Contender(name, CONFIRMED, partial(_embedded, program))


@asynccontextmanager
async def _embedded(program: Path) -> AsyncIterator[Started]:
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        settings = Settings(data_dir=Path(folder))
        async with started(Process(settings, "cli", "up", program=program)) as up:
            yield Started(up.port, {"up": up.pid}, partial(views, settings))


async def views(settings: Settings) -> int:
    """How many are folded."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(
                text("SELECT coalesce(sum(views), 0) FROM checkpoints")
            )
            return int(found.scalar_one())
    finally:
        await engine.dispose()


def limits() -> list[Contender]:
    """What the server, and a handler of the framework, would take with nothing behind them."""
    return [
        Contender("raw ASGI no-op under uvicorn", "nothing", partial(_limit, "noop")),
        Contender("bare Litestar handler under uvicorn", "nothing", partial(_limit, "litestar")),
    ]


@asynccontextmanager
async def _limit(name: str) -> AsyncIterator[Started]:
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        settings = Settings(data_dir=Path(folder))
        async with started(Process(settings, "benchmarks.limits", name, "PORT")) as process:
            yield Started(process.port, {"process": process.pid}, nothing)
