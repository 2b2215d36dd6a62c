"""Footfall's roles as processes of a benchmark, and what they cost."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import MappingProxyType

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from log.rabbitmq.broker import connect
from rows.engine import open_engine
from tests.servers import free_port, postgres_url, rabbitmq_url

REPOSITORY = Path(__file__).parents[1]
_START_SECONDS = 60
_STOP_SECONDS = 30
_NOTHING: Mapping[str, str] = MappingProxyType({})
_TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A process that serves or folds, of the code in a folder: `-m` arguments of Python, unless
    `command` is another program. `PORT` among the arguments is the one it got."""

    def __init__(
        self,
        settings: Settings,
        *arguments: str,
        program: Path = REPOSITORY,
        command: Sequence[str] = (sys.executable, "-m"),
        environment: Mapping[str, str] = _NOTHING,
    ) -> None:
        self._program = program
        self._command = command
        self.port = free_port()
        self._arguments = arguments
        self.environment = {
            **os.environ,
            "DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": settings.database_url or "",
            "RABBITMQ_URL": settings.rabbitmq_url or "",
            "NUM_PARTITIONS": str(settings.num_partitions),
            "STREAM_PREFIX": settings.stream_prefix,
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, *, serving: bool) -> None:
        arguments = [a if a != "PORT" else str(self.port) for a in self._arguments]
        with TemporaryFile() as said:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                *arguments,
                env=self.environment,
                cwd=self._program,
                stdout=said,
                stderr=said if serving else None,
            )
            async with asyncio.timeout(_START_SECONDS):
                while serving and not await self._answers():
                    if self._process.returncode is not None:
                        said.seek(0)
                        raise RuntimeError(f"{arguments} ended: {said.read()[-2_000:].decode()}")
                    await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                await client.get(f"http://127.0.0.1:{self.port}/health")
            return True
        return False

    async def stop(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return sum(times_of(self.pid)[:2])

    def peak_mb(self) -> float:
        """Largest resident set so far."""
        return peak_mb(self.pid)


def times_of(pid: int) -> Sequence[float]:
    """Seconds of user and system time of a process, and the same of those it has waited for.

    Raises `OSError` where it is gone.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return [int(field) / _TICKS for field in fields[11:15]]


def peak_mb(pid: int) -> float:
    """Largest resident set of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1_024
    raise LookupError("VmHWM")


@asynccontextmanager
async def running(
    settings: Settings,
    *arguments: str,
    serving: bool = True,
    environment: Mapping[str, str] = _NOTHING,
) -> AsyncIterator[Process]:
    """A process for the time of a block."""
    process = Process(settings, *arguments, environment=environment)
    await process.start(serving=serving)
    try:
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def production() -> AsyncIterator[Settings]:
    """RabbitMQ and PostgreSQL with nothing in them, removed afterwards."""
    name = f"footfall_bench_{uuid.uuid4().hex[:12]}"
    server = open_engine(postgres_url(), read_only=True)
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres_url()).set(database=name).render_as_string(hide_password=False)
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=url,
            rabbitmq_url=rabbitmq_url(),
            stream_prefix=f"footfall-bench-{uuid.uuid4().hex[:12]}",
        )
        await migrate(settings)
        try:
            yield settings
        finally:
            await _remove(settings)
            async with server.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            await server.dispose()


async def _remove(settings: Settings) -> None:
    connection = await connect(settings.rabbitmq_url or "", "footfall bench")
    async with connection, connection.channel() as channel:
        for partition in range(settings.num_partitions):
            await channel.queue_delete(stream_name(settings.stream_prefix, Partition(partition)))
