"""What can happen to a cluster: a part of it is lost for the time of a block, and is had back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.acceptance.processes import until
from tests.cluster.machines import INGEST, PROJECTOR, READ_API, Machines
from tests.cluster.parts import Part
from tests.cluster.threads import in_thread

Loss = Callable[[Machines], AbstractAsyncContextManager[None]]

# A node that starts looks for its peers and catches up; this machine may be busy with other things.
_BACK_SECONDS = 120


@asynccontextmanager
async def nothing(_: Machines) -> AsyncIterator[None]:
    """To compare with."""
    yield


@asynccontextmanager
async def leader_killed(machines: Machines) -> AsyncIterator[None]:
    """SIGKILL to the RabbitMQ node that leads the first partition."""
    part = await _leader(machines)
    await part.kill()
    yield
    await part.start()
    await in_thread(machines.nodes.wait_until_replicated, *machines.streams)


@asynccontextmanager
async def leader_cut_off(machines: Machines) -> AsyncIterator[None]:
    """The node that leads the first partition does not reach the others: it pauses."""
    node = await in_thread(machines.nodes.leader, machines.streams[0])
    await in_thread(machines.nodes.cut_off, node)
    yield
    await in_thread(machines.nodes.rejoin, node)
    await until(lambda: in_thread(node.ready), "the node that was cut off", _BACK_SECONDS)
    await in_thread(machines.nodes.wait_until_replicated, *machines.streams)


@asynccontextmanager
async def primary_restarted(machines: Machines) -> AsyncIterator[None]:
    """PostgreSQL is stopped in its fast way, which ends all connections."""
    async with _stopped(machines.parts["primary"]):
        yield


@asynccontextmanager
async def standby_away(machines: Machines) -> AsyncIterator[None]:
    """The standby is killed; where commits wait for it, they wait."""
    async with _killed(machines.parts["standby"]):
        yield


@asynccontextmanager
async def ingest_killed(machines: Machines) -> AsyncIterator[None]:
    """SIGKILL to the first ingest process."""
    async with _killed(machines.parts[f"{INGEST}1"]):
        yield


@asynccontextmanager
async def projector_killed(machines: Machines) -> AsyncIterator[None]:
    """SIGKILL to the first projector."""
    async with _killed(machines.parts[f"{PROJECTOR}1"]):
        yield


@asynccontextmanager
async def read_api_killed(machines: Machines) -> AsyncIterator[None]:
    """SIGKILL to the first read API."""
    async with _killed(machines.parts[f"{READ_API}1"]):
        yield


async def _leader(machines: Machines) -> Part:
    node = await in_thread(machines.nodes.leader, machines.streams[0])
    number = machines.nodes.nodes.index(node) + 1
    return machines.parts[f"mq{number}"]


@asynccontextmanager
async def _killed(part: Part) -> AsyncIterator[None]:
    await part.kill()
    yield
    await part.start()


@asynccontextmanager
async def _stopped(part: Part) -> AsyncIterator[None]:
    await part.stop()
    yield
    await part.start()
