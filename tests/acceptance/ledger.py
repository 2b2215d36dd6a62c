"""What clients sent and what became of it, attempt by attempt, to hold the rows to."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import httpx
from sqlalchemy import text

from domain.settings import Settings
from rows.database import database_errors
from rows.engine import open_engine

PAGES = [f"example.com/{i}" for i in range(20)]
HOUR = "2025-07-16T10:00:00Z"
# Every flush has something to do; a client without a pause would only take the processor from the
# processes that are watched.
PAUSE_SECONDS = 0.02
# Long above what Footfall and the front door may take to answer.
PATIENCE_SECONDS = 70

Outcome = Literal["confirmed", "refused", "unknown"]


class Row(NamedTuple):
    """What is counted apart: a page in an hour, as `HOUR` is written."""

    page: str
    hour: str


class Attempt(NamedTuple):
    """A request: when it was answered (of the monotonic clock), after how long, and what was said.

    Refused is what was answered with `"outcome":"none"`. Unknown is what was not answered, or was
    answered that it may still be counted.
    """

    at: float
    seconds: float
    outcome: Outcome


class Ledger:
    """Every attempt, and the views of all by their outcome."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.views: Mapping[Outcome, Counter[Row]] = {
            "confirmed": Counter(),
            "refused": Counter(),
            "unknown": Counter(),
        }

    def note(self, attempt: Attempt, views: Mapping[Row, int]) -> None:
        self.attempts.append(attempt)
        self.views[attempt.outcome].update(views)

    def wrong(self, counted: Mapping[Row, int]) -> list[str]:
        """A sentence for each row that is too low or too high; `counted` are all there are."""
        confirmed, unknown = self.views["confirmed"], self.views["unknown"]
        return [
            f"{row.page} at {row.hour}: {counted.get(row, 0)} counted, "
            f"{confirmed[row]} confirmed, {unknown[row]} unknown"
            for row in sorted({*counted, *confirmed})
            if not 0 <= counted.get(row, 0) - confirmed[row] <= unknown[row]
        ]


class Load:
    """Clients that post, each to one of the URLs, until told to stop; what they were promised.

    Views are of few pages in each of `hours`, so that requests meet on rows.
    """

    def __init__(
        self,
        *urls: str,
        clients: int = 8,
        hours: Iterable[str] = (HOUR,),
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._urls = urls
        self._clients = clients
        self._hours = list(hours)
        self._pause = pause
        self._stopping = False
        self.ledger = Ledger()

    @property
    def confirmed(self) -> Counter[str]:
        """Views by page."""
        return _by_page(self.ledger.views["confirmed"])

    @property
    def uncertain(self) -> Counter[str]:
        """Those that were not confirmed, by page."""
        return _by_page(self.ledger.views["unknown"] + self.ledger.views["refused"])

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=self._clients)
        async with httpx.AsyncClient(limits=limits, timeout=PATIENCE_SECONDS) as client:
            await asyncio.gather(*(self._visit(client, i) for i in range(self._clients)))

    def stop(self) -> None:
        self._stopping = True

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        """For the time of a block; at its end all are answered. Raises what was wrong with one."""
        running = asyncio.create_task(self.run())
        try:
            yield
        finally:
            self.stop()
            await running

    async def _visit(self, client: httpx.AsyncClient, seed: int) -> None:
        draw = random.Random(seed)
        url = self._urls[seed % len(self._urls)]
        while not self._stopping:
            views = {
                Row(page, draw.choice(self._hours)): draw.randint(1, 9)
                for page in draw.sample(PAGES, 5)
            }
            asked = time.monotonic()
            outcome = await _post(client, f"{url}/page-views/multi", views)
            now = time.monotonic()
            self.ledger.note(Attempt(now, now - asked, outcome), views)
            await asyncio.sleep(self._pause if outcome == "confirmed" else 0.05)


async def _post(client: httpx.AsyncClient, url: str, views: Mapping[Row, int]) -> Outcome:
    body = {page: {hour: count} for (page, hour), count in views.items()}
    try:
        response = await client.post(url, json=body)
    except httpx.TransportError:
        return "unknown"
    if response.status_code == 202:
        return "confirmed"
    # 502 is the front door's.
    assert response.status_code in (502, 503), response.text
    assert response.headers["retry-after"]
    return "refused" if response.json()["outcome"] == "none" else "unknown"


def _by_page(views: Mapping[Row, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row, count in views.items():
        found[row.page] += count
    return found


async def counted(settings: Settings) -> Counter[Row]:
    """All rows of a PostgreSQL, as anybody with psql would see them."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with database_errors(), engine.connect() as connection:
            found = await connection.execute(text("SELECT page, view_hour, views FROM page_views"))
            return Counter({Row(page, _written(at)): int(views) for page, at, views in found})
    finally:
        await engine.dispose()


def _written(hour: datetime) -> str:
    return hour.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
