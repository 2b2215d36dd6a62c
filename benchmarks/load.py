"""Closed-loop HTTP load: each connection sends its next request when the last is answered."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import cast

from msgspec import Struct


class Result(Struct, frozen=True):
    """What a load met: latencies in seconds, sorted."""

    seconds: float
    latencies: list[float]
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in milliseconds that `share` of the answers stayed under."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))] * 1e3


def post(path: str, body: bytes) -> bytes:
    """The bytes of a POST."""
    return (
        b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (path.encode(), len(body), body)
    )


def with_key(request: bytes, secret: str) -> bytes:
    """A request that says who sends it."""
    line, rest = request.split(b"\r\n", 1)
    return b"%s\r\nauthorization: Bearer %s\r\n%s" % (line, secret.encode(), rest)


def get(path: str) -> bytes:
    """The bytes of a GET."""
    return b"GET %s HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" % path.encode()


class _Connection(asyncio.Protocol):
    def __init__(self, draw: Callable[[], bytes], expect: bytes) -> None:
        self._draw = draw
        self._expect = b"HTTP/1.1 " + expect
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._sent = 0.0
        self.latencies: list[float] = []
        self.failed = 0
        self.stopping = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = perf_counter()
        self._transport.write(self._draw())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._buffer.find(b"content-length: ")
        end = self._buffer.find(b"\r\n", length)
        total = head + 4 + int(self._buffer[length + 16 : end])
        if len(self._buffer) < total:
            return
        if self._buffer.startswith(self._expect):
            self.latencies.append(perf_counter() - self._sent)
        else:
            self.failed += 1
        self._buffer = self._buffer[total:]
        if self.stopping:
            self._finish()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
            if self._transport is not None:
                self._transport.close()


async def closed_loop(
    port: int, draw: Callable[[], bytes], *, connections: int, seconds: float, expect: bytes
) -> Result:
    """Keep `connections` busy for `seconds` with the requests that `draw` makes."""
    loop = asyncio.get_running_loop()
    started = perf_counter()
    protocols: list[_Connection] = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Connection(draw, expect), "127.0.0.1", port
        )
        protocols.append(protocol)
    await asyncio.sleep(seconds)
    for protocol in protocols:
        protocol.stopping = True
    async with asyncio.timeout(30):
        await asyncio.gather(*(protocol.done for protocol in protocols))
    elapsed = perf_counter() - started
    latencies = sorted(latency for p in protocols for latency in p.latencies)
    return Result(elapsed, latencies, sum(p.failed for p in protocols))


def cycle(requests: Sequence[bytes]) -> Callable[[], bytes]:
    """The requests one after the other, for ever."""
    index = -1

    def draw() -> bytes:
        nonlocal index
        index = (index + 1) % len(requests)
        return requests[index]

    return draw
