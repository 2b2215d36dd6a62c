"""Footfall as many machines run it, on one: servers, roles, a front door; up, and down again."""

import asyncio
import shlex
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings, from_env
from tests import dba
from tests.cluster.databases import DATABASE, Primary, Standby, url, wait_for_standby
from tests.cluster.nodes import PrivateCluster
from tests.cluster.parts import Part, Process, RolePart, ServerPart
from tests.cluster.threads import in_thread
from tests.deploy.nginx import FrontDoor
from tests.servers import PrivatePostgres, PrivateRabbitMQ, nginx_binary

INGEST, PROJECTOR, READ_API = "ingest", "projector", "read-api"
_OF_NODES = {"cluster_partition_handling": "pause_minority"}
SETTINGS = "settings.sh"


@dataclass(frozen=True)
class Size:
    """How many of what; there are always three RabbitMQ nodes, a primary and a standby.

    `synchronous`: commits wait for the standby. `reports_from_standby`: the read APIs ask it.
    """

    ingest: int = 2
    projectors: int = 2
    read_apis: int = 2
    partitions: int = 10
    synchronous: bool = False
    reports_from_standby: bool = False


def missing() -> dict[str, str]:
    """What is not installed that they need, and the package of Debian that has it."""
    needed = {
        "PostgreSQL": ("postgresql", PrivatePostgres.binaries()),
        "RabbitMQ": ("rabbitmq-server", PrivateRabbitMQ.binary()),
        "nginx": ("nginx", nginx_binary()),
    }
    return {name: package for name, (package, found) in needed.items() if found is None}


class Machines:
    """All of it for the time of a block; `say` hears what is being done.

    Whatever ends the block, or its beginning, nothing is left of it: no process, no folder.
    """

    def __init__(
        self, size: Size | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.size = size or Size()
        self._say = say
        self._stack = AsyncExitStack()
        self.parts: dict[str, Part] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._bring_up(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _bring_up(self, stack: AsyncExitStack) -> None:
        temporary = TemporaryDirectory(prefix="footfall-machines-", ignore_cleanup_errors=True)
        self.folder = Path(stack.enter_context(temporary))
        # PostgreSQL is somebody else where this is root.
        self.folder.chmod(0o755)
        self._say("three RabbitMQ nodes, a PostgreSQL primary and its standby …")
        self.nodes = PrivateCluster(_OF_NODES, management=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(_begin(stack, self.nodes))
            group.create_task(self._start_databases(stack))
        for number, node in enumerate(self.nodes.nodes, 1):
            self._add(ServerPart(f"mq{number}", node))
        self._add(ServerPart("primary", self.primary))
        self._add(ServerPart("standby", self.standby))
        self.settings = from_env({**self.exports, "DATA_DIR": str(self.folder / "data")})
        (self.folder / SETTINGS).write_text(self.export_lines())
        self._say("migrate …")
        await migrate(self.settings)
        await in_thread(self.nodes.wait_until_replicated, *self.streams)
        self._say("the roles …")
        await self._start_roles(stack)
        ports = {name: [role.port for role in self.roles(name)] for name in (INGEST, READ_API)}
        self.door = FrontDoor(self.folder, ports)
        stack.push_async_exit(self.door)
        await self.door.__aenter__()

    async def _start_databases(self, stack: AsyncExitStack) -> None:
        self.primary = Primary(self.folder / "primary")
        await _begin(stack, self.primary)
        await dba.execute(self.primary.url, f"CREATE DATABASE {DATABASE}")
        self.standby = await in_thread(Standby, self.primary, self.folder / "standby")
        await _begin(stack, self.standby)
        if self.size.synchronous:
            await wait_for_standby(self.primary, self.standby)

    async def _start_roles(self, stack: AsyncExitStack) -> None:
        # nginx asks ingest for /ready under the name of its upstream.
        settings = replace(self.settings, allowed_hosts=f"{INGEST},{READ_API}")
        numbers = {
            INGEST: self.size.ingest,
            PROJECTOR: self.size.projectors,
            READ_API: self.size.read_apis,
        }
        parts = [
            RolePart(f"{verb}{number}", Process(settings, verb))
            for verb, count in numbers.items()
            for number in range(1, count + 1)
        ]
        stack.push_async_callback(_stop, parts)
        for part in parts:
            self._add(part)
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part.start())

    def _add(self, part: Part) -> None:
        self.parts[part.name] = part

    def roles(self, verb: str) -> list[Process]:
        """Of one kind."""
        found = (part.role for part in self.parts.values() if isinstance(part, RolePart))
        return [role for role in found if role.verb == verb]

    @property
    def streams(self) -> list[str]:
        """Their names, by partition."""
        prefix = self.settings.stream_prefix
        return [stream_name(prefix, Partition(p)) for p in range(self.size.partitions)]

    @property
    def exports(self) -> dict[str, str]:
        """What a verb has to be told to be about this cluster."""
        management = ",".join(node.management_url for node in self.nodes.nodes)
        return {
            "RABBITMQ_URL": self.nodes.url,
            "RABBITMQ_MANAGEMENT_URL": management.replace("//", "//guest:guest@"),
            "DATABASE_URL": url(self.primary, self.standby),
            "READ_DATABASE_URL": url(self.standby) if self.size.reports_from_standby else "",
            "NUM_PARTITIONS": str(self.size.partitions),
            "STREAM_PREFIX": Settings().stream_prefix,
        }

    def export_lines(self) -> str:
        """The same for a shell."""
        told = self.exports.items()
        return "".join(f"export {name}={shlex.quote(text)}\n" for name, text in told)


async def _begin(stack: AsyncExitStack, server: AbstractContextManager[object]) -> None:
    # Pushed first: what came only half way up is taken down as well.
    stack.push(server)
    await in_thread(server.__enter__)


async def _stop(parts: Iterable[Part]) -> None:
    await asyncio.gather(*(part.stop() for part in parts), return_exceptions=True)
