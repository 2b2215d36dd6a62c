"""What goes when its time is over, and that nothing else does."""

from sqlalchemy import insert, select, text, update

from cli.wiring.process import now_ms
from domain.events import Generation, Hour
from domain.positions import POSITION_WINDOW
from rows.rebuild.generations import SqlGenerations
from rows.tables import (
    checkpoints,
    dead_letters,
    dead_letters_left_out,
    hourly_views,
    producer_positions,
    retention,
)
from tests.contract.retention.site import (
    DAY_MS,
    DAYS,
    HORIZON,
    JUST_KEPT,
    JUST_PAST,
    LIVE,
    LONG_PAST,
    NOW,
    PAGE,
    SAME_MONTH,
    Site,
    add_generation,
    hours,
    letter,
    position,
)


async def test_what_is_past_goes_and_the_ledger_still_adds_up(site: Site) -> None:
    await site.count(LONG_PAST, LONG_PAST, JUST_PAST, JUST_KEPT, NOW)
    assert await site.difference() == 0
    removal = await site.run()
    assert sum(rows.views for rows in removal.rows) == 3
    assert sum(rows.rows for rows in removal.rows) == 2
    assert await site.difference() == 0
    assert await site.rows() == 2
    assert await hours(site, JUST_PAST) == {}
    assert await hours(site, JUST_KEPT) == {HORIZON: 1}
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.folded_views) == (2, 3, 5)


async def test_hours_past_the_horizon_are_in_no_report_even_where_rows_wait(site: Site) -> None:
    await site.count(SAME_MONTH, JUST_KEPT)
    preview = await site.retention().preview()
    await site.run()
    found = await site.reports.hourly(PAGE, Hour(HORIZON - 5), Hour(HORIZON + 5))
    assert (dict(found), found.horizon) == ({HORIZON: 1}, HORIZON)
    assert await site.rows() == (2 if site.postgresql else 1)
    assert preview.waiting_rows == (1 if site.postgresql else 0)
    site.now_ms += 31 * DAY_MS
    await site.run()
    assert await site.rows() == 0
    assert await site.difference() == 0


async def test_the_horizon_never_moves_back(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    await site.run()
    site.now_ms -= 5 * DAY_MS
    assert (await site.run()).horizon == HORIZON
    assert (await site.run(days=400)).horizon == HORIZON
    assert (await site.reports.hourly(PAGE, HORIZON, Hour(HORIZON + 1))).horizon == HORIZON


async def test_a_previous_generation_goes_when_it_is_not_kept_any_longer(site: Site) -> None:
    await site.count(JUST_KEPT)
    kept, over, dropping = Generation(2), Generation(3), Generation(4)
    for generation, state, until in (
        (kept, "previous", NOW + 1),
        (over, "previous", NOW - 1),
        (dropping, "dropping", 0),
    ):
        await add_generation(site, generation, state, until)
    preview = await site.retention(days=0).preview()
    assert list(preview.generations) == [over, dropping]
    removal = await site.run(days=0)
    assert list(removal.generations) == [over, dropping]
    there = [info.generation for info in await SqlGenerations(site.engine, now_ms).all()]
    assert there == [LIVE, kept]
    assert [await site.rows(g) for g in (LIVE, kept, over, dropping)] == [1, 1, 0, 0]


async def test_every_generation_that_is_read_loses_the_same_hours(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    previous, building, loading = Generation(2), Generation(3), Generation(4)
    await add_generation(site, previous, "previous", NOW + DAY_MS)
    await add_generation(site, building, "catching-up", 0)
    await add_generation(site, loading, "loading", 0)
    await site.run()
    assert [await site.rows(g) for g in (LIVE, previous, building)] == [1, 1, 1]
    assert [await site.difference(g) for g in (LIVE, previous, building)] == [0, 0, 0]
    if site.postgresql:
        statement = text("SELECT count(*) FROM hourly_views_g4_2025_06")
        assert await site.number(statement) == 1


async def test_hours_that_are_half_gone_are_not_compared(site: Site) -> None:
    await site.count(JUST_PAST, JUST_KEPT)
    building = Generation(2)
    await add_generation(site, building, "catching-up", 0)
    async with site.engine.begin() as connection:
        await connection.execute(update(retention).values(horizon=HORIZON))
        await connection.execute(
            hourly_views.delete().where(
                hourly_views.c.generation == LIVE,
                hourly_views.c.view_hour < HORIZON,
            )
        )
    diff = await site.comparison.compare(building, site.reader, Hour(0))
    assert (diff.first_hour, diff.differing, diff.old_views, diff.new_views) == (HORIZON, 0, 1, 1)


async def test_a_position_that_is_looked_at_stays(site: Site) -> None:
    await site.count(JUST_KEPT)
    async with site.engine.begin() as connection:
        await connection.execute(update(checkpoints).values(next_offset=POSITION_WINDOW + 5_000))
        for producer, offset in (("looked-at", 5_000), ("forgotten", 4_999)):
            await connection.execute(insert(producer_positions).values(position(producer, offset)))
        await connection.execute(producer_positions.delete().where(
            producer_positions.c.producer == "p1"
        ))  # fmt: skip
    removal = await site.run(days=0)
    assert removal.leftovers.positions == 1
    assert await site.number(select(producer_positions.c.producer)) == "looked-at"


async def test_a_dead_letter_stays_as_long_as_rows_do(site: Site) -> None:
    async with site.engine.begin() as connection:
        for offset, created in ((1, NOW - DAYS * DAY_MS - 1), (2, NOW - DAYS * DAY_MS)):
            await connection.execute(insert(dead_letters).values(letter(offset, created)))
    assert (await site.run()).leftovers.dead_letters == 1
    assert await site.number(select(dead_letters.c.log_offset)) == 2


async def test_what_a_clock_set_aside_stays_as_long_as_its_views_would(site: Site) -> None:
    past = NOW - DAYS * DAY_MS - 1
    async with site.engine.begin() as connection:
        for offset, newest in ((1, past), (2, NOW)):
            values = letter(offset, past) | {"kind": "clock", "newest_ms": newest}
            await connection.execute(insert(dead_letters).values(values))
    assert (await site.retention().preview()).leftovers.dead_letters == 1
    assert (await site.run()).leftovers.dead_letters == 1
    assert await site.number(select(dead_letters.c.log_offset)) == 2


async def test_what_is_only_counted_of_dead_letters_goes_when_the_last_is_past(
    site: Site,
) -> None:
    past = NOW - DAYS * DAY_MS - 1
    async with site.engine.begin() as connection:
        for partition, created in ((1, past), (2, NOW)):
            values = {"generation": 1, "partition": partition, "letters": 40, "size": 80}
            values |= {"first_offset": 0, "last_offset": 9, "created_ms": created}
            await connection.execute(insert(dead_letters_left_out).values(values))
    assert (await site.retention().preview()).leftovers.dead_letters == 40
    assert (await site.run()).leftovers.dead_letters == 40
    assert await site.number(select(dead_letters_left_out.c.partition)) == 2


async def test_views_of_hours_that_are_past_are_folded_and_go_with_the_next_run(
    site: Site,
) -> None:
    # The store has met the month and remembers its table; retention drops it.
    await site.count(JUST_PAST)
    await site.run()
    await site.count(JUST_PAST, JUST_KEPT, at_ms=NOW)
    assert await site.difference() == 0
    assert await hours(site, JUST_PAST) == {}
    removal = await site.run()
    assert [(rows.rows, rows.views) for rows in removal.rows] == [(1, 1)]
    assert await site.difference() == 0
