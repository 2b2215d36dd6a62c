"""Who asks for statistics takes nobody's place but that of others who do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.settings import Settings
from domain.stats.selection import EVERYTHING
from migrations.upgrade import upgrade
from rows.engine import engine_at
from rows.layout import layout_of
from rows.opening import Rows, open_rows
from rows.stats.reader import CONNECTIONS, EXPORTS, QUESTIONS
from tests.conftest import embedded, postgres_database
from tests.contract.stats.site import DAY, ONE, POSTGRES

PAGES = {(f"page-{number}", Hour(5), 0): 1 for number in range(3)}


@pytest.fixture(params=["sqlite", POSTGRES])
async def rows(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rows]:
    settings: Settings = embedded(tmp_path)
    async with AsyncExitStack() as stack:
        if request.param == "postgres":
            url = await stack.enter_async_context(postgres_database(migrated=True))
            settings = replace(settings, database_url=url)
        engine = await stack.enter_async_context(engine_at(settings.rows_url))
        await upgrade(engine)
        layout = layout_of(engine)
        await layout.prepare(ONE, [Hour(5)])
        async with engine.begin() as connection:
            await layout.add(connection, ONE, PAGES)
        yield await stack.enter_async_context(open_rows(settings, now_ms))


async def test_exports_that_are_under_way_hold_up_no_question_and_no_report(rows: Rows) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(EXPORTS):
            export: Any = rows.stats.rows(EVERYTHING, DAY)
            assert (await anext(await stack.enter_async_context(aclosing(export)))).views == 1
        assert (await rows.stats.bounds()).pages == len(PAGES)
        assert await rows.reports.hourly("page-1", *DAY) == {5: 1}
        another: Any = rows.stats.rows(EVERYTHING, DAY)
        with pytest.raises(StoreUnavailable, match="too much is asked"):
            await anext(another)
    async with aclosing(rows.stats.rows(EVERYTHING, DAY)) as again:  # type: ignore[type-var]
        assert [row.page async for row in again] == ["page-0", "page-1", "page-2"]


async def test_a_look_passes_questions_and_exports_that_are_under_way(rows: Rows) -> None:
    async with AsyncExitStack() as stack:
        for snapshots, places in (
            (rows.stats._questions, QUESTIONS),
            (rows.stats._exports, EXPORTS),
        ):
            for _ in range(places):
                await stack.enter_async_context(snapshots.opened())
        waiting = asyncio.ensure_future(rows.stats.bounds())
        found = await asyncio.gather(*(rows.stats.standing() for _ in range(20)))
        assert {standing.generation for standing in found} == {ONE}
        assert not waiting.done()
    assert (await waiting).pages == len(PAGES)


@pytest.mark.parametrize("rows", [POSTGRES], indirect=True)
async def test_however_much_is_asked_at_once_the_connections_are_few(rows: Rows) -> None:
    asked = [rows.stats.bounds() for _ in range(50)]
    looks = [rows.stats.standing() for _ in range(50)]
    found, _ = await asyncio.gather(asyncio.gather(*asked), asyncio.gather(*looks))
    assert {bounds.rows for bounds in found} == {len(PAGES)}
    async with (
        engine_at(rows._settings.rows_url, read_only=True) as engine,
        engine.connect() as connection,
    ):
        held = await connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        )
        # One of them looks.
        assert held.scalar_one() - 1 <= CONNECTIONS + 1
