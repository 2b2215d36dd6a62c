"""The ports of each backend, for as many histories as a machine makes up."""

import asyncio
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.agents.classes import Agent, agent_of
from domain.checkpoint import Bounds, Checkpoint
from domain.errors import LogUnavailable
from domain.events import Entry, Hour, Offset, Partition
from domain.ports.fold import ProjectionStore, Watermarks
from domain.ports.log import LogReader, LogWriter, Subscription
from domain.ports.reports import ReportReader
from log.opening import open_reader, open_writer
from rows.engine import open_engine
from rows.live import LIVE
from rows.opening import open_rows
from rows.tables import dead_letters, dimension_views, generations, hourly_views
from tests.conftest import PARTITIONS, open_backend
from tests.factories import listed
from tests.fakes import FakeLog, FakeStore

MOST = PARTITIONS + 2
MOST_VALUES = 2
"""Few sources are counted by their names, so that histories get there."""
CLASSES = listed("Googlebot")
"""The list that every part of a machine has."""


Classified = Callable[[Collection[str], Hour, Hour], Awaitable[Counter[tuple[str, Agent]]]]
"""Views of pages between two hours, by who looked."""


CountedBeside = Callable[
    [Collection[str], Hour, Hour], Awaitable[Counter[tuple[str, Hour, str, Agent]]]
]
"""Views of sites between two hours, by source and who looked."""


class Backend(NamedTuple):
    """The ports of one backend, and what no port shows: live checkpoints, dead letters' bodies,
    rows by class.
    """

    writer: LogWriter
    reader: LogReader
    store: ProjectionStore
    reports: ReportReader
    checkpoints: Callable[[], Awaitable[Sequence[Checkpoint]]]
    dead_letters: Callable[[], Awaitable[Counter[bytes]]]
    watermarks: Watermarks
    classes: Classified
    beside: CountedBeside
    rows_url: str = ""


class Host:
    """One backend for many histories: each has producers and pages of its own."""

    def __init__(self, loop: asyncio.Runner, backend: Backend) -> None:
        self.loop = loop
        self.backend = backend
        self.histories = count(1)
        self.ends: Counter[Partition] = Counter()
        # The clock of what is confirmed, and what was last said to be complete.
        self.moments = count(1)
        self.complete_ms = 0
        self.partition_complete_ms: Counter[Partition] = Counter()


class LimitedReader(LogReader):
    """A reader that stops its runner before `end`, or fails after some entries."""

    def __init__(
        self, reader: LogReader, end: Offset, at_once: int = 16, fails_after: int | None = None
    ) -> None:
        self._reader = reader
        self._at_once = at_once
        self._left = fails_after
        self.end = end
        self.stop = asyncio.Event()

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        async with self._reader.subscribe(partition, offset) as subscription:
            self._next, self._subscription = offset, subscription
            yield self

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        if self._left == 0:
            raise LogUnavailable("on purpose")
        limit = min(limit, self._at_once, self.end - self._next, self._left or limit)
        entries = await self._subscription.take(limit, timeout_seconds)
        if entries:
            self._next = Offset(entries[-1].offset + 1)
        if self._left is not None:
            self._left -= len(entries)
        if self._next == self.end:
            self.stop.set()
        return entries

    async def bounds(self, partition: Partition) -> Bounds:
        return await self._reader.bounds(partition)

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        return await self._reader.entry_at(partition, offset)

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        return await self._reader.offset_since(partition, recorded_ms)

    async def ping(self) -> None:
        await self._reader.ping()

    async def close(self) -> None:
        await self._reader.close()


@asynccontextmanager
async def fakes() -> AsyncIterator[Backend]:
    log, store = FakeLog(), FakeStore(CLASSES)

    async def letters() -> Counter[bytes]:
        return Counter(letter.body for letter in store.dead_letters)

    async def classes(pages: Collection[str], start: Hour, end: Hour) -> Counter[tuple[str, Agent]]:
        return _by_class(
            (page, slot, views)
            for (page, hour, slot), views in store.rows.items()
            if page in pages and start <= hour < end
        )

    async def beside(
        sites: Collection[str], start: Hour, end: Hour
    ) -> Counter[tuple[str, Hour, str, Agent]]:
        return Counter({
            (site, hour, value, agent): views
            for (_, site, hour, value, agent), views in store.dimensions.items()
            if site in sites and start <= hour < end
        })  # fmt: skip

    yield Backend(log, log, store, store, store.checkpoints, letters, store, classes, beside)


@asynccontextmanager
async def adapters(name: str, tmp_path: Path) -> AsyncIterator[Backend]:
    async with open_backend(name, tmp_path) as fewer, AsyncExitStack() as stack:
        settings = replace(fewer, num_partitions=MOST)
        await migrate(settings)
        engine = open_engine(settings.rows_url)
        rows = await stack.enter_async_context(open_rows(settings, now_ms, classes=CLASSES))
        stack.push_async_callback(engine.dispose)

        async def checkpoints() -> Sequence[Checkpoint]:
            return (await rows.facts.facts()).checkpoints

        async def letters() -> Counter[bytes]:
            async with engine.connect() as connection:
                live = select(generations.c.generation).where(generations.c.state == "live")
                bodies = select(dead_letters.c.body).where(
                    dead_letters.c.generation == live.scalar_subquery()
                )
                return Counter((await connection.execute(bodies)).scalars())

        async def classes(
            pages: Collection[str], start: Hour, end: Hour
        ) -> Counter[tuple[str, Agent]]:
            async with engine.connect() as connection:
                found = await connection.execute(
                    select(hourly_views.c.page, hourly_views.c.shard, hourly_views.c.views).where(
                        hourly_views.c.generation == LIVE,
                        hourly_views.c.page.in_(pages),
                        hourly_views.c.view_hour >= start,
                        hourly_views.c.view_hour < end,
                    )
                )
                return _by_class((page, slot, views) for page, slot, views in found)

        async def beside(
            sites: Collection[str], start: Hour, end: Hour
        ) -> Counter[tuple[str, Hour, str, Agent]]:
            table, found = dimension_views.c, Counter[tuple[str, Hour, str, Agent]]()
            async with engine.connect() as connection:
                rows = await connection.execute(
                    select(dimension_views).where(
                        table.generation == LIVE,
                        table.site.in_(sites),
                        table.view_hour >= start,
                        table.view_hour < end,
                    )
                )
                for row in rows:
                    found[row.site, row.view_hour, row.value, Agent(row.agent)] += row.views
            return found

        backend = Backend(
            open_writer(settings),
            open_reader(settings),
            rows.store,
            rows.reports,
            checkpoints,
            letters,
            rows.watermarks,
            classes,
            beside,
            settings.rows_url,
        )
        for port in backend[:2]:
            stack.push_async_callback(port.close)
        yield backend


def _by_class(rows: Iterable[tuple[str, int, int]]) -> Counter[tuple[str, Agent]]:
    found: Counter[tuple[str, Agent]] = Counter()
    for page, slot, views in rows:
        found[page, agent_of(slot)] += views
    return found


@contextmanager
def host(name: str, tmp_path: Path) -> Iterator[Host]:
    """The backend on an event loop that lives as long as it does."""
    opened = fakes() if name == "fake" else adapters(name, tmp_path)
    with asyncio.Runner() as loop, pytest.MonkeyPatch.context() as patched:
        patched.setattr("domain.dimensions.MOST_VALUES", MOST_VALUES)
        backend = loop.run(opened.__aenter__())
        try:
            yield Host(loop, backend)
        finally:
            loop.run(opened.__aexit__(None, None, None))
