"""Who was answered 202 reads their own view, whatever happens to those who fold it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

NOW = "2025-07-16T12:00:00Z"
AT = "2025-07-16T10:30:00Z"
RANGE = {"from": "2025-07-16", "to": "2025-07-17", "format": "json"}


@dataclass
class Client:
    """Writes and reads over HTTP; the last `position` it was given."""

    ingest: httpx.AsyncClient
    read: httpx.AsyncClient
    position: str = ""

    async def post(self, page: str) -> str:
        found = await self.ingest.post("/page-views/single", json={"page": page, "timestamp": AT})
        return self._taken(found)

    async def post_many(self, *pages: str) -> str:
        views = {page: {AT: 1} for page in pages}
        return self._taken(await self.ingest.post("/page-views/multi", json=views))

    def _taken(self, found: httpx.Response) -> str:
        assert found.status_code == 202, found.text
        self.position = found.headers["footfall-position"]
        return self.position

    async def report(self, page: str, wait: str = "10", position: str = "") -> httpx.Response:
        query = {"page": page, "now": NOW, "min-position": position or self.position, "wait": wait}
        return await self.read.get("/report", params=query)

    async def stats(self, path: str, **query: str) -> httpx.Response:
        waiting = {"min-position": self.position, "wait": "10"}
        return await self.read.get(path, params=RANGE | waiting | query)


def views(found: httpx.Response) -> int:
    assert found.status_code == 200, found.text
    return sum(row["v"] for row in found.json()["data"])


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[Client, AsyncExitStack]]:
    """Ingest and read API; nobody folds yet."""
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(Role(settings, "ingest"))
        read = await stack.enter_async_context(Role(settings, "read-api"))
        await asyncio.gather(ingest.serving(), read.serving())
        one = await stack.enter_async_context(httpx.AsyncClient(base_url=ingest.url, timeout=20))
        other = await stack.enter_async_context(httpx.AsyncClient(base_url=read.url, timeout=20))
        yield Client(one, other), stack
        for role in (ingest, read):
            assert await role.stop() == 0
            assert "Traceback" not in role.log()


async def folding(settings: Settings, stack: AsyncExitStack) -> Role:
    return await (await stack.enter_async_context(Role(settings, "projector"))).start()


async def test_a_view_is_in_the_next_answer(backend: Settings) -> None:
    settings = replace(backend, flush_interval_ms=100)
    async with served(settings) as (client, stack):
        await folding(settings, stack)
        await client.post("first.example/")
        # The projector may still be starting.
        while (await client.report("first.example/")).status_code == 504:
            pass
        for number in range(1, 51):
            await client.post("own.example/a")
            assert views(await client.report("own.example/a")) == number
        for number in range(1, 11):
            pages = [f"many.example/{n}" for n in range(30)]
            await client.post_many(*pages)
            found = await client.stats("/stats/views", site="many.example")
            assert found.json()["total"] == 30 * number, found.text
            assert "min-position" not in found.json()["question"]
        await client.post("own.example/a")
        listed = await client.stats("/stats/pages", site="own.example")
        assert [row["views"] for row in listed.json()["pages"]] == [51]
        await client.post("own.example/a")
        rows = await client.stats("/export/hourly", site="own.example")
        assert rows.json()["total"] == 52
        position = await client.post("own.example/a")
        code, out, err = await footfall(
            settings, "stats", "views", "--json", "--page", "own.example/a",
            "--from", "2025-07-16", "--to", "2025-07-17", "--min-position", position,
        )  # fmt: skip
        assert (code, json.loads(out)["total"]) == (0, 53), err


async def test_while_nobody_folds_it_is_said_in_time_and_the_view_comes_later(
    backend: Settings,
) -> None:
    settings = replace(backend, flush_interval_ms=100)
    async with served(settings) as (client, stack):
        projector = await folding(settings, stack)
        await client.post("own.example/a")
        while (await client.report("own.example/a")).status_code == 504:
            pass
        assert await projector.stop() == 0

        await client.post("own.example/a")
        for wait, least, most in (("0", 0.0, 2.0), ("1.5", 1.5, 4.0)):
            began = time.monotonic()
            late = await client.report("own.example/a", wait)
            assert least <= time.monotonic() - began < most
            assert (late.status_code, late.json()["type"]) == (504, "/problems/not-yet")
            assert late.headers["retry-after"] == "1"
        # What is not waited for is answered as ever.
        there = await client.read.get("/report", params={"page": "own.example/a", "now": NOW})
        assert views(there) == 1
        code, out, err = await footfall(
            settings, "stats", "views", "--min-position", client.position, "--wait", "0.1"
        )
        assert (code, out) == (1, "")
        assert "the views of min-position are not counted within 0.1 s" in err
        code, out, err = await footfall(settings, "stats", "export", "--wait", "1")
        assert (code, out) == (2, "")
        assert (
            err
            == "footfall: wait is how long to wait for min-position: send both, or leave it out\n"
        )

        waiting = asyncio.create_task(client.report("own.example/a"))
        projector = await folding(settings, stack)
        found = await waiting
        while found.status_code == 504:
            found = await client.report("own.example/a")
        assert views(found) == 2


async def test_deaths_and_promotions_of_those_who_fold_are_waited_through(
    backend: Settings,
) -> None:
    settings = replace(backend, flush_interval_ms=100)
    async with served(settings) as (client, stack):
        projector = await folding(settings, stack)
        first = await client.post("own.example/a")
        while (await client.report("own.example/a")).status_code == 504:
            pass
        counted = 1
        for _ in range(2):
            await client.post("own.example/a")
            await projector.kill()
            counted += 1
            await client.post("own.example/a")
            counted += 1
            waiting = asyncio.create_task(client.report("own.example/a"))
            projector = await folding(settings, stack)
            found = await waiting
            while found.status_code == 504:
                found = await client.report("own.example/a")
            assert views(found) == counted

        async def read_own(stop: asyncio.Event) -> set[str]:
            nonlocal counted
            generations = set()
            while not stop.is_set():
                await client.post("own.example/a")
                counted += 1
                found = await client.report("own.example/a")
                assert views(found) == counted
                generations.add(found.headers["footfall-generation"])
            return generations

        for verb, generation in ((["replay", "--keep-previous"], "2"), (["rollback"], "1")):
            stop = asyncio.Event()
            reading = asyncio.create_task(read_own(stop))
            code, _, err = await footfall(settings, *verb)
            assert code == 0, err
            # What another generation was waited for is in this one.
            assert views(await client.report("own.example/a", "0", first)) >= counted - 1
            before = counted

            async def twice_more(
                before: int = before, reading: asyncio.Task[set[str]] = reading
            ) -> bool:
                return reading.done() or counted > before + 2

            await until(twice_more, "views that are read from the other generation")
            stop.set()
            assert generation in await reading
