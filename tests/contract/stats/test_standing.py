"""What an answer says it is of is of the snapshot that its numbers come from."""

from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.stats.answers import Standing
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING
from rows.checkpoints import columns_of
from rows.database import clock_ms
from rows.layout import layout_of
from rows.stats.series import read_series
from rows.stats.snapshot import Snapshot, Snapshots
from rows.tables import checkpoints, generations
from rows.turns import Turns
from tests.contract.stats.site import DAY, ONE, Site

AN_HOUR_MS = 3_600_000


class Folded:
    """The live generation of a site, folded and complete so far."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def be(self, complete_ms: int, *offsets: int) -> None:
        """Of partitions 0, 1 … with as many events as offsets."""
        async with self._site.engine.begin() as connection:
            await connection.execute(update(generations).values(complete_ms=complete_ms))
            await connection.execute(delete(checkpoints))
            for partition, offset in enumerate(offsets):
                found = Checkpoint(
                    ONE, Partition(partition), Offset(offset), Epoch(1), events=offset
                )
                await connection.execute(insert(checkpoints).values(columns_of(found)))

    async def now_ms(self) -> int:
        async with self._site.engine.connect() as connection:
            found = await connection.execute(select(clock_ms(self._site.engine.dialect)))
            return int(found.scalar_one())


@pytest.fixture
def folded(site: Site) -> Iterator[Folded]:
    found = Folded(site)
    yield found
    site.run(found.be(0))


async def answers(site: Site) -> list[Standing]:
    """What each kind of answer says it is of."""
    listing = Listing(By.PAGE, DAY, before=DAY)
    told: list[Standing] = []
    rows: Any = site.stats.rows(EVERYTHING, DAY, told.append)
    async with aclosing(rows):
        assert [row.views async for row in rows] == [1]
    (standing,) = told
    return [
        standing,
        (await site.stats.series(EVERYTHING, [DAY])).standing,
        (await site.stats.hours(EVERYTHING, DAY)).standing,
        (await site.stats.ranking(listing)).standing,
        (await site.stats.movers(listing)).standing,
        (await site.stats.bounds()).standing,
        (await site.stats.first()).standing,
        await site.stats.standing(),
    ]


def test_every_answer_says_how_complete_it_is(site: Site, folded: Folded) -> None:
    site.holds({("a", 5, 0): 1})
    before = site.run(folded.now_ms())
    site.run(folded.be(before - 5_000, 7, 2))
    found = site.run(answers(site))
    after = site.run(folded.now_ms())
    for standing in found:
        assert standing.watermark.generation == Generation(1)
        assert standing.complete_ms == before - 5_000
        assert before <= standing.now_ms <= after
        assert standing.folded == (9, 9, 1)


def test_what_is_not_known_or_was_said_by_a_clock_that_was_set_back_is_not_said(
    site: Site, folded: Folded
) -> None:
    site.holds({("a", 5, 0): 1})
    for complete_ms in (0, site.run(folded.now_ms()) + AN_HOUR_MS):
        site.run(folded.be(complete_ms))
        for standing in site.run(answers(site)):
            assert (standing.complete_ms, standing.folded) == (0, (0, 0, 0))


def test_an_export_without_rows_says_what_it_is_of(site: Site, folded: Folded) -> None:
    site.run(folded.be(1_000, 3))
    told: list[Standing] = []

    async def taken() -> list[Any]:
        rows: Any = site.stats.rows(EVERYTHING, DAY, told.append)
        async with aclosing(rows):
            return [row async for row in rows]

    assert site.run(taken()) == []
    assert [(standing.complete_ms, standing.folded) for standing in told] == [(1_000, (3, 3, 1))]


def test_numbers_and_what_is_said_of_them_are_of_one_moment(site: Site, folded: Folded) -> None:
    site.run(folded.be(1_000, 3))
    site.run(layout_of(site.engine).prepare(ONE, [Hour(5)]))

    async def ask(found: Snapshot) -> tuple[Standing, int]:
        # As a flush does, between the two.
        async with site.engine.begin() as connection:
            await layout_of(site.engine).add(connection, ONE, {("a", Hour(5), 0): 1})
        await folded.be(2_000, 4)
        series = await read_series(found, EVERYTHING, [DAY])
        return found.standing, series.views[0][0]

    standing, views = site.run(Snapshots(site.reading, Turns(1)).answer(ask))
    assert (standing.complete_ms, standing.folded, views) == (1_000, (3, 3, 1), 0)


def test_what_is_folded_while_another_partition_stands_still_leaves_a_mark(
    site: Site, folded: Folded
) -> None:
    site.run(folded.be(1_000, 3, 5))
    before = site.run(site.stats.standing())
    site.run(folded.be(1_000, 3, 6))
    after = site.run(site.stats.standing())
    assert before.complete_ms == after.complete_ms
    assert before.folded != after.folded
    assert before.asked_alike(after)
