"""Asking several nodes until most of them have answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from domain.errors import LogUnavailable
from log.rabbitmq.broker import forget
from log.rabbitmq.errors import NoMember, NoReplica

# Who has not answered by then is waited for, and one more is asked meanwhile.
_SLOW_SECONDS = 1.0

_Node = TypeVar("_Node")
_Found = TypeVar("_Found")


class Most(Generic[_Node, _Found]):
    """What the first of `nodes` to answer have said, `found`, and who did not.

    No more are asked than it takes. `away` are those that failed, or have not answered yet.
    """

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._number = self._members = len(nodes)
        self._rest = list(nodes)
        self._asking: dict[asyncio.Future[_Found], _Node] = {}
        self.found: dict[_Node, _Found] = {}
        self.away: list[_Node] = []
        self._failures: list[LogUnavailable] = []
        self._without: NoReplica | None = None

    async def ask(self, ask: Callable[[_Node], Awaitable[_Found]]) -> None:
        """Raises `LogUnavailable` where less than half of those say it that may hold a replica.

        What was confirmed is on more than half of a stream's nodes. So it is on one of these.
        """
        most = self._number // 2 + 1
        try:
            while len(self.found) < most:
                while self._rest and len(self._asking) + len(self.found) < most:
                    self._begin(ask)
                if not self._asking:
                    break
                await self._hear(ask)
        finally:
            self._leave()
        self._require_enough()

    def _begin(self, ask: Callable[[_Node], Awaitable[_Found]]) -> None:
        node = self._rest.pop(0)
        self._asking[asyncio.ensure_future(ask(node))] = node

    async def _hear(self, ask: Callable[[_Node], Awaitable[_Found]]) -> None:
        patience = _SLOW_SECONDS if self._rest else None
        done, _ = await asyncio.wait(
            self._asking, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            self._begin(ask)
        for answer in done:
            node = self._asking.pop(answer)
            try:
                self.found[node] = answer.result()
            except NoReplica as error:
                self._without = error
                self._members -= isinstance(error, NoMember)
            except LogUnavailable as error:
                self.away.append(node)
                self._failures.append(error)

    def _leave(self) -> None:
        for answer, node in self._asking.items():
            self.away.append(node)
            answer.cancel()
            answer.add_done_callback(forget)

    def _require_enough(self) -> None:
        said = len(self.found)
        if said and (2 * said >= self._members or not self._failures):
            return
        if not self._failures:
            assert self._without is not None
            raise self._without
        first = self._failures[0]
        if not said:
            raise first
        answered = f"{said} of {self._number} nodes of RABBITMQ_URL answered"
        message = f"{answered}, too few to know the end: {first}"
        raise LogUnavailable(message, told=first.told) from first
