"""Sums of what is counted beside pages: true where those of pages are."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from domain.agents.classes import Agent
from domain.calendar import day_of, month_of_day
from domain.events import Generation, Hour
from domain.hours import HOUR_MS, hour_of
from domain.stats.ranking import By, Listing
from domain.stats.units import Range
from domain.wire import encode
from projector.aggregates.rolling import Silent
from projector.aggregates.rolling import roll_up as story
from rows.aggregates import parts
from rows.aggregates.audit import SqlSumsAudits
from rows.aggregates.removal import forget_sums
from rows.rebuild.generations import SqlGenerations
from rows.stats.reader import SqlStatsReader
from rows.tables import dimension_months
from tests.contract.aggregates.rolling import assert_true, roll_up, rolled_days, turn_of
from tests.contract.aggregates.test_generations import KEEP_MS, retained
from tests.contract.rebuild.site import DAY_MS, FIRST, HOUR, MONTH_MS, ONE, TWO, Site
from tests.factories import TEN, batch, event, listed

LATER = TEN + 400 * DAY_MS
SITES = ("", "a.org", "b.org", "c.org", "example.com")
MONTHS = [HOUR, hour_of(TEN + MONTH_MS), hour_of(TEN + 2 * MONTH_MS)]


async def came_from(
    site: Site, hours: Sequence[int], sites: Sequence[str] = SITES, *values: str
) -> None:
    """Views of these hours by source, of each the more the later it is named: a person in each of
    two partitions, a robot in one.
    """
    for hour in hours:
        for name in sites:
            for partition, viewers in ((ONE, ["Firefox"]), (TWO, ["Firefox", "Googlebot"])):
                seen = [
                    (viewer, value, event(f"{name}/page", hour * HOUR_MS, count=number + 1))
                    for viewer in viewers
                    for number, value in enumerate(values or ("", "google.com"))
                ]
                sent = batch(
                    *(view for _, _, view in seen),
                    producer=f"{name}{hour}",
                    agents=[viewer for viewer, _, _ in seen],
                    sources=[value for _, value, _ in seen],
                )
                await site.log.append(partition, encode(sent))
    await site.fold()


async def stored(site: Site, generation: Generation = FIRST) -> list[Any]:
    async with site.engine.connect() as connection:
        found = await connection.execute(
            select(dimension_months).where(dimension_months.c.generation == generation)
        )
        return list(found.all())


async def begin(site: Site) -> None:
    """Three days of three months, added up with the sources of their views."""
    site.class_by(listed("Googlebot"))
    await site.fill()
    await came_from(site, [hour + more for hour in MONTHS for more in (0, 1)])
    await roll_up(site.engine, LATER)


async def test_days_are_added_up_by_site_and_source(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_SITES", 2)
    await begin(site)
    await assert_true(site.engine)
    # Of each month, site and source: persons, robots.
    assert len(await stored(site)) == len(MONTHS) * len(SITES) * 2 * 2
    month, bit = month_of_day(day_of(Hour(HOUR)))
    (row,) = (
        row
        for row in await stored(site)
        if (row.month, row.site, row.value, row.agent) == (month, "", "google.com", Agent.PERSON)
    )
    assert row._mapping[f"d{bit.bit_length():02}"] == 2 * 2 * 2


async def test_what_was_folded_is_told_by_the_day_and_by_the_hour(site: Site) -> None:
    await begin(site)
    asked = Listing(By.SOURCE, Range(Hour(HOUR - 20), Hour(HOUR + 2_000)))
    stats = SqlStatsReader(site.snapshots)
    summed = await stats.ranking(asked)
    assert summed.coverage is not None
    # Two hours of three months and five sites, three viewers; others said nothing.
    assert [(row.name, row.views) for row in summed.rows] == [("google.com", 180), ("", 90)]
    assert summed.coverage.known == summed.total < summed.coverage.of_views
    await site.aggregates.distrust(await turn_of(site.engine))
    hourly = await stats.ranking(asked)
    assert (hourly.rows, hourly.coverage) == (summed.rows, summed.coverage)


async def test_a_source_that_comes_late_is_in_the_sums_of_its_day(site: Site) -> None:
    await begin(site)
    await came_from(site, [HOUR + 2], ["a.org", "new.org"], "google.com", "new")
    assert len(await rolled_days(site.engine)) == 2
    assert (await roll_up(site.engine, LATER)).days == 1
    await assert_true(site.engine)


@pytest.mark.parametrize("by_page", [False, True])
async def test_the_audit_finds_sums_of_sources_that_were_changed_by_hand(
    site: Site, by_page: bool
) -> None:
    await begin(site)
    audits = SqlSumsAudits(site.snapshots)
    assert (await audits.audit(FIRST, by_page=by_page)).differing == 0
    await site.execute("UPDATE dimension_views SET views = views + 1 WHERE site = 'a.org'")
    assert (await audits.audit(FIRST, by_page=by_page)).differing


async def test_views_that_changed_sources_are_found_by_source(site: Site) -> None:
    await begin(site)
    await site.execute("UPDATE dimension_months SET value = 'moved' WHERE value = 'google.com'")
    audits = SqlSumsAudits(site.snapshots)
    assert not (await audits.audit(FIRST)).differing
    assert (await audits.audit(FIRST, by_page=True)).differing


async def test_sums_of_sources_go_with_their_generation(site: Site) -> None:
    await begin(site)
    rebuild = site.rebuild()
    info = await site.build()
    await rebuild.roll_up(info.generation, Silent())
    await rebuild.promote(info.generation, KEEP_MS)
    assert await stored(site)
    await SqlGenerations(site.engine, lambda: 0).drop(FIRST)
    assert not await stored(site)


async def test_sums_of_sources_of_what_is_past_go(site: Site) -> None:
    await begin(site)
    await retained(site, hour_of(TEN + MONTH_MS))
    assert {row.month for row in await stored(site)} == {
        month_of_day(day_of(Hour(hour)))[0] for hour in MONTHS[1:]
    }


async def test_sums_of_sources_that_were_deleted_by_hand_go_when_all_are_made_anew(
    site: Site,
) -> None:
    await begin(site)
    await site.execute("DELETE FROM dimension_views WHERE value = 'google.com'")
    turn = await turn_of(site.engine)
    await site.aggregates.distrust(turn)
    await story(site.aggregates, turn, lambda: False, Silent(), LATER)
    await assert_true(site.engine)
    assert {row.value for row in await stored(site)} == {""}


async def test_sums_of_sources_up_to_hours_that_are_kept_again_are_forgotten(site: Site) -> None:
    await begin(site)
    async with site.engine.begin() as connection:
        await forget_sums(connection, FIRST, Hour(MONTHS[1]))
    assert {row.month for row in await stored(site)} == {month_of_day(day_of(Hour(MONTHS[2])))[0]}
    await roll_up(site.engine, LATER)
    await assert_true(site.engine)
    assert len({row.month for row in await stored(site)}) == len(MONTHS)
