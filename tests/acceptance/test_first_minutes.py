"""The first minutes: what a start that fails says, and what one that works says."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.wiring.migrate import migrate
from tests.acceptance.processes import REPOSITORY, Role, environment, footfall, report, until
from tests.conftest import embedded
from tests.servers import free_port

pytestmark = pytest.mark.acceptance


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield str(found.getsockname()[1])


@pytest.mark.parametrize(
    "arguments",
    [["up"], ["ingest"], ["ingest", "--workers", "2"], ["read-api"], ["web"], ["projector"]],
    ids=str,
)
async def test_a_port_that_is_taken_is_told_in_one_sentence(
    arguments: list[str], taken: str, tmp_path: Path
) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    code, out, err = await footfall(settings, *arguments, "--port", taken)
    assert (code, out) == (1, "")
    assert err.startswith(f"footfall: HOST and PORT are '127.0.0.1' and {taken}, nothing can")
    assert err.count("\n") == 1


@pytest.mark.parametrize("verb", ["up", "ingest", "projector", "migrate", "status", "replay"])
async def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(
    verb: str, tmp_path: Path
) -> None:
    settings = replace(embedded(tmp_path), data_dir=Path("/proc"))
    code, out, err = await footfall(settings, verb)
    assert (code, out) == (1, "")
    assert err.startswith("footfall: DATA_DIR is '/proc', no files can be there: ")
    assert err.count("\n") == 1


async def test_check_tells_it_as_a_layer(tmp_path: Path) -> None:
    code, out, err = await footfall(replace(embedded(tmp_path), data_dir=Path("/proc")), "check")
    assert (code, err) == (1, "")
    assert out.startswith("ERROR folder (/proc): DATA_DIR is '/proc'")
    assert out.count("\n") == 1


async def test_the_folder_may_have_any_name(tmp_path: Path) -> None:
    settings = replace(embedded(tmp_path), data_dir=tmp_path / "a ?#%41 ü")
    async with Role(settings, "up") as up:
        await up.serving()
        code, out, _ = await footfall(settings, "check")
    assert code == 0, out
    files = {path.name for path in settings.data_dir.iterdir()}
    assert {"log.sqlite3", "rows.sqlite3"} <= files
    # Nor did a part of it become a folder elsewhere.
    assert [name for name in os.listdir(tmp_path) if name.startswith("a")] == ["a ?#%41 ü"]


async def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    settings = embedded(tmp_path)
    settings.data_dir.mkdir()
    connection = sqlite3.connect(settings.rows_file)
    connection.execute("CREATE TABLE page_views (theirs INTEGER)")
    connection.close()
    before = settings.rows_file.read_bytes()
    code, _, err = await footfall(settings, "up", "--port", str(free_port()))
    assert code == 1
    assert err == (
        f"footfall: {settings.rows_file} has tables that are not Footfall's (page_views): name "
        "another folder with DATA_DIR\n"
    )
    # Journal mode and its two counters stand in the header; the rest is theirs.
    assert settings.rows_file.read_bytes()[100:] == before[100:]


async def test_all_wrong_settings_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("NUM_SHARDS", "0")
    settings = replace(embedded(tmp_path), database_url="mysql://u:secret@h/d")
    for verb in ("up", "check"):
        code, out, err = await footfall(settings, verb)
        assert (code, out) == (2, "")
        named = [line.removeprefix("footfall: ").split()[0] for line in err.splitlines()]
        assert named == ["DATABASE_URL", "NUM_SHARDS", "LOG_LEVEL"]
        assert "secret" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["ingest", "read-api"])
async def test_a_role_that_was_asked_to_stop_has_done_well(
    verb: str, number: signal.Signals, tmp_path: Path
) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    async with Role(settings, verb) as role:
        await role.serving()
        # Twice, as where a terminal and a supervisor both pass it on.
        role.signal(number)
        role.signal(number)
        assert role.process is not None
        async with asyncio.timeout(30):
            assert await role.process.wait() == 0, role.log()
        assert re.fullmatch(r".* listening on http://127\.0\.0\.1:\d+\n", role.log())


@pytest.mark.parametrize(("verb", "code"), [("up", 0), ("ingest", 0), ("status", 130)])
async def test_a_signal_while_a_verb_is_loaded_ends_it_quietly(verb: str, code: int) -> None:
    script = (
        "import signal, time; from cli.processes.beginning import ending_quietly\n"
        f"with ending_quietly({verb!r}):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    time.sleep(30)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert (process.returncode, out) == (code, b"")


@asynccontextmanager
async def make_run(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`make run` in a process group of its own, as a terminal gives it one; all else is set up."""
    command = folder / "bin" / "footfall"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cli "$@"\n')
    command.chmod(0o755)
    settings = embedded(folder)
    given = {**environment(settings, port), "DATA_DIR": "", "PYTHONPATH": str(REPOSITORY)}
    # Make itself takes these for its own.
    given = {name: value for name, value in given.items() if not name.startswith("MAKE")}
    process = await asyncio.create_subprocess_exec(
        "make", "-f", str(REPOSITORY / "Makefile"), "-o", "runtime", "run", f"BIN={folder}/bin",
        cwd=folder, env=given, start_new_session=True,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def printed(process: asyncio.subprocess.Process, until_line: str) -> str:
    """What it prints, up to and with the line that has `until_line` in it."""
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(30):
        while until_line not in text.rpartition("\n")[0].rpartition("\n")[2]:
            line = await process.stdout.readline()
            assert line, text
            text += line.decode()
    return text


@pytest.mark.parametrize("whole_group", [True, False], ids=["Ctrl-C", "SIGTERM"])
async def test_make_run_says_where_to_look_next_and_ends_without_an_error(
    tmp_path: Path, whole_group: bool
) -> None:
    port = free_port()
    async with make_run(tmp_path, port) as process:
        said = await printed(process, "/schema")
        assert said.startswith(f"serving on http://127.0.0.1:{port} (Ctrl-C stops)\n")
        assert str(tmp_path / "footfall-data" / "rows.sqlite3") in said
        await follow(said)
        if whole_group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        assert process.stdout is not None
        async with asyncio.timeout(30):
            rest = (await process.stdout.read()).decode()
            await process.wait()
    lines = [line for line in rest.splitlines() if "folding partitions" not in line]
    assert lines[0].startswith("stopping: ")
    assert not any(lines[1:]), rest


async def follow(said: str) -> None:
    """Do what was said to do next."""
    (view,) = re.findall(r"-d '(.*)'", said)
    looked, sent, asked, described = re.findall(r"http://[^\s']+(?=[\s']|$)(?! \()", said)
    page = json.loads(view)["page"]
    # It waits at the port until the processes behind it are up.
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.post(sent, content=view)).json() == {"accepted": 1}
        base = asked.partition("/report")[0]
        async with httpx.AsyncClient(base_url=base, timeout=60) as reports:

            async def seen() -> bool:
                return sum(row["v"] for row in await report(reports, page=page)) == 1

            await until(seen, "the view being in the report")
        assert (await client.get(asked)).status_code == 200
        assert (await client.get(looked)).headers["content-type"].startswith("text/html")
        assert (await client.get(described)).json()["openapi"].startswith("3.1")


async def test_readme_shows_what_is_really_said(tmp_path: Path) -> None:
    readme = (REPOSITORY / "README.md").read_text()
    (shown,) = re.findall(r"(?m)^    serving on .*\n(?:    .*\n)+", readme)
    async with make_run(tmp_path, free_port()) as process:
        said = await printed(process, "/schema")

    def alike(text: str) -> list[str]:
        text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
        text = re.sub(r"\S*/footfall-data", "FOLDER", text)
        return [line.strip() for line in re.sub(r"\d{4}-\d\d-\d\dT\d\d", "HOUR", text).splitlines()]

    assert alike(shown) == alike(said)
