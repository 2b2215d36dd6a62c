"""One log that several nodes hold: read from any of them, as long as one can."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from domain.checkpoint import Bounds
from domain.errors import LogError, LogUnavailable
from domain.events import Entry, Offset, Partition
from domain.ports.log import LogReader, Subscription
from log.rabbitmq.channels import Shared

_Found = TypeVar("_Found")


class NodesLogReader(LogReader):
    """Asks the node that answered last, then the others.

    A node may be gone, or have no replica of a stream, or one that was away and has not caught up:
    that one looks as if the log had lost its end. Only what all nodes say is believed.
    """

    def __init__(self, nodes: Sequence[LogReader]) -> None:
        self._nodes = list(nodes)
        # One for all who ask: a machine that is lost is waited for once, not by every partition.
        self._preferring = Shared(self._prefer_who_answers)

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        async with AsyncExitStack() as stack:
            yield await self._ask(
                lambda node: stack.enter_async_context(node.subscribe(partition, offset))
            )

    async def bounds(self, partition: Partition) -> Bounds:
        return await self._ask(lambda node: node.bounds(partition))

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        return await self._ask(lambda node: node.entry_at(partition, offset))

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        return await self._ask(lambda node: node.offset_since(partition, recorded_ms))

    async def ping(self) -> None:
        await self._ask(lambda node: node.ping())

    async def close(self) -> None:
        self._preferring.cancel()
        await asyncio.gather(*(node.close() for node in self._nodes))

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
