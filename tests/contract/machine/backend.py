"""The ports of each backend, for as many histories as a machine makes up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.checkpoint import Bounds, Checkpoint
from domain.errors import LogUnavailable
from domain.events import Entry, Offset, Partition
from domain.ports.fold import ProjectionStore, Watermarks
from domain.ports.log import LogReader, LogWriter, Subscription
from domain.ports.reports import ReportReader
from log.opening import open_reader, open_writer
from rows.engine import open_engine
from rows.opening import open_rows
from rows.tables import dead_letters, generations
from tests.conftest import PARTITIONS, open_backend
from tests.fakes import FakeLog, FakeStore

MOST = PARTITIONS + 2


class Backend(NamedTuple):
    """The ports of one backend, and what no port shows: live checkpoints, dead letters' bodies."""

    writer: LogWriter
    reader: LogReader
    store: ProjectionStore
    reports: ReportReader
    checkpoints: Callable[[], Awaitable[Sequence[Checkpoint]]]
    dead_letters: Callable[[], Awaitable[Counter[bytes]]]
    watermarks: Watermarks
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

    async def ping(self) -> None:
        await self._reader.ping()

    async def close(self) -> None:
        await self._reader.close()


@asynccontextmanager
async def fakes() -> AsyncIterator[Backend]:
    log, store = FakeLog(), FakeStore()

    async def letters() -> Counter[bytes]:
        return Counter(letter.body for letter in store.dead_letters)

    yield Backend(log, log, store, store, store.checkpoints, letters, store)


@asynccontextmanager
async def adapters(name: str, tmp_path: Path) -> AsyncIterator[Backend]:
    async with open_backend(name, tmp_path) as fewer, AsyncExitStack() as stack:
        settings = replace(fewer, num_partitions=MOST)
        await migrate(settings)
        engine = open_engine(settings.rows_url)
        rows = await stack.enter_async_context(open_rows(settings, now_ms))
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

        backend = Backend(
            open_writer(settings),
            open_reader(settings),
            rows.store,
            rows.reports,
            checkpoints,
            letters,
            rows.watermarks,
            settings.rows_url,
        )
        for port in backend[:2]:
            stack.push_async_callback(port.close)
        yield backend


@contextmanager
def host(name: str, tmp_path: Path) -> Iterator[Host]:
    """The backend on an event loop that lives as long as it does."""
    opened = fakes() if name == "fake" else adapters(name, tmp_path)
    with asyncio.Runner() as loop:
        backend = loop.run(opened.__aenter__())
        try:
            yield Host(loop, backend)
        finally:
            loop.run(opened.__aexit__(None, None, None))
