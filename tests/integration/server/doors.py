"""A server of a test's own on the loop of production, and clients that send raw bytes."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress

from litestar.types import Receive, Scope

from cli.processes.listening import listening, port_of
from cli.processes.server import server_of
from tests.acceptance.processes import until as until_awaited
from web.app import create_app, route
from web.bodies import Bodies
from web.door import ANYWHERE
from web.problems import Answer, answer
from web.server.crowd import Crowd
from web.server.limits import Limits
from web.server.protocol import Connection
from web.streaming import Streamed

BODY = b'{"page":"a.test/x"}'
SHORT = Limits(
    first_byte_seconds=0.5,
    head_seconds=0.5,
    body_seconds=1.0,
    unread_seconds=0.3,
    idle_seconds=3.0,
    stalled_seconds=1.0,
)


async def until(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """The same, for what need not be awaited."""

    async def holds() -> object:
        return condition()

    await until_awaited(holds, what, seconds)


class Door:
    """A server whose application answers a POST with its body, and remembers what it was asked."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.port = 0
        self.bodies: list[bytes] = []
        self.connections: Collection[object] = ()
        self.released = asyncio.Event()
        self.released.set()
        self.clients: list[Client] = []
        self.stop: Callable[[], None] = lambda: None
        self.piece = b"x"
        self.listened = 0
        self.ended = asyncio.Event()
        self._bodies = Bodies(1_000_000, 20.0)

    def unread(self) -> int:
        """Bytes of the longest body that waits for an application."""
        # One that was asked nothing has no scope and no body yet.
        asked = (each for each in self.connections if isinstance(each, Connection) and each.scope)
        return max((len(each.cycle.body) for each in asked), default=0)

    async def echo(self, scope: Scope, receive: Receive) -> Answer:
        body = await self._bodies.read(scope, receive, bytes)
        self.bodies.append(body)
        await self.released.wait()
        # The loop reads meanwhile, as it does while something is appended.
        await asyncio.sleep(0)
        return answer({"n": len(self.bodies), "bytes": len(body)})

    async def deaf(self, _: Scope, __: Receive) -> Answer:
        """Reads nothing of the body."""
        self.bodies.append(b"")
        await self.released.wait()
        return answer({"n": 0})

    async def large(self, _: Scope, __: Receive) -> Answer:
        return answer("x" * 30_000_000)

    async def endless(self, _: Scope, __: Receive) -> Streamed:
        """One piece after the other; `listened` counts those who take them."""
        return Streamed(self._endless(), b"text/plain", no_end=True)

    async def _endless(self) -> AsyncGenerator[bytes, None]:
        self.listened += 1
        try:
            while not self.ended.is_set():
                yield self.piece
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), 0.02)
        finally:
            self.listened -= 1

    async def connect(self) -> "Client":
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def talk(self, *parts: bytes, end: bool = False) -> bytes:
        """All that is answered until the server closes; `end` shuts down the sending side."""
        client = await self.connect()
        for part in parts:
            await client.send(part)
        if end:
            client.writer.write_eof()
        return await client.rest()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answers(self, number: int) -> bytes:
        """So many whole answers."""
        found = b""
        async with asyncio.timeout(10):
            while len(re.findall(rb"\r\n\r\n(?:\{[^}]*\}|\[\])", found)) < number:
                data = await self.reader.read(65_536)
                assert data, f"closed after {found!r}"
                found += data
        return found

    async def rest(self) -> bytes:
        async with asyncio.timeout(15):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b"reset"
            finally:
                self.writer.close()


@asynccontextmanager
async def serving(
    limits: Limits = SHORT,
    crowd: Crowd | None = None,
    allowed_hosts: Collection[str] = ANYWHERE,
    drain_seconds: int = 1,
) -> AsyncIterator[Door]:
    door = Door(crowd or Crowd(limits))
    handlers = [
        route("/echo", "POST", door.echo),
        route("/deaf", "POST", door.deaf),
        route("/large", "GET", door.large),
        route("/endless", "GET", door.endless),
    ]
    endings = [door.ended.set]
    app = create_app(handlers, {}, {}, allowed_hosts=allowed_hosts, endings=endings)
    server = server_of(app, drain_seconds, door.crowd)

    def stop() -> None:
        server.should_exit = True

    door.stop = stop
    with listening("127.0.0.1", 0, workers=1) as listeners:
        door.port = port_of(listeners)
        door.connections = server.server_state.connections
        running = asyncio.create_task(server.serve(listeners[0]))
        await until(lambda: server.started, "serving")
        try:
            yield door
        finally:
            door.released.set()
            for client in door.clients:
                client.writer.close()
            stop()
            await running


def get(path: str, headers: bytes = b"", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + headers + b"\r\n"


def post(body: bytes = BODY, headers: bytes = b"", path: str = "/echo") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return get(path, headers + length, "POST") + body


def chunked(body: bytes = BODY, headers: bytes = b"") -> bytes:
    head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    return head + headers + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]
