"""Rows as a test wants them, what is asked of them, and the same added up by hand."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.agents.classes import agent_of, slot_of
from domain.dimensions import Dimension
from domain.events import Generation, Hour
from domain.retention import NOTHING_PAST
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import Selection, site_of
from domain.stats.units import Range
from rows.layout import layout_of
from rows.stats.reader import SqlStatsReader
from rows.tables import dimension_views, generations, hourly_views, retention
from tests.contract.stats.rolled import ANOTHER, NO_COUNTS, NOTHING, Rolling, roll

ONE, TWO = Generation(1), Generation(2)
DAY = Range(Hour(0), Hour(24))
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
Answer = TypeVar("Answer")
Counts = Mapping[Any, int]
"""Views by `domain.projection.RowKey`; of sources by site, hour, source, partition and class."""


class Site:
    """A database in the loop of its own that its connections need."""

    def __init__(self, loop: asyncio.Runner, engine: AsyncEngine, reading: AsyncEngine) -> None:
        self._loop = loop
        self.engine = engine
        self.reading = reading
        self.stats = SqlStatsReader(reading)
        self.rows: Counts = {}
        self.sources: Counts = {}

    def holds(
        self,
        rows: Counts,
        rolling: Rolling = NOTHING,
        *,
        horizon: Hour | int = NOTHING_PAST,
        rules: str = "",
        sources: Counts = NO_COUNTS,
    ) -> None:
        """These and no others, in the live generation. Views with a source are of rows too."""
        rows = with_pages(rows, sources)
        self.rows = {key: views for key, views in rows.items() if key[1] >= horizon}
        self.sources = {key: views for key, views in sources.items() if key[1] >= horizon}
        self.run(self._hold(rows, sources, rolling, horizon, rules))

    def run(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        return self._loop.run(asked)

    def exported(self, selection: Selection, asked: Range) -> list[tuple[str, int, int]]:
        """Page, hour, views."""

        async def taken() -> list[tuple[str, int, int]]:
            rows: Any = self.stats.rows(selection, asked)
            async with aclosing(rows):
                return [(row.page, row.hour, row.views) async for row in rows]

        return self.run(taken())

    async def _hold(
        self, rows: Counts, sources: Counts, rolling: Rolling, horizon: int, rules: str
    ) -> None:
        layout = layout_of(self.engine)
        await layout.prepare(ONE, {hour for _, hour, _ in rows})
        async with self.engine.begin() as connection:
            await connection.execute(delete(hourly_views))
            await connection.execute(delete(dimension_views))
            await connection.execute(update(retention).values(horizon=horizon))
            await connection.execute(update(generations).values(page_rules=rules))
            if rows:
                await layout.add(connection, ONE, rows)
            if sources:
                await connection.execute(insert(dimension_views), dimension_rows(sources))
            await roll(connection, ONE, rows, rolling, sources)


def with_pages(rows: Counts, sources: Counts) -> Counts:
    """`rows`, and one for each view with a source: it was of some page of its site."""
    found = Counter(rows)
    for (site, hour, _, partition, agent), views in sources.items():
        found[f"{site}/from", hour, slot_of(partition, agent)] += views
    return found


def dimension_rows(sources: Counts) -> list[dict[str, Any]]:
    """As they lie in the database, with as much of another dimension, which nobody asks for."""
    return [
        {
            "generation": ONE,
            "dimension": dimension,
            "site": site,
            "view_hour": hour,
            "value": value,
            "partition": partition,
            "agent": agent,
            "views": views,
        }
        for (site, hour, value, partition, agent), views in sources.items()
        for dimension in (Dimension.SOURCE, ANOTHER)
    ]


async def promote(site: Site, rows: Counts, rules: str) -> None:
    """A second generation is live, and the first is gone."""
    layout = layout_of(site.engine)
    async with site.engine.begin() as connection:
        await connection.execute(
            insert(generations).values(
                generation=TWO, state="catching-up", purpose="replay", created_ms=0,
                page_rules=rules, carried_views=0, expired_views=0, kept_until_ms=0,
            )
        )  # fmt: skip
        await layout.create(connection, TWO)
    await layout.prepare(TWO, {hour for _, hour, _ in rows}, loading=True)
    async with site.engine.begin() as connection:
        await layout.load(connection, TWO, rows)
    await layout.finish(TWO)
    async with site.engine.begin() as connection:
        for generation, state in ((ONE, "previous"), (TWO, "live")):
            await connection.execute(
                update(generations)
                .where(generations.c.generation == generation)
                .values(state=state)
            )


def counts(selection: Selection, page: str, slot: int) -> bool:
    return selection.holds(page) and selection.agent in (None, agent_of(slot))


def summed(rows: Counts, selection: Selection, asked: Range) -> int:
    return sum(
        views
        for (page, hour, slot), views in rows.items()
        if counts(selection, page, slot) and asked.start <= hour < asked.end
    )


def in_buckets(rows: Counts, selection: Selection, edges: Sequence[Hour]) -> list[int]:
    return [summed(rows, selection, Range(start, end)) for start, end in pairwise(edges)]


def cells(site: Site, selection: Selection, by: By | None = None) -> Counts:
    """Views by name and hour of what the selection holds of sources."""
    found: Counter[Any] = Counter()
    for (of_site, hour, value, _, agent), views in site.sources.items():
        if (
            selection.holds(of_site)
            and selection.agent in (None, agent)
            and selection.source in (None, value)
        ):
            found[of_site if by is By.SITE else value, hour, 0] += views
    return found


def listed(rows: Counts, listing: Listing) -> list[tuple[str, int, int]]:
    """The whole list in its order: name, views, before."""
    views: Counter[str] = Counter()
    before: Counter[str] = Counter()
    then = listing.before or Range(Hour(0), Hour(0))
    for (page, hour, slot), number in rows.items():
        name = page if listing.by is By.PAGE else site_of(page)
        if counts(listing.selection, page, slot) and lower(listing.search) in lower(name):
            views[name] += number * (listing.asked.start <= hour < listing.asked.end)
            before[name] += number * (then.start <= hour < then.end)
    by_change = listing.order is Order.CHANGE
    names = [name for name in views if views[name] or (by_change and before[name])]
    keys = {
        Order.VIEWS: lambda name: (-views[name], name.encode()),
        Order.CHANGE: lambda name: (before[name] - views[name], name.encode()),
        Order.NAME: lambda name: name.encode(),
    }
    return [(name, views[name], before[name]) for name in sorted(names, key=keys[listing.order])]


def lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
