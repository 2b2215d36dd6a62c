"""Which nodes of a cluster hold and lead its streams, as these nodes say themselves."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.errors import LogUnavailable
from log.rabbitmq.broker import RPC_SECONDS, close, connect_node, place_of
from log.rabbitmq.management import Management, NotThere, Place, management, places

# What the API says of a queue is up to five seconds old, and missing before that is once told.
_TRIES = 5
_TRY_AGAIN_SECONDS = 2.0


class StreamMembers(Struct, frozen=True):
    """The nodes that have a replica of a stream, those whose replica is up, and the one that leads.

    No `leader` is known where it was lost a moment ago.
    """

    stream: str
    members: tuple[str, ...]
    online: tuple[str, ...]
    leader: str | None


class View(Struct, frozen=True):
    """The cluster as one of its nodes sees it: all its nodes by name, and those that run.

    `parted`: nodes that it has lost without ever finding together again. `version` is RabbitMQ's.
    """

    node: str
    version: str
    nodes: tuple[str, ...]
    running: tuple[str, ...]
    parted: tuple[str, ...] = ()


class Replication(Struct, frozen=True):
    """All of that. `silent` are nodes of RABBITMQ_URL that do not answer, with the reason.

    Where `unseen` says why nothing is known there are neither views nor streams.
    """

    asked: int
    silent: Mapping[str, str]
    views: Sequence[View] = ()
    streams: Sequence[StreamMembers] = ()
    unseen: str = ""


class _Overview(Struct):
    node: str
    rabbitmq_version: str


class _Node(Struct):
    name: str
    running: bool = False
    partitions: list[str] | None = None


class _Queue(Struct):
    node: str | None = None
    leader: str | None = None
    members: list[str] | None = None
    online: list[str] | None = None


async def read_replication(
    url: str, management_url: str | None, streams: Sequence[str]
) -> Replication:
    """Who holds `streams`; who does not answer is part of the answer.

    Raises `LogUnavailable` where one of them is missing.
    """
    nodes = url.split(",")
    silent, views = await asyncio.gather(_silent(nodes), _views(places(url, management_url)))
    found = Replication(len(nodes), silent)
    seen = {place: view for place, view in views.items() if isinstance(view, View)}
    if not seen:
        return replace(found, unseen=next(str(view) for view in views.values()))
    # Who sees most nodes is where streams go on; who is cut off from the others knows old things.
    place = max(seen, key=lambda each: len(seen[each].running))
    try:
        members = await read_members(place, streams)
    except NotThere:
        raise
    except LogUnavailable as error:
        return replace(found, unseen=str(error))
    return replace(found, views=list(seen.values()), streams=members)


async def read_members(place: Place, streams: Sequence[str]) -> Sequence[StreamMembers]:
    """Of each stream, as one API says. Raises `LogUnavailable`."""
    for _ in range(_TRIES):
        async with management(*place) as api:
            found = [await _ask(api, name) for name in streams]
        if all(queue.members and queue.online is not None for queue in found):
            return [_members(name, queue) for name, queue in zip(streams, found, strict=True)]
        await asyncio.sleep(_TRY_AGAIN_SECONDS)
    raise LogUnavailable("the management API does not say which nodes hold a stream")


async def _ask(api: Management, stream: str) -> _Queue:
    try:
        return await api.get("queues", stream, _Queue)
    except NotThere as error:
        raise NotThere(f"the stream {stream} is missing: run footfall migrate") from error


def _members(stream: str, found: _Queue) -> StreamMembers:
    # Versions differ in what they call it.
    leader = found.leader or found.node
    return StreamMembers(
        stream, tuple(sorted(found.members or ())), tuple(sorted(found.online or ())), leader
    )


async def _views(asked: Sequence[Place]) -> Mapping[Place, View | LogUnavailable]:
    answers = await asyncio.gather(*(_view(place) for place in asked))
    return dict(zip(asked, answers, strict=True))


async def _view(place: Place) -> View | LogUnavailable:
    try:
        async with management(*place) as api:
            overview = await api.ask("/api/overview", _Overview)
            nodes = await api.ask("/api/nodes", list[_Node])
    except LogUnavailable as error:
        return error
    return View(
        overview.node,
        overview.rabbitmq_version,
        tuple(sorted(node.name for node in nodes)),
        tuple(sorted(node.name for node in nodes if node.running)),
        tuple(sorted({lost for node in nodes for lost in node.partitions or ()})),
    )


async def _silent(nodes: Sequence[str]) -> Mapping[str, str]:
    reasons = await asyncio.gather(*map(_why_silent, nodes))
    told = zip(map(place_of, nodes), reasons, strict=True)
    return {node: reason for node, reason in told if reason is not None}


async def _why_silent(node: str) -> str | None:
    try:
        connection = await connect_node(node, "footfall check", RPC_SECONDS)
    except LogUnavailable as error:
        return str(error)
    await close(connection)
    return None
