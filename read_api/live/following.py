"""Following the log from half an hour back, partition by partition, until nobody looks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from domain.agents.classing import Classes
from domain.backoff import Backoff
from domain.errors import LogError, LogUnavailable, StoreUnavailable
from domain.events import Entry, Partition
from domain.ports.common import Clock
from domain.ports.live import Naming
from domain.ports.log import LogReader, Subscription
from read_api.live.counts import MINUTE_MS, Counts, first_minute
from read_api.live.hearing import Hearing
from read_api.live.state import Standing

logger = logging.getLogger(__name__)

_TAKE_ENTRIES = 100
# Without anything for so long all that there was is heard.
_QUIET_SECONDS = 0.5
_NAMING_SECONDS = 10.0
# For the rows: they may be away, and the log is there.
_PATIENCE_SECONDS = 2.0
_SLICE_SECONDS = 0.005
# By so much more than half an hour: batches stand in the log up to a deadline after they were
# recorded, and the broker goes by a clock of its own.
_EARLIER_MS = 3 * MINUTE_MS


class Afresh(Exception):
    """What was heard so far is not what is there: all of it has to be heard again."""


class Surroundings(NamedTuple):
    """What following needs; `naming` raises `StoreUnavailable`."""

    open_reader: Callable[[], LogReader]
    naming: Callable[[], Awaitable[Naming]]
    classes: Classes
    clock: Clock
    backoff: Backoff


class Following:
    """One run: what was heard since it began. `grew` is called with whatever changes."""

    def __init__(self, around: Surroundings, known: Naming, grew: Callable[[], None]) -> None:
        self.counts = Counts(around.clock())
        self.standing = Standing()
        self.naming = known
        self._around = around
        self._grew = grew
        self._begun_ms = around.clock()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until it is cancelled. Raises `Afresh`."""
        reader = self._around.open_reader()
        try:
            async with asyncio.TaskGroup() as group:
                await self._ask_naming()
                for partition in self.naming.partitions:
                    self._begin(group, reader, partition)
                group.create_task(self._watch(group, reader))
        except ExceptionGroup as group:
            expected, others = group.split((Afresh, LogError))
            if others or expected is None:
                raise
            raise Afresh(str(expected.exceptions[0])) from group
        finally:
            await reader.close()

    def _begin(self, group: asyncio.TaskGroup, reader: LogReader, partition: Partition) -> None:
        self.standing.begun(partition)
        group.create_task(self._hear(reader, partition))

    async def _watch(self, group: asyncio.TaskGroup, reader: LogReader) -> None:
        """Partitions that come later, and rules that change."""
        while True:
            await asyncio.sleep(_NAMING_SECONDS)
            before = self.naming
            await self._ask_naming()
            if self.naming.rules.text != before.rules.text:
                raise Afresh("pages are named by other rules now")
            for partition in {*self.naming.partitions} - {*before.partitions}:
                self._begin(group, reader, partition)

    async def _ask_naming(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self.naming = await self._around.naming()
        except (StoreUnavailable, TimeoutError) as error:
            # The log's end is there without the rows; what was true last most likely is.
            logger.debug("live: which rules pages are named by cannot be asked: %s", error)

    async def _hear(self, reader: LogReader, partition: Partition) -> None:
        hearing = Hearing(self.naming.rules, self._around.classes, self._around.clock)
        pause = self._around.backoff.first
        while True:
            try:
                if hearing.offset is None:
                    since_ms = self._since_ms() - _EARLIER_MS
                    hearing.offset = await reader.offset_since(partition, since_ms)
                async with reader.subscribe(partition, hearing.offset) as subscription:
                    pause = self._around.backoff.first
                    await self._listen(subscription, partition, hearing)
            except LogUnavailable as error:
                self.standing.fell_silent(partition, self._around.clock(), error.told)
                self._grew()
            await asyncio.sleep(pause)
            pause = self._around.backoff.next(pause)

    async def _listen(
        self, subscription: Subscription, partition: Partition, hearing: Hearing
    ) -> None:
        self.standing.reached(partition)
        self._grew()
        while True:
            entries = await subscription.take(_TAKE_ENTRIES, _QUIET_SECONDS)
            await self._count(entries, hearing)
            caught_up = not entries or hearing.recorded_ms >= self._begun_ms
            if (caught_up and self.standing.caught_up(partition)) or entries:
                self._grew()

    async def _count(self, entries: Sequence[Entry], hearing: Hearing) -> None:
        loop, since_ms = asyncio.get_running_loop(), self._since_ms()
        # Whoever else is answered here shall notice nothing: one slice at a time, of all of them.
        async with self._turn:
            until = loop.time() + _SLICE_SECONDS
            for entry in entries:
                self.counts.add(hearing.hear(entry, since_ms))
                if loop.time() > until:
                    await asyncio.sleep(0)
                    until = loop.time() + _SLICE_SECONDS

    def _since_ms(self) -> int:
        return first_minute(self._around.clock()) * MINUTE_MS
