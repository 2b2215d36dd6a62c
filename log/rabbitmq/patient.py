"""Work that any node of a broker may do: in turn, past those that cannot, and again for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from aiormq.exceptions import ChannelAccessRefused, ChannelPreconditionFailed

from domain.errors import LogUnavailable
from log.rabbitmq.broker import RPC_SECONDS, BrokerConnection, close, connect_node, place_of
from log.rabbitmq.errors import broker_errors

logger = logging.getLogger(__name__)

# A cluster that was formed just now takes half a minute, a busy one more, before each of its nodes
# finds the others.
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 2.0
# A cluster takes its time to place a stream's replicas.
_ONE_SECONDS = 30.0
# Another node, or another moment, makes no difference to these.
_FINAL = (ChannelAccessRefused, ChannelPreconditionFailed)

Work = Callable[[BrokerConnection], Awaitable[None]]


class PatientNodes:
    """Connections to `nodes`, named `name`; `needs` is the permission that the work asks for.

    One of them has to answer when the block is entered: `LogUnavailable`, at once, where none does.
    """

    def __init__(self, nodes: Sequence[str], name: str, needs: str) -> None:
        self._nodes = list(nodes)
        self._name = name
        self._needs = needs
        self._connections: dict[str, BrokerConnection] = {}
        self._failed: set[str] = set()

    async def __aenter__(self) -> Self:
        # All at once: those that are away are waited for once.
        found = await asyncio.gather(*map(self._connect, self._nodes), return_exceptions=True)
        failures = [one for one in found if isinstance(one, BaseException)]
        if len(failures) == len(self._nodes):
            raise failures[0]
        self._failed = {node for node in self._nodes if node not in self._connections}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.gather(*map(close, self._connections.values()))

    async def ask(self, turn: int, what: str, work: Work) -> None:
        """Have one of them do it: the one whose `turn` it is, where it can.

        Raises `LogUnavailable` naming `what` where none can for a minute, or none ever will.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_SECONDS
        while (failure := await self._ask_each(turn, work)) is not None:
            if (rest := until - loop.time()) <= 0:
                message = (
                    f"no node of RABBITMQ_URL can make {what}, tried for {_PATIENCE_SECONDS:g} s: "
                    f"{failure}. Does each of them see the others (rabbitmqctl cluster_status)? "
                    "Then run it again"
                )
                raise LogUnavailable(message, told=failure.told) from failure
            logger.warning("%s: no node can make it now, for %.0f s more: %s", what, rest, failure)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _ask_each(self, turn: int, work: Work) -> LogUnavailable | None:
        """None: it is done; otherwise what the first that was asked has said."""
        failure: LogUnavailable | None = None
        for node in self._in_turn(turn):
            try:
                async with broker_errors(self._needs), asyncio.timeout(_ONE_SECONDS):
                    await work(await self._connect(node))
            except LogUnavailable as error:
                if isinstance(error.__cause__, _FINAL):
                    raise
                logger.info("RabbitMQ at %s is passed over: %s", place_of(node), error)
                self._failed.add(node)
                failure = failure or error
            else:
                return None
        # Each may be able to do it the next time.
        self._failed.clear()
        return failure

    def _in_turn(self, turn: int) -> Iterable[str]:
        first = turn % len(self._nodes)
        return sorted(
            self._nodes[first:] + self._nodes[:first], key=lambda node: node in self._failed
        )

    async def _connect(self, node: str) -> BrokerConnection:
        connection = self._connections.get(node)
        if connection is None or connection.lost:
            connection = await connect_node(node, self._name, RPC_SECONDS)
            self._connections[node] = connection
        return connection
