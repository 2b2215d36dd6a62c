"""The current folder may be anybody's, as a data volume is: nothing in it is run."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import REPOSITORY, environment, until
from tests.conftest import embedded
from tests.servers import free_port

pytestmark = pytest.mark.acceptance

TRAPS = ("msgspec", "uvloop", "click", "httptools", "rich", "httpx", "alembic", "aiosqlite")
PACKAGES = ("sqlalchemy", "litestar", "aio_pika", "domain", "rows", "migrations")
STARTS = {"module": ["-m", "cli"], "safe": ["-P", "-m", "cli"]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The embedded files are in a folder beside the traps."""
    return embedded(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every module in it says that it was run, and ends the process."""
    folder = tmp_path / "here"
    folder.mkdir()
    trap = f"open({str(tmp_path / 'sprung')!r}, 'a').write(__name__); raise SystemExit(77)\n"
    for name in TRAPS:
        (folder / f"{name}.py").write_text(trap)
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(trap)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = nowhere\n")
    return folder


def sprung(folder: Path) -> str:
    file = folder.parent / "sprung"
    return file.read_text() if file.exists() else ""


async def start(
    settings: Settings, folder: Path, how: str, arguments: Sequence[str], port: int = 0
) -> asyncio.subprocess.Process:
    # An empty entry of PYTHONPATH is the current folder for whoever is not told otherwise.
    given = environment(settings, port) | {"PYTHONPATH": str(REPOSITORY)}
    return await asyncio.create_subprocess_exec(
        sys.executable, *STARTS[how], *arguments, cwd=folder, env=given,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def ran(
    settings: Settings, folder: Path, how: str, *arguments: str
) -> tuple[int | None, str]:
    process = await start(settings, folder, how, arguments)
    out, _ = await process.communicate()
    return process.returncode, out.decode()


@asynccontextmanager
async def serving(
    settings: Settings, folder: Path, how: str, *arguments: str
) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    process = await start(settings, folder, how, arguments, port)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False
        ) as client:

            async def ready() -> bool:
                assert process.returncode is None, await process.communicate()
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return bool(sprung(folder))

            await until(ready, f"{arguments[0]} being ready")
            yield client
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_no_verb_runs_it(settings: Settings, folder: Path) -> None:
    file = folder.parent / "counts.csv"
    file.write_text("2025-07-16T10:00:00Z,a,5\n")
    code, out = await ran(settings, folder, "module", "migrate")
    assert (code, sprung(folder)) == (0, ""), out
    for verb in (
        ["check"], ["status"], ["verify"], ["verify", "--deep"], ["replay", "--keep-previous"],
        ["replay", "--workers", "2", "--dry-run"], ["rollback"], ["replay", "--abandon"],
        ["retain", "--dry-run"], ["--help"], ["--version"],
    ):  # fmt: skip
        code, out = await ran(settings, folder, "module", *verb)
        assert (code, sprung(folder)) == (0, ""), (verb, out)
    async with serving(settings, folder, "module", "up") as up:
        code, out = await ran(
            settings, folder, "module", "import", str(file), "--to", str(up.base_url)
        )
        assert (code, sprung(folder)) == (0, ""), out


# Whoever is told to leave the folder alone passes that on to those it starts.
@pytest.mark.parametrize(
    ("how", "role"),
    [
        ("module", ["up"]),
        ("module", ["up", "--workers", "2"]),
        ("module", ["web"]),
        ("module", ["ingest"]),
        ("module", ["ingest", "--workers", "2"]),
        ("module", ["read-api"]),
        ("module", ["read-api", "--workers", "2"]),
        ("safe", ["up", "--workers", "2"]),
        ("safe", ["ingest", "--workers", "2"]),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
)
async def test_no_role_and_no_worker_runs_it(
    how: str, role: list[str], settings: Settings, folder: Path
) -> None:
    await ran(settings, folder, how, "migrate")
    async with serving(settings, folder, how, *role) as client:
        assert sprung(folder) == ""
        assert (await client.get("/health")).status_code == 200


async def test_no_worker_of_a_safe_rebuild_runs_it(settings: Settings, folder: Path) -> None:
    for verb in (["migrate"], ["replay", "--workers", "2", "--dry-run"]):
        code, out = await ran(settings, folder, "safe", *verb)
        assert (code, sprung(folder)) == (0, ""), (verb, out)
