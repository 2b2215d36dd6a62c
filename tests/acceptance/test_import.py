"""`footfall import` into a running service."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import (
    REPOSITORY,
    Role,
    environment,
    footfall,
    report,
    until,
)

pytestmark = pytest.mark.acceptance

DATA = Path(__file__).parents[1] / "data"


async def test_recorded_traffic_comes_out_as_it_went_in(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        code, out, err = await footfall(
            backend, "import", "--json", "--to", up.url, "--host", "example.com",
            str(DATA / "nasa-broken.log"),
        )  # fmt: skip
        assert code == 0, err
        found = json.loads(out)
        assert (found["lines"], found["counted"], found["accepted"]) == (700, 653, 653)
        assert "nasa-broken.log, line 38: malformed line" in err
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def seen() -> bool:
                rows = await report(
                    client,
                    page="example.com/images/KSC-logosmall.gif",
                    now="1995-08-01T12:00:00Z",
                )
                return {row["h"]: row["v"] for row in rows if row["v"]} == {4: 33}

            await until(seen, "the logo's views being in the report")


async def test_an_import_that_was_ended_goes_on_and_every_line_counts_once(
    backend: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "history.csv"
    lines = 40_000
    path.write_text("".join(f"2025-07-16T{i % 20:02}:00Z,x/{i % 4_001},1\n" for i in range(lines)))
    async with Role(backend, "up") as up:
        await up.serving()
        asked = ("import", "--to", up.url, "--json", "--format", "counts")
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def views(page: str) -> int:
                rows = await report(client, page=page, now="2025-07-17T00:00:00Z")
                return sum(row["v"] for row in rows)

            # A pipe that stays open, so that it cannot be done before it is ended.
            first = await started(backend, *asked, "-")
            assert first.stdin is not None
            first.stdin.write(b"".join(path.read_bytes().splitlines(keepends=True)[:25_500]))
            await first.stdin.drain()
            await until(lambda: has_views(views, "x/0"), "the first views being in the report")
            first.terminate()
            out, told = await first.communicate()
            assert first.returncode == 143, told
            ended = json.loads(out)
            assert 0 < ended["accepted"] < lines
            assert (ended["from_line"]["accepted"], ended["from_line"]["unknown"]) == (0, 0)
            line = ended["from_line"]["line"]
            code, rest, err = await footfall(backend, *asked, str(path), "--from-line", str(line))
            assert code == 0, err
            assert ended["accepted"] + json.loads(rest)["accepted"] == lines
            for page in (0, 1_000, 2_500, 4_000):
                expected = len(range(page, lines, 4_001))
                await until(
                    partial(has_views, views, f"x/{page}", expected), "each line counted once"
                )


async def started(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=REPOSITORY, env=environment(settings, 0),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def has_views(
    views: Callable[[str], Awaitable[int]], page: str, expected: int | None = None
) -> bool:
    found = await views(page)
    return found > 0 if expected is None else found == expected


async def test_a_service_that_is_not_there_is_said(backend: Settings) -> None:
    code, _, err = await footfall(
        backend, "import", "--to", "http://127.0.0.1:9", str(DATA / "elastic.log")
    )
    assert code == 1
    assert "footfall up" in err
    assert "Traceback" not in err
