"""HTTP to a confirmed log."""

import json
from random import Random
from secrets import token_bytes
from statistics import median

from benchmarks.load import Result, closed_loop, cycle, post, with_key
from benchmarks.processes import production, running
from benchmarks.table import Ratio, Row
from domain.key_ring import Key
from domain.key_secrets import digest_of, id_of, new_secret
from domain.key_texts import keys_text
from domain.keys import Right

CONNECTIONS = 128
_HOUR = "2025-07-16T10:00:00Z"


def singles() -> list[bytes]:
    """POSTs of one view each, to one of 5,000 pages."""
    draw = Random(1)
    bodies = [
        json.dumps({"page": f"example.com/articles/{draw.randrange(5_000)}", "timestamp": _HOUR})
        for _ in range(5_000)
    ]
    return [post("/page-views/single", body.encode()) for body in bodies]


def multi_requests(entries: int) -> list[bytes]:
    """POSTs of so many pages each."""
    draw = Random(2)
    return [
        post(
            "/page-views/multi",
            json.dumps(
                {
                    f"example.com/articles/{draw.randrange(10**9)}": {_HOUR: draw.randint(1, 9)}
                    for _ in range(entries)
                }
            ).encode(),
        )
        for _ in range(50)
    ]


async def single(runs: int, seconds: float) -> list[Row]:
    """Single views against a handler that only decodes the body."""
    requests = singles()
    bare = [request.replace(b"/page-views/single", b"/bare") for request in requests]
    ratios, rates, medians, tails, bares, peak = [], [], [], [], [], 0.0
    async with (
        production() as settings,
        running(settings, "cli", "ingest") as ingest,
        running(settings, "benchmarks.bare", "PORT") as yardstick,
    ):
        for _ in range(runs):
            below = await load(yardstick.port, bare, seconds)
            found = await load(ingest.port, requests, seconds)
            ratios.append(found.rate / below.rate)
            rates.append(found.rate)
            bares.append(below.rate)
            medians.append(found.percentile(0.5))
            tails.append(found.percentile(0.99) / found.percentile(0.5))
        peak = ingest.peak_mb()
    return [
        Row("ingest single, confirmed, 128 connections", f"{median(rates):,.0f} requests/s"),
        Row("a handler that only decodes the body", f"{median(bares):,.0f} requests/s"),
        Row(
            "ingest single / bare handler",
            f"{median(ratios):.2f}",
            "at least 0.60",
            Ratio("ingest single / bare handler", median(ratios)),
        ),
        Row("ingest single, median latency", f"{median(medians):.1f} ms"),
        Row("ingest single, p99 / median", f"{median(tails):.1f}", "under 10"),
        Row("ingest, peak memory (single)", f"{peak:.0f} MB", "at most 200 MB"),
    ]


async def locked(runs: int, seconds: float) -> list[Row]:
    """Single views with a key that has a rate, against those of strangers.

    In turns: the machine's speed drifts by more than keys and limits cost.
    """
    secret = new_secret(token_bytes)
    key = Key(id_of(secret), frozenset([Right.INGEST]), digest_of(secret))
    plain = singles()
    keyed = [with_key(request, secret) for request in plain]
    ratios, rates = [], []
    async with production() as settings:
        file = settings.data_dir / "keys"
        file.write_text(keys_text([key]))
        limits = {"KEYS_FILE": str(file), "KEY_RATE_LIMIT": "1000000"}
        async with (
            running(settings, "cli", "ingest") as without,
            running(settings, "cli", "ingest", environment=limits) as ingest,
        ):
            for _ in range(runs):
                bare = await load(without.port, plain, seconds)
                found = await load(ingest.port, keyed, seconds)
                ratios.append(found.rate / bare.rate)
                rates.append(found.rate)
    return [
        Row("ingest single, key and limits", f"{median(rates):,.0f} requests/s"),
        Row(
            "ingest single, key and limits / without",
            f"{median(ratios):.2f}",
            "at least 0.90",
            Ratio("ingest single, key and limits / without", median(ratios)),
        ),
    ]


async def multi(runs: int, seconds: float) -> list[Row]:
    """Requests of 1,000 entries; a core is a second of the ingest process's processor time."""
    requests = multi_requests(1_000)
    per_core, rates, peak = [], [], 0.0
    async with production() as settings, running(settings, "cli", "ingest") as ingest:
        for _ in range(runs):
            before = ingest.cpu_seconds()
            found = await load(ingest.port, requests, seconds, connections=16)
            entries = len(found.latencies) * 1_000
            per_core.append(entries / (ingest.cpu_seconds() - before))
            rates.append(entries / found.seconds)
        peak = ingest.peak_mb()
    return [
        Row("ingest multi, 1,000 entries a request", f"{median(rates):,.0f} entries/s"),
        Row("ingest multi, a core", f"{median(per_core):,.0f} entries/s", "at least 150,000"),
        Row("ingest, peak memory (multi)", f"{peak:.0f} MB", "at most 200 MB"),
    ]


async def load(
    port: int, requests: list[bytes], seconds: float, connections: int = CONNECTIONS
) -> Result:
    """All answered 202. Raises `RuntimeError` where one is not."""
    found = await closed_loop(
        port, cycle(requests), connections=connections, seconds=seconds, expect=b"202"
    )
    if found.failed or not found.latencies:
        raise RuntimeError(f"{found.failed} requests failed, {len(found.latencies)} were answered")
    return found
