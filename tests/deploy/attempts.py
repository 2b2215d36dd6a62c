"""Views under load, and what became of each as its client knows it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx

AT = "2025-07-16T10:00:00Z"


class Attempt(NamedTuple):
    """One view of a page of its own; `status` is None where no answer came in time.

    `began` and `ended` are of `time.monotonic`.
    """

    page: str
    began: float
    ended: float
    status: int | None
    outcome: str

    @property
    def confirmed(self) -> bool:
        return self.status == 202

    @property
    def unknown(self) -> bool:
        """Nobody can tell whether it will be counted."""
        return not self.confirmed and self.outcome != "none"


class Load:
    """Clients that send one view after the other, and give each `patience` seconds."""

    def __init__(self, url: str, clients: int, patience: float) -> None:
        self.attempts: list[Attempt] = []
        self.patience = patience
        self._url = url
        self._clients = clients
        self._number = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """For the time of the block; what is under way then comes to its end."""
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._clients):
                group.create_task(self._client(done))
            try:
                yield self
            finally:
                done.set()

    async def _client(self, done: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=self.patience) as client:
            while not done.is_set():
                self._number += 1
                self.attempts.append(await self._attempt(client, f"example.com/{self._number}"))

    async def _attempt(self, client: httpx.AsyncClient, page: str) -> Attempt:
        began = time.monotonic()
        view = {"page": page, "timestamp": AT}
        try:
            answer = await client.post("/page-views/single", json=view)
        except httpx.TransportError:
            return Attempt(page, began, time.monotonic(), None, "unknown")
        outcome = "" if answer.status_code == 202 else answer.json().get("outcome", "unknown")
        return Attempt(page, began, time.monotonic(), answer.status_code, outcome)

    def since(self, moment: float) -> Sequence[Attempt]:
        """Those that began at `moment` or later."""
        return [attempt for attempt in self.attempts if attempt.began >= moment]


def told(attempts: Sequence[Attempt]) -> str:
    """How many of each kind, for people."""
    confirmed = sum(attempt.confirmed for attempt in attempts)
    unknown = sum(attempt.unknown for attempt in attempts)
    refused = len(attempts) - confirmed - unknown
    return f"{len(attempts)} attempts: {confirmed} confirmed, {refused} refused, {unknown} unknown"
