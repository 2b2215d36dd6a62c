"""Sums beside the rows are true whoever dies while they are made, and nobody who reads notices."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count

import httpx
import pytest
from sqlalchemy import select

from cli.wiring.migrate import migrate
from domain.events import Generation
from domain.settings import Settings
from rows.engine import engine_at
from rows.tables import rolled_months
from tests.acceptance.processes import Role, footfall, until
from tests.contract.aggregates.rolling import assert_true, rolled_days

pytestmark = pytest.mark.acceptance

SITE = "example.com"
RANGE = {"from": "2025-07-01T00:00:00Z", "to": "2025-08-01T00:00:00Z", "site": SITE, "unit": "day"}
DAYS = 6
# Longer than days take to be added up, on a busy machine too.
AT_ONCE = 300
SOME = 25
PATIENCE_SECONDS = 120.0


class Views:
    """Late views of a few days, each confirmed before the next, and what statistics make of them.

    `sent` were tried, `confirmed` were answered 202.
    """

    def __init__(self, ingest: httpx.AsyncClient, read: httpx.AsyncClient) -> None:
        self._ingest = ingest
        self._read = read
        self.sent = 0
        self.confirmed = 0
        self.last = 0
        self.days: set[int] = set()
        self._stop = asyncio.Event()

    async def come(self) -> None:
        for number in count():
            if self._stop.is_set():
                return
            self.sent += 1
            # Some of one day, then of the next: what is left alone meanwhile is added up.
            days = number if number < DAYS else number // AT_ONCE
            day, hour = 10 + days % DAYS, number % 24
            self.days.add(day)
            found = await self._ingest.post(
                "/page-views/single",
                json={
                    "page": f"{SITE}/{number % 7}",
                    "timestamp": f"2025-07-{day}T{hour:02}:00:00Z",
                },
            )
            assert found.status_code == 202, found.text
            self.confirmed += 1

    async def look(self) -> None:
        """Again and again: it never fails, never falls, and has nothing twice."""
        while not self._stop.is_set():
            await self.total()

    async def total(self) -> int:
        # Answers of two that ask at once may come in any order.
        before = self.last
        found = await self._read.get("/stats/views", params=RANGE)
        assert found.status_code == 200, found.text
        told = found.json()
        total: int = told["total"]
        assert before <= total <= self.sent
        assert sum(bucket["views"] for bucket in told["buckets"]) == total
        self.last = max(self.last, total)
        return total

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (self.come(), self.look())]
        try:
            yield
        finally:
            self._stop.set()
            await asyncio.gather(*tasks)

    async def further(self, than: int) -> bool:
        return self.confirmed > than

    async def all_counted(self) -> None:
        async def counted() -> bool:
            return await self.total() == self.confirmed

        await until(counted, "all views in the statistics", PATIENCE_SECONDS)


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[Views]:
    """Ingest and read API."""
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(Role(settings, "ingest"))
        read = await stack.enter_async_context(Role(settings, "read-api"))
        await asyncio.gather(ingest.serving(), read.serving())
        to_ingest, to_read = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=role.url, timeout=20))
            for role in (ingest, read)
        ]
        yield Views(to_ingest, to_read)


async def rolled(settings: Settings, generation: int) -> int:
    async with engine_at(settings.rows_url, read_only=True) as engine:
        return len(await rolled_days(engine, Generation(generation)))


async def whole_months(settings: Settings) -> bool:
    async with engine_at(settings.rows_url, read_only=True) as engine, engine.connect() as found:
        return all(row.whole for row in await found.execute(select(rolled_months.c.whole)))


async def some_are_rolled_up(settings: Settings, generation: int = 1) -> None:
    async def found() -> bool:
        return await rolled(settings, generation) > 0

    await until(found, "days being added up", PATIENCE_SECONDS)


async def succeed(work: Awaitable[tuple[int, str, str]]) -> str:
    code, out, err = await work
    assert code == 0, (out, err)
    return out


@pytest.mark.timeout(400)
async def test_whoever_adds_up_may_be_killed_while_late_views_come(backend: Settings) -> None:
    settings = replace(backend, roll_up_check_ms=50)
    await migrate(settings)
    async with watched(settings) as views, AsyncExitStack() as stack:
        two = [await stack.enter_async_context(Role(settings, "projector")) for _ in range(2)]
        for role in two:
            await role.start()
        async with views.coming():
            for number in range(4):
                before = views.confirmed
                await until(partial(views.further, before + SOME), "views being confirmed")
                await some_are_rolled_up(settings)
                # One of them is at it: each in turn.
                await two[number % 2].kill()
                await two[number % 2].start()
        await views.all_counted()

        async def all_rolled_up() -> bool:
            # The month is added up a step after the last of its days.
            return await rolled(settings, 1) == len(views.days) and await whole_months(settings)

        await until(all_rolled_up, "all days and the month being added up", PATIENCE_SECONDS)
        await views.all_counted()
    async with engine_at(settings.rows_url) as engine:
        await assert_true(engine)
    out = await succeed(footfall(settings, "verify"))
    assert f"sums of days {len(views.days)}, of whole months 1" in out
    assert "nothing is due" in await succeed(footfall(settings, "roll-up"))
    assert f"added up: {len(views.days)} days" in await succeed(
        footfall(settings, "roll-up", "--again")
    )


@pytest.mark.timeout(400)
async def test_a_replay_brings_its_sums_along(backend: Settings) -> None:
    settings = replace(backend, roll_up_check_ms=100)
    await migrate(settings)
    async with watched(settings) as views, Role(settings, "projector") as projector:
        await projector.start()
        async with views.coming():
            await some_are_rolled_up(settings)
            for generation, verb in ((2, ("replay", "--keep-previous")), (1, ("rollback",))):
                await succeed(footfall(settings, *verb))
                assert await views.total()
                await some_are_rolled_up(settings, generation)
        await views.all_counted()
    async with engine_at(settings.rows_url) as engine:
        for number in (1, 2):
            await assert_true(engine, Generation(number))
    await succeed(footfall(settings, "verify"))


@pytest.mark.timeout(400)
async def test_sums_that_somebody_changed_are_told(backend: Settings) -> None:
    settings = replace(backend, roll_up_check_ms=100)
    await migrate(settings)
    async with watched(settings) as views, Role(settings, "projector") as projector:
        await projector.start()
        async with views.coming():
            await some_are_rolled_up(settings)
        await views.all_counted()
    await succeed(footfall(settings, "roll-up"))
    async with engine_at(settings.rows_url) as engine, engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE page_months SET d10 = d10 + 1, d11 = d11 + 1")
    code, out, _ = await footfall(settings, "verify")
    assert code == 1
    assert "footfall roll-up --again makes them anew" in out
    code, out, err = await footfall(settings, "verify", "--json")
    assert (code, "footfall roll-up --again makes them anew" in err) == (1, True)
    assert json.loads(out)[0]["generation"] == 1
    await succeed(footfall(settings, "roll-up", "--again"))
    await succeed(footfall(settings, "verify"))
