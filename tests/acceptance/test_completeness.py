"""What a report says of its completeness is so, and it never says less than before."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PAGES = 12
NOW = "2025-07-16T12:00:00Z"
AT = "2025-07-16T10:30:00Z"
# As long as a round over all partitions takes on a busy machine.
PATIENCE_SECONDS = 60.0


def confirmed_ms() -> int:
    """The database is on this machine: its clock is this one."""
    return time.time_ns() // 1_000_000


@dataclass
class Watch:
    """Views that were answered 202, when, and whether each report holds what it says it does.

    A page gets one view at a time; `expected` are the moments of its answers.
    """

    ingest: httpx.AsyncClient
    read: httpx.AsyncClient
    answered: dict[str, list[int]] = field(default_factory=dict)
    latest_ms: int = 0
    generations: list[int] = field(default_factory=list)
    reports: int = 0
    proven: int = 0

    async def post(self, number: int) -> None:
        page = f"complete.example/{number % PAGES}"
        found = await self.ingest.post("/page-views/single", json={"page": page, "timestamp": AT})
        assert found.status_code == 202, found.text
        self.answered.setdefault(page, []).append(confirmed_ms())

    async def ask(self, page: str) -> None:
        found = await self.read.get("/report", params={"page": page, "now": NOW})
        assert found.status_code == 200, found.text
        views = sum(row["v"] for row in found.json()["data"])
        self.reports += 1
        self.generations.append(int(found.headers["footfall-generation"]))
        said = found.headers.get("footfall-complete-until")
        if said is None:
            # Once it is known it stays so.
            assert not self.latest_ms
            return
        moment_ms = round(datetime.fromisoformat(said).timestamp() * 1_000)
        assert moment_ms >= self.latest_ms, "it runs backward"
        self.latest_ms = moment_ms
        due = sum(at_ms < moment_ms for at_ms in self.answered.get(page, []))
        assert views >= due, f"{said} is said, {due - views} views before it are missing"
        self.proven += due

    async def asked_for_all_pages(self) -> None:
        """Once more each."""
        before = self.reports

        async def there() -> bool:
            return self.reports > before + PAGES

        await until(there, "a report of each page")

    async def until_complete(self) -> None:
        """All that was posted so far is said to be in, and is."""
        wanted_ms = confirmed_ms()

        async def there() -> bool:
            return self.latest_ms > wanted_ms

        await until(there, "a watermark beyond the last answer", PATIENCE_SECONDS)


async def go_on(watch: Watch, stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        await watch.post(number)
        number += 1
        await asyncio.sleep(0.01)


async def poll(watch: Watch, stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        await watch.ask(f"complete.example/{number % PAGES}")
        number += 1


@asynccontextmanager
async def watched(ingest: Role, read: Role) -> AsyncIterator[Watch]:
    """Views are posted and reports asked for, for the time of the block."""
    async with (
        httpx.AsyncClient(base_url=ingest.url, timeout=20) as one,
        httpx.AsyncClient(base_url=read.url, timeout=20) as other,
    ):
        watch, stop = Watch(one, other), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(go_on(watch, stop))
            tasks.create_task(poll(watch, stop))
            try:
                yield watch
            finally:
                stop.set()


async def test_a_report_holds_what_it_says_it_does_through_deaths_and_promotions(
    backend: Settings,
) -> None:
    settings = replace(backend, flush_interval_ms=200)
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(Role(settings, "ingest"))
        read = await stack.enter_async_context(Role(settings, "read-api"))
        await asyncio.gather(ingest.serving(), read.serving())
        async with watched(ingest, read) as watch:
            first = await stack.enter_async_context(Role(settings, "projector"))
            await first.start()
            await watch.until_complete()
            await first.kill()
            # Nobody folds: what is said stands still, and stays true.
            await watch.asked_for_all_pages()
            said_ms = watch.latest_ms
            await watch.asked_for_all_pages()
            assert watch.latest_ms == said_ms
            second = await stack.enter_async_context(Role(settings, "projector"))
            await second.start()
            await watch.until_complete()
            code, _, err = await footfall(settings, "replay", "--keep-previous")
            assert code == 0, err
            await watch.until_complete()
            code, _, err = await footfall(settings, "rollback")
            assert code == 0, err
            await watch.until_complete()
        assert watch.proven > 0
        assert {*watch.generations} == {1, 2}
        for role in (ingest, read, second):
            assert await role.stop() == 0
            assert "Traceback" not in role.log()
