"""Following a log in memory, with clocks and answers that tests hold."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from domain.agents.classing import UNCLASSED
from domain.backoff import Backoff
from domain.errors import LogUnavailable, StoreUnavailable
from domain.events import Entry, Offset, PageViewed, Partition
from domain.page_rules import PageRules
from domain.ports.live import Naming
from domain.ports.log import Subscription
from domain.stats.selection import EVERYTHING, Selection
from domain.wire import encode
from read_api.live.follower import Follower
from read_api.live.following import Surroundings
from read_api.live.shapes import Live
from read_api.live.state import State
from read_api.live.telling import told_live
from tests.acceptance.processes import until
from tests.factories import TEN, batch, event
from tests.fakes import FakeLog

NOW = TEN + 30_000
ONE, TWO, THREE = Partition(1), Partition(2), Partition(3)


class LossyLog(FakeLog):
    """A log that can be away; `readers` are open, `subscribed` counts how often it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.readers = 0
        self.subscribed = 0
        self.lost = asyncio.Event()

    def opened(self) -> "LossyLog":
        self.readers += 1
        return self

    async def close(self) -> None:
        self.readers -= 1

    def lose(self) -> None:
        self.away = True
        self.lost.set()

    def find(self) -> None:
        self.away, self.lost = False, asyncio.Event()

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        self._require()
        return await super().offset_since(partition, recorded_ms)

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        self._require()
        self.subscribed += 1
        async with super().subscribe(partition, offset) as subscription:
            yield _Lossy(self, subscription)

    def _require(self) -> None:
        if self.away:
            raise LogUnavailable("rabbit@secret is away", told="the log cannot be reached")


class _Lossy(Subscription):
    def __init__(self, log: LossyLog, subscription: Subscription) -> None:
        self._log = log
        self._subscription = subscription

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        self._log._require()
        taking = asyncio.ensure_future(self._subscription.take(limit, timeout_seconds))
        losing = asyncio.ensure_future(self._log.lost.wait())
        await asyncio.wait({taking, losing}, return_when=asyncio.FIRST_COMPLETED)
        losing.cancel()
        if not taking.done():
            taking.cancel()
        self._log._require()
        return await taking


class Site:
    """A log, what names its pages, and who follows it."""

    def __init__(self) -> None:
        self.log = LossyLog()
        self.now = NOW
        self.rules = PageRules("")
        self.partitions = [ONE, TWO]
        self.rows_away = False
        self._sequence = 0
        around = Surroundings(
            self.log.opened, self.naming, UNCLASSED, lambda: self.now, Backoff(0.01, 0.02)
        )
        self.follower = Follower(around, Naming(PageRules(""), [ONE, TWO]))

    async def naming(self) -> Naming:
        if self.rows_away:
            raise StoreUnavailable("away")
        return Naming(self.rules, [*self.partitions])

    async def viewed(
        self, *pages: str, partition: Partition = ONE, at_ms: int | None = None
    ) -> bytes:
        """A batch of one view each; its bytes."""
        self._sequence += 1
        at_ms = self.now if at_ms is None else at_ms
        events: list[PageViewed] = [event(page, at_ms) for page in pages]
        body = encode(batch(*events, sequence=self._sequence, at_ms=at_ms))
        await self.log.append(partition, body)
        return body

    def told(self, asked: Selection = EVERYTHING) -> Live:
        return told_live(self.follower, asked, lambda: self.now)

    async def until_told(self, views: int, state: State = State.FOLLOWING) -> Live:
        async def is_told() -> bool:
            found = self.told()
            return (found.views, found.state) == (views, state.value)

        await until(is_told, f"{views} views {state.value}", 10)
        return self.told()


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Its follower closed at the end."""
    found = Site()
    try:
        yield found
    finally:
        await found.follower.close()
        assert not found.log.readers
