"""Flushes of many rows: new ones, known ones, and both, whichever way a store takes them."""

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.checkpoint import Checkpoint
from domain.errors import StoreUnavailable, Unstorable
from domain.events import MIN_AT_MS, Epoch, Hour, Offset, Partition
from domain.hours import hour_of
from domain.ports.fold import ProjectionStore
from domain.projection import Delta
from domain.settings import Settings
from rows.engine import engine_at
from rows.opening import open_rows
from rows.tables import hourly_views
from tests.factories import TEN

ONE = Partition(1)
HOUR = hour_of(TEN)
MANY = 1_500
MONTH_HOURS = 31 * 24


class Site:
    """A store whose rows are looked at past it."""

    def __init__(self, store: ProjectionStore, engine: AsyncEngine, checkpoint: Checkpoint) -> None:
        self.store = store
        self.engine = engine
        self.checkpoint = checkpoint

    async def add(self, numbers: Sequence[int], views: int = 1) -> None:
        """A flush of a row for each."""
        self.checkpoint = await self.store.apply(self.checkpoint, self.delta(numbers, views))

    def delta(self, numbers: Sequence[int], views: int = 1) -> Delta:
        rows = {(f"example.com/{number:06}", HOUR, number % 10): views for number in numbers}
        after = Offset(self.checkpoint.next_offset + 1)
        return Delta(rows=rows, next_offset=after, events=len(rows), views=views * len(rows))

    async def execute(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))

    async def stored(self) -> tuple[int, int]:
        """Rows, and views in them."""
        async with self.engine.connect() as connection:
            statement = "SELECT count(*), coalesce(sum(views), 0) FROM hourly_views"
            rows, views = (await connection.execute(text(statement))).one()
            return int(rows), int(views)


@pytest.fixture
async def site(backend: Settings) -> AsyncIterator[Site]:
    async with open_rows(backend, now_ms) as rows, engine_at(backend.rows_url) as engine:
        claim = await rows.store.claim(ONE, Epoch(1))
        yield Site(rows.store, engine, claim.checkpoint)


async def test_new_rows_come_with_their_views(site: Site) -> None:
    await site.add(range(MANY), views=3)
    await site.add(range(MANY, 2 * MANY), views=2)
    assert await site.stored() == (2 * MANY, 5 * MANY)


@pytest.mark.parametrize("known", [0, 700, MANY - 1])
async def test_one_row_that_stands_there_is_added_to(site: Site, known: int) -> None:
    await site.add([known])
    await site.add(range(MANY))
    await site.add(range(MANY))
    assert await site.stored() == (MANY, 2 * MANY + 1)


async def test_flushes_that_meet_known_rows_now_and_then_are_all_counted(site: Site) -> None:
    for start in (0, 0, 1_000, 1_000, 5_000, 5_000, 10_000, 15_000, 15_000, 20_000):
        await site.add(range(start, start + MANY))
    assert await site.stored() == (4 * MANY + 2_500, 10 * MANY)


async def test_rows_of_several_months_come_into_each(site: Site) -> None:
    delta = site.delta(range(MANY))
    later = {(page, Hour(hour + MONTH_HOURS), slot): 2 for page, hour, slot in delta.rows}
    delta.rows |= later
    await site.store.apply(site.checkpoint, delta)
    assert await site.stored() == (2 * MANY, 3 * MANY)


@pytest.mark.parametrize("others", [0, MANY])
async def test_the_first_hour_there_is_lies_where_releases_wrote_it(
    site: Site, others: int
) -> None:
    first = hour_of(MIN_AT_MS)
    delta = site.delta(range(others))
    delta.rows |= {(page, first, 0): 1 for page in ("a", "b")}
    await site.store.apply(site.checkpoint, delta)
    # What is asked for goes by the driver, as what releases wrote did.
    there = select(hourly_views.c.page).where(hourly_views.c.view_hour == first)
    async with site.engine.connect() as connection:
        assert sorted((await connection.execute(there)).scalars()) == ["a", "b"]


async def test_many_rows_with_one_that_no_database_holds_change_nothing(site: Site) -> None:
    delta = site.delta(range(MANY))
    delta.rows["example.com/\ud800", HOUR, 0] = 1
    with pytest.raises(Unstorable):
        await site.store.apply(site.checkpoint, delta)
    assert await site.stored() == (0, 0)
    await site.add(range(MANY))
    assert await site.stored() == (MANY, MANY)


async def test_a_connection_that_is_lost_among_many_rows_changes_nothing(
    site: Site, backend: Settings
) -> None:
    if backend.database_url is None:
        pytest.skip("SQLite has no connection that could be lost")
    await site.add([1])
    await site.execute("""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$
    """)
    await site.execute(
        "CREATE TRIGGER dying BEFORE INSERT ON hourly_views_g1_2025_07 "
        "FOR EACH ROW EXECUTE FUNCTION die()"
    )
    with pytest.raises(StoreUnavailable):
        await site.add(range(100, 100 + MANY))
    await site.execute("DROP TRIGGER dying ON hourly_views_g1_2025_07")
    assert await site.stored() == (1, 1)
    await site.add(range(100, 100 + MANY))
    assert await site.stored() == (MANY + 1, MANY + 1)
