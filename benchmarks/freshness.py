"""From the 202 until the report shows the view, under load, through three real processes."""

import asyncio
import json
from collections.abc import Callable
from itertools import count
from random import Random
from statistics import median
from time import perf_counter

from benchmarks.load import get, post
from benchmarks.processes import Process, production, running
from benchmarks.table import Row

VIEWS_A_SECOND = 2_000
PROBES_A_SECOND = 10
_SENDERS = 64
_POLL_SECONDS = 0.02
_LOST_SECONDS = 30
_HOUR = "2025-07-16T10:00:00Z"
_NOW = "2025-07-16T11:00:00Z"


class Client:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes, expect: bytes) -> bytes:
        """The body of the answer. Raises `RuntimeError` for another status than `expect`."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.index(b"content-length: ") + 16
        body = await self._reader.readexactly(int(head[length : head.index(b"\r\n", length)]))
        if not head.startswith(b"HTTP/1.1 " + expect):
            raise RuntimeError(f"{head!r} {body!r}")
        return body

    def close(self) -> None:
        self._writer.close()


async def freshness(runs: int, seconds: float) -> list[Row]:
    """Background load on 5,000 pages, and probes: new pages asked for until they are there."""
    halves, tails, rates = [], [], []
    async with (
        production() as settings,
        running(settings, "cli", "ingest") as ingest,
        running(settings, "cli", "projector", serving=False) as projector,
        running(settings, "cli", "read-api") as read_api,
    ):
        numbers = count()
        await _run(ingest, read_api, numbers.__next__, 3.0)
        for _ in range(runs):
            found, rate = await _run(ingest, read_api, numbers.__next__, seconds)
            halves.append(_percentile(found, 0.5))
            tails.append(_percentile(found, 0.99))
            rates.append(rate)
        flush = settings.flush_interval_ms
        peaks = {
            "ingest": ingest.peak_mb(),
            "projector": projector.peak_mb(),
            "read-api": read_api.peak_mb(),
        }
    return [
        Row("views accepted meanwhile", f"{median(rates):,.0f} views/s", f"{VIEWS_A_SECOND:,}"),
        Row("from the 202 to the report, median", f"{median(halves):,.0f} ms"),
        Row(
            "from the 202 to the report, p99",
            f"{median(tails):,.0f} ms",
            f"under {flush + 500:,} ms",
        ),
        *(
            Row(f"{role}, peak memory (freshness)", f"{peak:.0f} MB", "at most 200 MB")
            for role, peak in peaks.items()
        ),
    ]


async def _run(
    ingest: Process, read_api: Process, number: Callable[[], int], seconds: float
) -> tuple[list[float], float]:
    # Milliseconds of the probes, sorted, and the background's views a second.
    started = perf_counter()
    ticks = count()
    found: list[float] = []
    async with asyncio.timeout(seconds + 2 * _LOST_SECONDS), asyncio.TaskGroup() as tasks:
        senders = [
            tasks.create_task(_send(ingest.port, ticks.__next__, started, seconds))
            for _ in range(_SENDERS)
        ]
        for index in range(int(seconds * PROBES_A_SECOND)):
            await asyncio.sleep(max(0, started + index / PROBES_A_SECOND - perf_counter()))
            tasks.create_task(_probe(ingest.port, read_api.port, number(), found))
    sent = sum(sender.result() for sender in senders)
    return sorted(found), sent / seconds


async def _send(port: int, tick: Callable[[], int], started: float, seconds: float) -> int:
    # Together the senders keep to the clock, however long an answer takes.
    draw = Random(5)
    client = await Client.connect(port)
    sent = 0
    try:
        while (due := tick() / VIEWS_A_SECOND) < seconds:
            await asyncio.sleep(max(0, started + due - perf_counter()))
            page = f"example.com/articles/{draw.randrange(5_000)}"
            await client.ask(_view(page), b"202")
            sent += 1
    finally:
        client.close()
    return sent


async def _probe(ingest: int, read_api: int, number: int, found: list[float]) -> None:
    page = f"example.com/probes/{number}"
    request = get(f"/report?page={page}&now={_NOW}&order=desc&take=1")
    views, reports = await Client.connect(ingest), await Client.connect(read_api)
    try:
        await views.ask(_view(page), b"202")
        accepted = perf_counter()
        while json.loads(await reports.ask(request, b"200")) != {"data": [{"h": 10, "v": 1}]}:
            if perf_counter() > accepted + _LOST_SECONDS:
                raise RuntimeError(f"{page} was accepted and is not in the report")
            await asyncio.sleep(_POLL_SECONDS)
        found.append((perf_counter() - accepted) * 1e3)
    finally:
        views.close()
        reports.close()


def _view(page: str) -> bytes:
    return post("/page-views/single", json.dumps({"page": page, "timestamp": _HOUR}).encode())


def _percentile(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(share * len(found)))]
