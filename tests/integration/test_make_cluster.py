"""`make cluster`: it serves, its parts can be lost and had back, and nothing is left of it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.processes import REPOSITORY, report, until
from tests.cluster import __main__ as script
from tests.cluster import machines
from tests.cluster.machines import Machines, Size
from tests.servers import Process, answers, end, family, process

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    pytest.mark.nginx,
    pytest.mark.timeout(500),
]

SMALL = ["--ingest", "2", "--projectors", "1", "--read-apis", "1", "--partitions", "2"]
VIEW = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
NOON = "2025-07-16T12:00:00Z"
STARTING = 200


class Script:
    """`python -m tests.cluster` as a process, and what it said so far."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._process = running
        self.said = ""
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(4_096):
            self.said += data.decode()

    async def until_said(self, words: str) -> None:
        async def found() -> bool:
            assert words in self.said or not self._hearing.done(), self.said
            return words in self.said

        try:
            await until(found, f"{words!r} being said", STARTING)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{self.said}") from error

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def code(self) -> int:
        async with asyncio.timeout(STARTING):
            found = await self._process.wait()
            await self._hearing
        return found

    def match(self, pattern: str) -> str:
        match = re.search(pattern, self.said, re.MULTILINE)
        assert match is not None, self.said
        return match[1]

    def family(self) -> list[Process]:
        return family(process(self._process.pid))


@asynccontextmanager
async def cluster(*arguments: str) -> AsyncIterator[Script]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cluster", *arguments,
        cwd=REPOSITORY, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    itself = process(running.pid)
    try:
        yield Script(running)
    finally:
        if running.returncode is None:
            # So that a test that failed leaves nothing either.
            await asyncio.to_thread(end, itself, signal.SIGTERM)
            await running.wait()


async def test_it_serves_loses_a_part_has_it_back_and_leaves_nothing() -> None:
    async with cluster(*SMALL, "--synchronous", "--reports-from-standby") as it:
        await it.until_said(script.READY)
        url = it.match(r"^Front door +(\S+)")
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:

            async def counted(views: int) -> bool:
                rows = await report(client, page=VIEW["page"], now=NOON)
                return sum(row["v"] for row in rows) == views

            for _ in range(4):
                assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            await until(lambda: counted(4), "the views being in the report")
            it.type("kill mq2")
            await it.until_said("kill mq2: done, process id none")
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            await until(lambda: counted(5), "the fifth view being in the report")
        it.type("start mq2")
        await it.until_said("start mq2: done")
        settings = it.match(r"^In another shell, here: +(\. \S+);")
        checked = await shell(f"{settings}; {sys.executable} -m cli check")
        assert checked.startswith("OK"), checked
        folders = [Path(found) for found in re.findall(r" {3}(/\S+) {3}\(", it.said)]
        everybody = it.family()
        # nginx, three nodes, two databases, four roles, at the least.
        assert len(everybody) > 10
        assert len(folders) == 2
        assert all(folder.is_dir() for folder in folders)
        it.signal(signal.SIGTERM)
        assert await it.code() == 0, it.said
        assert not [member for member in everybody if member.alive()]
        assert not [folder for folder in folders if folder.exists()]
        assert not answers("127.0.0.1", int(url.rpartition(":")[2]))


async def shell(line: str) -> str:
    running = await asyncio.create_subprocess_shell(
        line, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await running.communicate()
    return out.decode()


async def test_interrupted_while_it_starts_it_leaves_nothing() -> None:
    async with cluster(*SMALL) as it:
        await it.until_said("three RabbitMQ nodes")

        async def some_run() -> bool:
            return any(b"beam" in member.command() for member in it.family())

        await until(some_run, "a node starting")
        everybody = it.family()
        it.signal(signal.SIGINT)
        assert await it.code() == 0, it.said
        assert not [member for member in everybody if member.alive()]
        assert "Traceback" not in it.said


async def test_a_start_that_fails_in_the_middle_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The nodes are being started then, in threads that nothing can interrupt."""
    before = family(process(os.getpid()))
    found = Machines(Size(ingest=1, projectors=1, read_apis=1, partitions=1))
    monkeypatch.setattr(machines, "Standby", no_standby)
    with pytest.raises(ExceptionGroup) as raised:
        await found.__aenter__()
    assert raised.group_contains(NoStandby)
    assert [member for member in family(process(os.getpid())) if member not in before] == []
    assert not found.folder.exists()
    assert not found.nodes.nodes[0].folder.exists()


class NoStandby(Exception):
    """There is none today."""


def no_standby(*_: object) -> None:
    raise NoStandby


def test_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machines, "nginx_binary", lambda: None)
    assert script.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Not installed: nginx. ")
    assert "make services INSTALL=1" in said
