"""More replicas of streams that have too few, one after the other, so that none is ever at risk."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import TypeGuard

import msgspec
from msgspec import Struct

from domain.errors import LogUnavailable, NoTools
from log.rabbitmq.members import Replication, StreamMembers, View
from log.rabbitmq.tools import Tools

Say = Callable[[str], None]
Look = Callable[[], Awaitable[Replication]]

_AGAIN_SECONDS = 1.0
_TRIES = 4
_REFUSED_SECONDS = 5.0
# Without any step forward.
_STUCK_SECONDS = 120.0
_COORDINATOR = (
    "{ok, Members, _} = ra:members({rabbit_stream_coordinator, node()}), length(Members)."
)


class _Status(Struct):
    """A line of `rabbitmq-streams stream_status`: a replica, and the last offset it has."""

    role: str
    node: str
    # A word while it starts.
    offset: int | str | None = None

    def has(self, offset: int) -> bool:
        return isinstance(self.offset, int) and self.offset >= offset


def initial_size(found: Replication, replicas: int) -> int | None:
    """What a stream is made with; None where that is a replica on each node. As `view_for`."""
    return replicas if replicas < len(view_for(found, replicas).nodes) else None


def view_for(found: Replication, replicas: int) -> View:
    """Who sees the nodes for so many replicas. Raises `LogUnavailable` where there are too few."""
    if found.unseen:
        message = (
            f"which nodes hold the streams cannot be seen, {found.unseen}: "
            "footfall check says what is missing"
        )
        raise LogUnavailable(message)
    view = max(found.views, key=lambda each: len(each.running))
    if len(view.nodes) < replicas:
        message = (
            f"{replicas} replicas need as many nodes, the cluster has {len(view.nodes)} "
            f"({', '.join(view.nodes)}): let others join it first"
        )
        raise LogUnavailable(message)
    if away := [node for node in view.nodes if node not in view.running]:
        message = f"{', '.join(away)} of the cluster does not run: start RabbitMQ there first"
        raise LogUnavailable(message)
    return view


async def replicate(
    found: Replication,
    replicas: int,
    virtual_host: str,
    environment: Mapping[str, str],
    say: Say,
    look: Look,
) -> bool:
    """Give each stream as many `replicas`; False where nothing was to be done.

    `say` is told each step. What is interrupted goes on in the next run. `environment` is that of
    RabbitMQ's commands, `look` finds again. Raises `NoTools`, and `LogUnavailable` with what
    RabbitMQ says.
    """
    view = view_for(found, replicas)
    few = [each for each in found.streams if len(each.members) < replicas]
    if not few:
        return False
    if away := next((each for each in few if set(each.members) - set(each.online)), None):
        node = ", ".join(sorted(set(away.members) - set(away.online)))
        raise LogUnavailable(f"{away.stream}: {node} is offline: footfall check says what to do")
    grower = _Grower(Tools(view.node, environment), virtual_host, say)
    await grower.begin()
    held = Counter(node for each in found.streams for node in each.members)
    for stream in few:
        free = sorted(set(view.running) - set(stream.members), key=lambda node: (held[node], node))
        chosen = free[: replicas - len(stream.members)]
        held.update(chosen)
        await grower.grow(stream, chosen)
    await grower.until_coordinated(len(view.running))
    await _until_told(look, replicas)
    return True


async def _until_told(look: Look, replicas: int) -> None:
    """Return once the management API knows it too, which tells what was some seconds ago."""
    for _ in range(_TRIES):
        if all(len(each.members) >= replicas for each in (await look()).streams):
            return
        await asyncio.sleep(_REFUSED_SECONDS)


class _Grower:
    def __init__(self, tools: Tools, virtual_host: str, say: Say) -> None:
        self._tools = tools
        self._host = virtual_host
        self._say = say

    async def begin(self) -> None:
        """Raises `NoTools` where they reach no node."""
        try:
            await self._coordinating()
        except LogUnavailable as error:
            message = (
                f"{error}: run this as a user who has the Erlang cookie of the nodes (rabbitmq, "
                "on theirs), or set RABBITMQ_ERLANG_COOKIE"
            )
            raise NoTools(message) from error

    async def grow(self, stream: StreamMembers, nodes: Sequence[str]) -> None:
        """A replica on each of `nodes`, one after the other.

        A new one counts at once when RabbitMQ chooses who leads: two that are still copying could
        outvote the one that has everything, so none is added before the last one has all.
        """
        count = len(stream.members)
        if count > 1:
            # An earlier run may have been interrupted.
            await self._until_copied(stream.stream, count)
        for node in nodes:
            self._say(f"log: {stream.stream}: copying to {node}")
            await self._add(stream.stream, node)
            count += 1
            await self._until_copied(stream.stream, count)

    async def _add(self, stream: str, node: str) -> None:
        for last in (False,) * _TRIES + (True,):
            try:
                await self._run("add_replica", stream, node)
            except LogUnavailable:
                # It refuses for some seconds what it has just let others do.
                if last:
                    raise
                await asyncio.sleep(_REFUSED_SECONDS)
            else:
                return

    async def _until_copied(self, stream: str, count: int) -> None:
        """Return once `count` replicas have all that the leader had when this began."""
        goal: int | None = None
        last: list[_Status] = []
        moved = monotonic()
        while monotonic() - moved < _STUCK_SECONDS:
            status = await self._status(stream)
            leads = (each.offset for each in status if each.role == "writer")
            goal = next(filter(_is_known, leads), None) if goal is None else goal
            if goal is not None and sum(each.has(goal) for each in status) >= count:
                return
            if status != last:
                last, moved = status, monotonic()
            await asyncio.sleep(_AGAIN_SECONDS)
        raise LogUnavailable(
            f"{stream}: a replica has not come a step further for {_STUCK_SECONDS:g} s: look at "
            "RabbitMQ's log, then run this again"
        )

    async def until_coordinated(self, nodes: int) -> None:
        """Return once all of them know who leads what: RabbitMQ looks for new ones now and then."""
        began = monotonic()
        while monotonic() - began < _STUCK_SECONDS:
            if await self._coordinating() >= nodes:
                return
            await asyncio.sleep(_AGAIN_SECONDS)
        raise LogUnavailable(
            "RabbitMQ's stream coordinator has not taken all nodes in: while it has not, streams "
            "wait for the node that was there first: run this again"
        )

    async def _coordinating(self) -> int:
        said = (await self._tools.ctl("eval", _COORDINATOR)).strip()
        return int(said) if said.isdigit() else 0

    async def _status(self, stream: str) -> list[_Status]:
        """Nothing where it cannot be had, as while a leader is elected."""
        try:
            said = await self._run("stream_status", stream, "--formatter", "json")
            return msgspec.json.decode(said, type=list[_Status])
        except (LogUnavailable, msgspec.MsgspecError):
            return []

    async def _run(self, command: str, *arguments: str) -> str:
        return await self._tools.streams(command, "--vhost", self._host, *arguments)


def _is_known(offset: object) -> TypeGuard[int]:
    return isinstance(offset, int)
