"""Range questions: DuckDB over what Footfall exports, beside Footfall's own statistics.

Both have the same two years of hourly rows. Their answers are compared before they are timed.
"""

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx

from benchmarks.contenders import started
from benchmarks.load import closed_loop, cycle, get
from benchmarks.measured import Place, pinned
from benchmarks.processes import Process
from benchmarks.servers import production_on, servers
from benchmarks.stats import Question, filled, questions
from benchmarks.table import Ratio, Row
from domain.settings import Settings

ROWS = 1_000_000
_ASKED = ("top 100, month", "top 100, year", "a page by day, 2 years")
_EXPORT_SECONDS = 600
# The same names as in PostgreSQL, so that the same SQL asks both.
_TABLE = """
    CREATE TABLE hourly_views AS
    SELECT 1 AS generation, page, hour AS view_hour, views FROM read_csv(?, header = true)
"""


class DifferentAnswers(Exception):
    """DuckDB and Footfall count differently."""


async def ranges(place: Place, runs: int, seconds: float) -> list[Row]:
    """Each question asked over HTTP, and as SQL in the process that has the file open."""
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        async with servers(place) as found, production_on(found) as settings:
            last = await filled(settings, ROWS)
            loading, duck = await _loaded(settings, Path(folder))
            rows = [_told_of_loading(loading)]
            with pinned(set(place.cpus)):
                read_api = Process(settings, "cli", "read-api")
                async with started(read_api):
                    for question in questions(last, postgresql=True):
                        if question.name in _ASKED:
                            await _compare(duck, question, read_api.port)
                            rows.append(await _time(duck, question, read_api.port, runs, seconds))
            duck.close()
    return rows


async def _loaded(settings: Settings, folder: Path) -> tuple[float, Any]:
    """Seconds of export and loading together, and DuckDB with the rows."""
    begun = perf_counter()
    file = folder / "views.csv"
    export = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "stats", "export", "--output", str(file)),
        env=Process(settings).environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(_EXPORT_SECONDS):
        if code := await export.wait():
            raise RuntimeError(f"footfall stats export ended with {code}")
    # Among the requirements of peers only.
    duck = import_module("duckdb").connect(str(folder / "views.duckdb"))
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(_TABLE, [str(file)])
    return perf_counter() - begun, duck


def _told_of_loading(seconds: float) -> Row:
    return Row(
        f"DuckDB, {ROWS:,} hourly rows: export and loading, before anything is asked",
        f"{seconds:.1f} s",
        "as old as the export; nothing is taken while it is loaded",
    )


async def _compare(duck: Any, question: Question, port: int) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = (await client.get(f"http://127.0.0.1:{port}{question.path}")).json()
    found = duck.execute(question.plain).fetchall()
    if "pages" in answer:
        ours: object = [(row["page"], row["views"]) for row in answer["pages"]]
    else:
        ours, found = answer["total"], sum(views for _, views in found)
    if ours != found:
        raise DifferentAnswers(f"{question.path}: {json.dumps(answer)[:500]} and {found}"[:1_000])


async def _time(duck: Any, question: Question, port: int, runs: int, seconds: float) -> Row:
    asked = cycle([get(question.path)])
    ours, theirs = [], []
    for _ in range(runs):
        found = await closed_loop(port, asked, connections=1, seconds=seconds, expect=b"200")
        if found.failed:
            raise RuntimeError(f"{question.path}: {found.failed} failed")
        ours.append(found.percentile(0.5))
        theirs.append(await asyncio.to_thread(_plain, duck, question.plain, seconds))
    ratio = median(theirs) / median(ours)
    name = f"{question.name}: DuckDB / Footfall over HTTP"
    value = f"{median(theirs):.1f} / {median(ours):.1f} ms, {ratio:.2f}"
    return Row(name, value, "", Ratio(name, ratio))


def _plain(duck: Any, statement: str, seconds: float) -> float:
    """Median milliseconds of asking again and again."""
    taken: list[float] = []
    until = perf_counter() + seconds
    while perf_counter() < until:
        begun = perf_counter()
        duck.execute(statement).fetchall()
        taken.append(perf_counter() - begun)
    return median(taken) * 1e3
