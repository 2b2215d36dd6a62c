"""What reports read: the live generation's rows under the names it counts them under."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.agents.classes import Agent, slot_of
from domain.events import Epoch, Generation, Hour, Partition
from domain.hours import HOUR_MS, hour_of
from domain.projection import project
from domain.reports import HourlyViews
from domain.settings import Settings
from rows.engine import open_engine
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.fold.watermarks import SqlWatermarks
from rows.layout import layout_of
from rows.postgresql import months
from rows.postgresql.making import MonthPartitions
from rows.postgresql.merging import finish
from rows.reports.hourly import _HOURLY, SqlReportReader
from rows.tables import generations, hourly_views, retention
from tests.factories import TEN, entry, event

PAGE = "example.com/page"
HOUR = hour_of(TEN)
NEXT = Generation(2)


class Reports(NamedTuple):
    engine: AsyncEngine
    store: SqlProjectionStore
    reader: SqlReportReader

    async def ask(
        self, page: str = PAGE, agent: Agent | None = None, sites: frozenset[str] | None = None
    ) -> HourlyViews:
        return await self.reader.hourly(page, Hour(HOUR - 5), Hour(HOUR + 5), agent, sites)


@pytest.fixture
async def reports(backend: Settings) -> AsyncIterator[Reports]:
    engine = open_engine(backend.rows_url)
    snapshots = open_engine(backend.rows_url, read_only=True)
    found = Reports(engine, SqlProjectionStore(engine, now_ms), SqlReportReader(snapshots))
    claim = await found.store.claim(Partition(1), Epoch(1))
    await found.store.apply(
        claim.checkpoint, project([entry(0, event(at_ms=TEN - HOUR_MS, count=3))])
    )
    yield found
    await engine.dispose()
    await snapshots.dispose()


async def promote(reports: Reports, rules: str) -> None:
    """A generation with one view of the page, live in place of the other."""
    async with reports.engine.begin() as connection:
        await connection.execute(
            insert(generations).values(
                generation=NEXT,
                state="catching-up",
                purpose="replay",
                created_ms=0,
                page_rules=rules,
                carried_views=0,
                expired_views=0,
                kept_until_ms=0,
            )
        )
        if connection.dialect.name == "postgresql":
            await months.create_parent(connection, NEXT)
    if reports.engine.dialect.name == "postgresql":
        await MonthPartitions(reports.engine).ensure(NEXT, [HOUR])
        await finish(reports.engine, NEXT)
    async with reports.engine.begin() as connection:
        live = (await connection.execute(select(hourly_views))).one()
        await connection.execute(
            insert(hourly_views).values({**live._mapping, "generation": NEXT, "views": 1})
        )
        for generation, state in ((1, "previous"), (NEXT, "live")):
            await connection.execute(
                update(generations)
                .where(generations.c.generation == generation)
                .values(state=state)
            )


async def test_a_report_is_of_everybody_or_of_one_class(reports: Reports) -> None:
    async with reports.engine.begin() as connection:
        await connection.execute(delete(hourly_views))
        rows = {
            (PAGE, Hour(HOUR), slot_of(shard, agent)): views
            for shard, agent, views in (
                (0, Agent.UNKNOWN, 1), (32_767, Agent.UNKNOWN, 2),
                (0, Agent.PERSON, 4), (32_767, Agent.PERSON, 8),
                (0, Agent.ROBOT, 16), (32_767, Agent.ROBOT, 32),
            )
        }  # fmt: skip
        await layout_of(reports.engine).add(connection, Generation(1), rows)
    assert await reports.ask() == {HOUR: 63}
    found = {agent: await reports.ask(agent=agent) for agent in Agent}
    assert found == {
        Agent.UNKNOWN: {HOUR: 3}, Agent.PERSON: {HOUR: 12}, Agent.ROBOT: {HOUR: 48},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sites", "found"),
    [
        (["example.com"], {HOUR - 1: 3}),
        (["x", "example.com"], {HOUR - 1: 3}),
        ([], {}),
        (["example.co", "example.com.evil", "", "example.com/", PAGE], {}),
    ],
)
async def test_a_page_of_another_site_is_reported_as_one_that_nobody_viewed(
    reports: Reports, sites: list[str], found: dict[int, int]
) -> None:
    report = await reports.ask(sites=frozenset(sites))
    assert report == found
    assert report.watermark.generation == 1


async def test_a_site_that_a_caller_knows_is_named_as_pages_are(reports: Reports) -> None:
    known = frozenset({"EXAMPLE.com?x"})
    asked = "Example.COM/page"
    assert await reports.ask(asked, sites=known) == {}
    await promote(reports, "strip-query,lower-host")
    assert await reports.ask(asked, sites=known) == {HOUR - 1: 1}
    assert await reports.ask(asked, sites=frozenset({"example.org"})) == {}


async def test_a_promotion_shows_in_the_next_report(reports: Reports) -> None:
    assert await reports.ask() == {HOUR - 1: 3}
    await promote(reports, "")
    assert await reports.ask() == {HOUR - 1: 1}


async def test_a_page_is_asked_for_under_the_name_it_is_counted_under(reports: Reports) -> None:
    asked = f"{PAGE}?utm=1#top"
    assert await reports.ask(asked) == {}
    await promote(reports, "strip-fragment,strip-query")
    assert await reports.ask(asked) == {HOUR - 1: 1}


async def test_rules_that_are_adopted_later_count_too(reports: Reports) -> None:
    assert await reports.ask(f"{PAGE}/") == {}
    async with reports.engine.begin() as connection:
        await connection.execute(update(generations).values(page_rules="strip-trailing-slash"))
    assert await reports.ask(f"{PAGE}/") == {HOUR - 1: 3}


async def test_hours_before_the_horizon_are_not_in_it(reports: Reports) -> None:
    async with reports.engine.begin() as connection:
        await connection.execute(update(retention).values(horizon=HOUR - 1))
    found = await reports.ask()
    assert (found, found.horizon) == ({HOUR - 1: 3}, HOUR - 1)
    async with reports.engine.begin() as connection:
        await connection.execute(update(retention).values(horizon=HOUR))
    assert await reports.ask() == {}


async def complete(reports: Reports, moments: dict[int, int]) -> None:
    """Partitions are, up to these moments."""
    claims = {p: await reports.store.claim(Partition(p), Epoch(1)) for p in moments}
    await SqlWatermarks(reports.engine).record({claims[p].checkpoint: moments[p] for p in moments})


async def test_an_answer_is_as_complete_as_the_least_complete_partition(
    reports: Reports,
) -> None:
    assert (await reports.ask()).watermark.complete_ms == 0
    await complete(reports, {0: TEN + 5, 1: TEN})
    assert (await reports.ask()).watermark.complete_ms == 0
    await reports.store.claim(Partition(2), Epoch(1))
    await complete(reports, {})
    assert (await reports.ask()).watermark.complete_ms == 0
    await complete(reports, {2: TEN + 9})
    found = (await reports.ask()).watermark
    assert (found.generation, found.complete_ms) == (1, TEN)
    assert abs(found.now_ms - now_ms()) < 60_000


async def test_what_flushes_have_recorded_is_told_too(reports: Reports) -> None:
    await complete(reports, {0: TEN, 2: TEN})
    checkpoint = (await reports.store.claim(Partition(1), Epoch(1))).checkpoint
    delta = project([entry(1)])
    delta.complete_ms = TEN - 1
    await reports.store.apply(checkpoint, delta)
    await complete(reports, {})
    assert (await reports.ask()).watermark.complete_ms == TEN - 1


async def test_a_partition_that_is_new_holds_it_where_it_was(reports: Reports) -> None:
    await complete(reports, {0: TEN, 1: TEN, 2: TEN})
    # As when somebody raises their number: it had nothing before.
    await SqlLeases(reports.engine, 60_000).enter(4)
    await complete(reports, {0: TEN + 5, 1: TEN + 5, 2: TEN + 5})
    assert (await reports.ask()).watermark.complete_ms == TEN
    await complete(reports, {3: TEN + 4})
    assert (await reports.ask()).watermark.complete_ms == TEN + 4


async def test_another_generation_says_nothing_of_the_live_one(reports: Reports) -> None:
    await complete(reports, {0: TEN, 1: TEN, 2: TEN})
    await promote(reports, "")
    found = (await reports.ask()).watermark
    assert (found.generation, found.complete_ms) == (NEXT, 0)


async def test_a_clock_that_was_set_back_says_nothing_until_it_is_there_again(
    reports: Reports,
) -> None:
    await complete(reports, dict.fromkeys(range(3), now_ms() + HOUR_MS))
    assert (await reports.ask()).watermark.complete_ms == 0


@pytest.mark.postgres
@pytest.mark.rabbitmq
@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_only_the_month_and_generation_that_are_asked_for_are_read(
    production: Settings, plan: str
) -> None:
    engine = open_engine(production.rows_url)
    tables = MonthPartitions(engine)
    await tables.ensure(Generation(1), [Hour(HOUR + 31 * 24 * n) for n in range(-12, 12)])
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {plan}")
        values = {"generation": 1, "page": PAGE}
        values |= {"first": "2025-07-15T10:00Z", "end": "2025-07-16T10:00Z"}
        statement = str(
            _HOURLY.compile(dialect=engine.dialect, compile_kwargs={"render_postcompile": True})
        )
        names = list(_HOURLY.compile(dialect=engine.dialect).positiontup or [])
        await connection.exec_driver_sql(f"PREPARE report AS {statement.replace('%%', '%')}")
        given = ", ".join(f"'{values.get(name, 'live')}'" for name in names)
        lines = await connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) EXECUTE report({given})")
        text = "\n".join(line for (line,) in lines)
    await engine.dispose()
    assert "hourly_views_g1_2025_07" in text, text
    assert "hourly_views_g1_2025_06" not in text, text
    assert "Seq Scan on hourly_views" not in text, text
