"""One log that several nodes hold: read from any of them, as long as one can."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from domain.checkpoint import Bounds
from domain.errors import LogError, LogUnavailable
from domain.events import Entry, Offset, Partition
from domain.ports.log import LogReader, Subscription
from log.rabbitmq.broker import forget
from log.rabbitmq.channels import Shared
from log.rabbitmq.most import Most
from log.rabbitmq.quiet import Watched

logger = logging.getLogger(__name__)

_Found = TypeVar("_Found")


class NodesLogReader(LogReader):
    """Asks the node that answered last, then the others.

    A node may be gone, or have no replica of a stream, or one that was away and has not caught up:
    that one looks as if the log had lost its end. Only what all nodes say is believed.

    A node that is cut off from the others answers, and knows nothing of what they have confirmed.
    So the end of the log is what most of them say, and what is read from a node that is quiet is
    compared with that now and then: a partition at a time, for as long as it is read.
    """

    def __init__(self, nodes: Sequence[LogReader]) -> None:
        self._nodes = list(nodes)
        # One for all who ask: a machine that is lost is waited for once, not by every partition.
        self._preferring = Shared(self._prefer_who_answers)
        self._watched: dict[Partition, list[Watched]] = defaultdict(list)
        self._looking = asyncio.Lock()

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        async with AsyncExitStack() as stack:

            async def begin(node: LogReader) -> tuple[LogReader, Subscription]:
                return node, await stack.enter_async_context(node.subscribe(partition, offset))

            node, subscription = await self._ask(begin)

            def behind(delivered: Offset, end: Offset) -> LogUnavailable:
                self._ask_last([node])
                return LogUnavailable(
                    f"partition {partition}: {node} says nothing beyond offset {delivered}, other "
                    f"nodes go on to {end}: it is cut off or behind, so it is read from another",
                    told="the node that it was read from is behind the others",
                )

            watched = Watched(subscription, offset, behind)
            self._watched[partition].append(watched)
            looking = asyncio.create_task(self._look_elsewhere(partition, watched))
            looking.add_done_callback(forget)
            try:
                yield watched
            finally:
                looking.cancel()
                self._watched[partition].remove(watched)

    async def bounds(self, partition: Partition) -> Bounds:
        await self._preferring.done()
        asked: Most[LogReader, Bounds] = Most(self._nodes)
        try:
            await asked.ask(lambda node: node.bounds(partition))
        finally:
            self._ask_last(asked.away)
        found = max(asked.found.values(), key=lambda bounds: bounds.end)
        for watched in self._watched.get(partition, ()):
            watched.ends_at(found.end)
        return found

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        return await self._ask(lambda node: node.entry_at(partition, offset))

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        return await self._ask(lambda node: node.offset_since(partition, recorded_ms))

    async def ping(self) -> None:
        await self._ask(lambda node: node.ping())

    async def close(self) -> None:
        self._preferring.cancel()
        await asyncio.gather(*(node.close() for node in self._nodes))

    async def _look_elsewhere(self, partition: Partition, watched: Watched) -> None:
        """While nothing arrives, and nobody else asks where the log ends."""
        while True:
            # What is heard or asked meanwhile puts it off.
            while (rest := watched.look_in_seconds) > 0:
                await asyncio.sleep(rest)
            async with self._looking:
                try:
                    await self.bounds(partition)
                except LogError as error:
                    # Whoever reads hears it where it ends the reading.
                    logger.debug("partition %d: no other node tells its end: %s", partition, error)
                watched.looked()

    def _ask_last(self, nodes: Collection[LogReader]) -> None:
        self._nodes.sort(key=lambda node: node in nodes)

    async def _ask(self, ask: Callable[[LogReader], Awaitable[_Found]]) -> _Found:
        await self._preferring.done()
        failures: list[LogError] = []
        for node in list(self._nodes):
            try:
                return await ask(node)
            except LogError as error:
                failures.append(error)
        # A log that was damaged explains more than a node that is away.
        raise min(failures, key=lambda error: isinstance(error, LogUnavailable))

    async def _prefer_who_answers(self) -> None:
        """Raises `LogUnavailable` where none does."""
        failure: LogUnavailable | None = None
        for _ in range(len(self._nodes)):
            try:
                await self._nodes[0].ping()
            except LogUnavailable as error:
                failure = failure or error
                self._nodes.append(self._nodes.pop(0))
            else:
                return
        if failure is not None:
            raise failure
