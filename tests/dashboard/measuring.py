"""What a look costs, in the browser's own figures."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from playwright.async_api import CDPSession

from tests.dashboard.looking import Look


class Traffic:
    """Bytes that came over the network, packed and with their headers, by address."""

    def __init__(self) -> None:
        self.bytes: dict[str, int] = {}
        self.kept: set[str] = set()
        self._addresses: dict[str, str] = {}

    @property
    def total(self) -> int:
        return sum(self.bytes.values())

    def asked(self, event: Mapping[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def served_from_cache(self, event: Mapping[str, Any]) -> None:
        self.kept.add(self._addresses[event["requestId"]])

    def finished(self, event: Mapping[str, Any]) -> None:
        if (address := self._addresses[event["requestId"]]) not in self.kept:
            self.bytes[address] = self.bytes.get(address, 0) + int(event["encodedDataLength"])


class Held(NamedTuple):
    """What a page holds once everything that nobody refers to is gone."""

    heap_bytes: int
    nodes: int
    listeners: int


@asynccontextmanager
async def traffic(look: Look) -> AsyncIterator[Traffic]:
    """Of what the window loads within."""
    found = Traffic()
    session = await _session(look)
    session.on("Network.requestWillBeSent", found.asked)
    session.on("Network.requestServedFromCache", found.served_from_cache)
    session.on("Network.loadingFinished", found.finished)
    await session.send("Network.enable")
    try:
        yield found
    finally:
        await session.detach()


async def held(look: Look) -> Held:
    """By the page that is in the window now."""
    session = await _session(look)
    await session.send("Performance.enable")
    await session.send("HeapProfiler.enable")
    # What is found to be gone may have held what goes with the next one.
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    answer = await session.send("Performance.getMetrics")
    found = {each["name"]: int(each["value"]) for each in answer["metrics"]}
    await session.detach()
    return Held(found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"])


async def _session(look: Look) -> CDPSession:
    return await look.page.context.new_cdp_session(look.page)
