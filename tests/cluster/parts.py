"""What can be killed and started one by one: a server or a role, by its name."""

import signal
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from domain.settings import Settings
from tests.acceptance.processes import Role
from tests.cluster.nodes import Node
from tests.cluster.threads import in_thread
from tests.servers import PrivateServer

# All of them start at once, on cores that others may want too.
_START_SECONDS = 180


class Process(Role):
    """A role with Footfall's own deadlines; a projector answers `/ready` too."""

    def __init__(self, settings: Settings, verb: str) -> None:
        super().__init__(settings, verb)
        self.verb = verb
        self._environment |= {
            "REQUEST_TIMEOUT_MS": str(settings.request_timeout_ms),
            "LEASE_MS": str(settings.lease_ms),
            "PROJECTOR_PORT": str(self.port),
        }

    @property
    def log_file(self) -> Path:
        return self._log


class Part(ABC):
    """A server or a role. `kill` is SIGKILL, `stop` orderly, `freeze` what a hung machine does."""

    def __init__(self, name: str, url: str, log: Path) -> None:
        self.name = name
        self.url = url
        self.log = log

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """Of the process that does the work; None while there is none."""

    @abstractmethod
    async def start(self) -> None:
        """Returns when it answers."""

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def kill(self) -> None: ...

    @abstractmethod
    async def freeze(self) -> None: ...

    @abstractmethod
    async def thaw(self) -> None: ...


class ServerPart(Part):
    """A RabbitMQ node or a PostgreSQL."""

    def __init__(self, name: str, server: PrivateServer) -> None:
        url = getattr(server, "url", f"127.0.0.1:{server.port}")
        super().__init__(name, url, server.folder / "server.log")
        self.server = server

    @property
    def pid(self) -> int | None:
        if not self.server.running:
            return None
        if isinstance(self.server, Node):
            # A shell is its parent, and while it starts all there is.
            with suppress(OSError, ValueError):
                return int((self.server.folder / "pid").read_text())
        return self.server.pid

    async def start(self) -> None:
        if not self.server.running:
            # What somebody else ended has to be put away first.
            await in_thread(self.server.kill)
            await in_thread(self.server.start)

    async def stop(self) -> None:
        await in_thread(self.server.stop)

    async def kill(self) -> None:
        await in_thread(self.server.kill)

    async def freeze(self) -> None:
        await in_thread(self.server.freeze)

    async def thaw(self) -> None:
        await in_thread(self.server.thaw)


class RolePart(Part):
    """An ingest process, a projector or a read API."""

    def __init__(self, name: str, role: Process) -> None:
        super().__init__(name, role.url, role.log_file)
        self.role = role

    @property
    def pid(self) -> int | None:
        process = self.role.process
        return None if process is None or process.returncode is not None else process.pid

    async def start(self) -> None:
        if self.pid is None:
            await self.role.serving(_START_SECONDS)

    async def stop(self) -> None:
        """SIGTERM; SIGKILL for one that does not end."""
        if self.pid is None:
            return
        self.role.signal(signal.SIGCONT)
        try:
            await self.role.stop()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        if self.pid is not None:
            await self.role.kill()

    async def freeze(self) -> None:
        with suppress(ProcessLookupError):
            self.role.signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        with suppress(ProcessLookupError):
            self.role.signal(signal.SIGCONT)
