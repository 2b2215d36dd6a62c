"""Sources and guarded pages: every store comes to the same rows, wherever the log is cut."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.agents.classes import Agent
from domain.checkpoint import Checkpoint
from domain.counting import RowKey
from domain.dimensions import MOST_VALUES, OTHER, Dimension, DimensionKey
from domain.events import Entry, Epoch, Hour, Offset, Partition
from domain.hours import HOUR_MS
from domain.ports.fold import ProjectionStore
from domain.projection import Fold
from domain.wire import encode
from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.tables import checkpoints, dimension_views, hourly_views, new_pages
from tests.contract.fold.site import url_of
from tests.factories import TEN, batch, event, listed
from tests.fakes import FakeStore

K = TypeVar("K", RowKey, DimensionKey)
FIRST = TEN // HOUR_MS
CLASSES = listed("Googlebot")
PAGES = [f"{site}/{name}" for site in ("a.example", "b.example") for name in "xyz"]
SOURCES = [f"s{number}.example" for number in range(MOST_VALUES + 5)]
VIEWS = st.tuples(
    st.sampled_from(PAGES),
    st.integers(0, 2),
    st.sampled_from([None, "", "Googlebot", "Firefox"]),
    st.sampled_from([None, "", *SOURCES[:4]]),
)
"""A page, an hour, who looked, where from."""
BATCHES = st.tuples(
    st.lists(VIEWS, min_size=1, max_size=6),
    st.integers(0, 30),
    st.sampled_from([0, 1, 2]),
)
"""Views, the hour of recording after the first, how many new pages."""
LOGS = st.lists(BATCHES, min_size=1, max_size=12)


View = tuple[str, int, str | None, str | None]
Log = list[tuple[list[View], int, int]]


class Result(NamedTuple):
    """Rows of pages and rows beside them, without the partition."""

    rows: dict[RowKey, int]
    dimensions: dict[DimensionKey, int]


class Site:
    """A store, and a partition of its own for each log."""

    def __init__(self, store: ProjectionStore, engine: AsyncEngine | None) -> None:
        self.store = store
        self.engine = engine
        self._partitions = count()
        self.partition = Partition(0)
        """The last one."""

    async def folded(self, log: list[Entry], cuts: set[int]) -> Result:
        """Committed before each of these offsets, and at the end."""
        self.partition = partition = Partition(next(self._partitions))
        claim = await self.store.claim(partition, Epoch(1))
        checkpoint, positions = claim.checkpoint, dict(claim.positions)
        before = await self._result(partition)
        fold = Fold(positions, classes=CLASSES)
        for entry in log:
            if entry.offset in cuts and fold.delta.entries:
                checkpoint = await self._commit(checkpoint, fold)
                positions.update(fold.delta.positions)
                fold = Fold(positions, classes=CLASSES)
            fold.add(entry)
        await self._commit(checkpoint, fold)
        after = await self._result(partition)
        return Result(_less(after.rows, before.rows), _less(after.dimensions, before.dimensions))

    async def _commit(self, checkpoint: Checkpoint, fold: Fold) -> Checkpoint:
        return await self.store.apply(checkpoint, fold.delta)

    async def _result(self, partition: Partition) -> Result:
        if isinstance(self.store, FakeStore):
            return Result({**self.store.rows}, {**self.store.dimensions})
        assert self.engine is not None
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                select(
                    hourly_views.c.page,
                    hourly_views.c.view_hour,
                    hourly_views.c.shard,
                    hourly_views.c.views,
                )
            )
            table = dimension_views.c
            beside = await connection.execute(
                select(
                    table.dimension, table.site, table.view_hour, table.value, table.agent,
                    table.views,
                ).where(table.partition == partition)
            )  # fmt: skip
            return Result(
                {(page, hour, slot): views for page, hour, slot, views in rows},
                {
                    DimensionKey(Dimension(d), site, hour, value, Agent(agent)): views
                    for d, site, hour, value, agent, views in beside
                },
            )


def _less(after: dict[K, int], before: dict[K, int]) -> dict[K, int]:
    return {
        key: views - before.get(key, 0)
        for key, views in after.items()
        if views != before.get(key, 0)
    }


@pytest.fixture(
    scope="module",
    params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def sites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[asyncio.Runner, Site]]:
    async def opened(stack: AsyncExitStack) -> Site:
        if request.param == "fake":
            return Site(FakeStore(CLASSES), None)
        path = tmp_path_factory.mktemp("rows")
        url = await stack.enter_async_context(url_of(request.param, path))
        engine = open_engine(url)
        stack.push_async_callback(engine.dispose)
        await upgrade(engine)
        return Site(SqlProjectionStore(engine, now_ms, classes=CLASSES), engine)

    with asyncio.Runner() as loop:
        stack = AsyncExitStack()
        site = loop.run(opened(stack))
        yield loop, site
        loop.run(stack.aclose())


def entries(log: Log) -> list[Entry]:
    found = []
    for offset, (views, recorded, most) in enumerate(log):
        sent = batch(
            *(event(page, TEN - hour * HOUR_MS) for page, hour, _, _ in views),
            sequence=offset + 1,
            at_ms=TEN + recorded * HOUR_MS,
            agents=[agent for _, _, agent, _ in views],
            sources=[source for *_, source in views],
            new_pages=most,
        )
        found.append(Entry(Offset(offset), encode(sent)))
    return found


@settings(max_examples=30, deadline=None)
@given(log=LOGS, cuts=st.sets(st.integers(1, 11)))
def test_rows_do_not_depend_on_where_the_log_is_cut(
    sites: tuple[asyncio.Runner, Site],
    log: Log,
    cuts: set[int],
) -> None:
    loop, site = sites
    whole = loop.run(site.folded(entries(log), set()))
    assert loop.run(site.folded(entries(log), cuts)) == whole
    fake = Site(FakeStore(CLASSES), None)
    assert loop.run(fake.folded(entries(log), set())) == whole
    assert sum(whole.rows.values()) == sum(len(views) for views, _, _ in log)


def test_the_values_of_an_hour_are_bounded_and_the_first_ones_stay(
    sites: tuple[asyncio.Runner, Site],
) -> None:
    loop, site = sites
    log: Log = [([(PAGES[0], 0, None, source)], 0, 0) for source in [*SOURCES, *SOURCES]]
    found = loop.run(site.folded(entries(log), {7, 50, MOST_VALUES, MOST_VALUES + 20}))
    by_value = Counter({key.value: views for key, views in found.dimensions.items()})
    first = dict.fromkeys(SOURCES[:MOST_VALUES], 2)
    assert by_value == Counter(first | {OTHER: 2 * len(SOURCES[MOST_VALUES:])})


def test_a_flood_counts_for_one_page_and_displaces_none(
    sites: tuple[asyncio.Runner, Site],
) -> None:
    loop, site = sites

    def view(page: str) -> View:
        return (page, 0, None, None)

    log: Log = [
        ([view("a.example/known")], 0, 2),
        ([view(f"a.example/{number}") for number in range(5)], 1, 2),
        ([view("a.example/known"), view("b.example/other")], 1, 2),
        ([view("a.example/unguarded")], 1, 0),
        ([view("a.example/4")], 2, 2),
        ([view("a.example/0")], 30, 1),
        ([view("a.example/known")], 30, 1),
    ]
    found = loop.run(site.folded(entries(log), {2, 5, 6}))
    views = Counter({page: views for (page, _, _), views in found.rows.items()})
    assert views == Counter({
        "a.example/known": 2, "a.example/0": 2, "a.example/1": 1, "a.example/4": 1,
        "a.example/(other)": 4, "b.example/other": 1, "a.example/unguarded": 1,
    })  # fmt: skip
    if site.engine is not None:
        kept, other = loop.run(_totals(site.engine, site.partition))
        assert (kept, other) == (6, 4)


async def _totals(engine: AsyncEngine, partition: Partition) -> tuple[int, int]:
    """Periods in which pages were known, and views that have lost their page's name."""
    async with engine.connect() as connection:
        periods = await connection.execute(
            select(new_pages.c.page).where(new_pages.c.partition == partition)
        )
        other = select(checkpoints.c.other_pages).where(checkpoints.c.partition == partition)
        return len(periods.all()), (await connection.execute(other)).scalar_one()


def test_hours_are_whole(sites: tuple[asyncio.Runner, Site]) -> None:
    loop, site = sites
    found = loop.run(site.folded(entries([([(PAGES[0], 1, "Googlebot", "")], 0, 1)]), set()))
    key = DimensionKey(Dimension.SOURCE, "a.example", Hour(FIRST - 1), "", Agent.ROBOT)
    assert found.dimensions == {key: 1}
