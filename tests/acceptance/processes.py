"""Real `footfall` processes, and HTTP to and from them."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from domain.settings import Settings
from tests.servers import free_port, listens_itself

REPOSITORY = Path(__file__).parents[2]


def environment(settings: Settings, port: int) -> dict[str, str]:
    """What a role must be told to run with `settings`."""
    given = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url or "",
        "READ_DATABASE_URL": settings.read_database_url or "",
        "RABBITMQ_URL": settings.rabbitmq_url or "",
        "RABBITMQ_MANAGEMENT_URL": settings.rabbitmq_management_url or "",
        "NUM_PARTITIONS": str(settings.num_partitions),
        "FLUSH_INTERVAL_MS": str(settings.flush_interval_ms),
        "STREAM_PREFIX": settings.stream_prefix,
        "RETENTION_DAYS": str(settings.retention_days),
        "RETENTION_CHECK_MS": str(settings.retention_check_ms),
        "ROLL_UP_CHECK_MS": str(settings.roll_up_check_ms),
        "LEASE_MS": "900",
        "REQUEST_TIMEOUT_MS": "5000",
        "PORT": str(port),
        "PAGE_RULES": settings.page_rules,
        "KEEP_USER_AGENTS": settings.keep_user_agents,
        "WORKERS": "",
        "ALLOWED_HOSTS": settings.allowed_hosts,
        "SITES": settings.sites,
        "POSTGRES_HOST": "",
        "KEYS_FILE": str(settings.keys_file or ""),
        "INGEST_KEY": settings.ingest_key,
        "READ_KEY": settings.read_key,
        "ADMIN_KEY": settings.admin_key,
        "HOST": settings.host,
        "OPEN": str(settings.open_to_all),
        "PUBLIC_SITES": settings.public_sites,
        "BADGES": settings.badges,
    }
    return {**os.environ, **given}


class Role:
    """A `footfall` verb in a process of its own; its stderr goes to a file.

    `program` is the folder of another version than this one; its clocks may be `days_ahead`; it may
    have so few `descriptors`.
    """

    def __init__(
        self,
        settings: Settings,
        *arguments: str,
        port: int | None = None,
        program: Path = REPOSITORY,
        days_ahead: int = 0,
        descriptors: int | None = None,
    ) -> None:
        self._program = program
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._module = ["tests.wrong_clock", str(days_ahead)] if days_ahead else ["cli"]
        self._bounds = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        self._environment = environment(settings, self.port)
        self._log = settings.data_dir.parent / f"{arguments[0]}-{self.port}.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> Self:
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._bounds, sys.executable, "-m", *self._module, *self._arguments,
                cwd=self._program, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    async def serving(self, seconds: float = 30) -> Self:
        """Started, and answering."""
        await self.start()
        async with httpx.AsyncClient(base_url=self.url) as client:
            await until(lambda: self._ready(client), f"{self._arguments[0]} being ready", seconds)
        return self

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log()
        if not listens_itself(self.process.pid, self.port):
            return False
        with suppress(httpx.TransportError):
            return (await client.get("/ready")).status_code == 200
        return False

    async def until_answering(self, path: str) -> httpx.Response:
        """The first answer to a GET."""
        found: list[httpx.Response] = []
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def answered() -> bool:
                with suppress(httpx.TransportError):
                    found.append(await client.get(path, timeout=10))
                return bool(found)

            await until(answered, f"an answer to GET {path}")
        return found[0]

    def log(self) -> str:
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL, no chance to say anything."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(30):
            return await self.process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                # A stopped process would not hear anything else.
                self.process.send_signal(signal.SIGCONT)
            await self.stop()


async def footfall(
    settings: Settings, *arguments: str, program: Path = REPOSITORY
) -> tuple[int, str, str]:
    """Run a verb to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=program, env=environment(settings, 0), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Return once the awaited `condition` holds; fails naming `what`."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise AssertionError(f"{what} did not happen within {seconds:g} s") from error


async def report(client: httpx.AsyncClient, **query: str) -> list[Mapping[str, int]]:
    """The rows of a report."""
    response = await client.get("/report", params=query)
    assert response.status_code == 200, response.text
    data: list[Mapping[str, int]] = response.json()["data"]
    return data
