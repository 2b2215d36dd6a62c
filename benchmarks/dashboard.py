"""What the dashboard asks first, as it asks it: in parallel, of a service with a past."""

import asyncio
from collections.abc import Sequence
from statistics import median
from time import perf_counter

import httpx

from benchmarks.processes import running
from benchmarks.table import Row
from domain.settings import Settings

_RUNS = 9
_NUMBERS = "/stats/views?period=7d&unit=hour&compare=previous"
# Before any of these is there nothing is drawn; the rest of the page comes after.
FIRST = (
    _NUMBERS,
    "/stats/pages?period=7d&limit=10&trend=7&compare=previous",
    "/stats/state",
)
REST = (
    "/stats/views?period=24h&unit=hour",
    "/stats/bounds?count=none",
    "/stats/sites?period=7d&limit=7",
    "/stats/sources?period=7d&limit=7",
    "/stats/movers?period=7d&limit=5",
    "/stats/hours-of-week?period=7d",
)


async def first_answers(database: str, settings: Settings) -> list[Row]:
    """Until the number and its chart are there, and until all that the page shows at first is."""
    numbers, first, all_ = [], [], []
    async with (
        running(settings, "cli", "read-api") as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", timeout=120) as client,
    ):
        # What is cold is not what is asked for.
        await _asked(client, FIRST)
        for _ in range(_RUNS):
            taken = await _asked(client, FIRST)
            numbers.append(taken[0])
            first.append(max(taken))
            all_.append(first[-1] + max(await _asked(client, REST)))
    named = f"{database}: dashboard, first answers in parallel"
    return [
        Row(f"{named}, the number and its chart", _told(numbers), "under 1,000 ms"),
        Row(f"{named}, with the list of pages", _told(first), "under 1,000 ms"),
        Row(f"{named}, and all panels after", _told(all_)),
    ]


async def _asked(client: httpx.AsyncClient, paths: Sequence[str]) -> list[float]:
    """Seconds that each took."""

    async def ask(path: str) -> float:
        started = perf_counter()
        (await client.get(path)).raise_for_status()
        return perf_counter() - started

    return await asyncio.gather(*map(ask, paths))


def _told(seconds: Sequence[float]) -> str:
    return f"{median(seconds) * 1e3:,.0f} ms, at most {max(seconds) * 1e3:,.0f}"
