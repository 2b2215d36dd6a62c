"""The OpenAPI description against a running service, asked by schemathesis."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role
from tests.keys import numbered

pytestmark = pytest.mark.acceptance

# Schemas cannot say "no later than in an hour" or "at most 2,048 bytes of UTF-8": what they allow
# may still be refused, as long as the refusal is one that is described.
LEFT_OUT = "positive_data_acceptance"
# Its answer ends when whoever asked goes away: each example takes as long as is waited for it.
ENDLESS = "/stats/live/events"


@pytest.mark.timeout(600)
async def test_every_answer_is_as_the_description_says(backend: Settings, tmp_path: Path) -> None:
    # With a key, so that it is tried as well what comes without one, and with another.
    secret = numbered(1)
    async with Role(replace(backend, admin_key=secret, badges="*"), "up") as up:
        await up.serving()
        for which in (
            ("--exclude-path", ENDLESS, "--max-examples", "20"),
            ("--include-path", ENDLESS, "--max-examples", "2", "--request-timeout", "1"),
        ):
            process = await asyncio.create_subprocess_exec(
                Path(sys.executable).parent / "schemathesis", "run", f"{up.url}/schema",
                "--checks", "all", "--exclude-checks", LEFT_OUT, "--seed", "1", *which,
                "--header", f"Authorization: Bearer {secret}",
                cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            out, _ = await process.communicate()
            assert process.returncode == 0, out.decode()
        assert "Traceback" not in up.log()


async def test_every_endpoint_is_described(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            document = (await client.get("/schema")).json()
        assert document["openapi"].startswith("3.1")
        assert sorted(document["paths"]) == [
            "/",
            "/api/batch",
            "/api/error",
            "/api/event",
            "/api/health",
            "/api/heartbeat",
            "/api/send",
            "/api/v0/count",
            "/api/v1/stats/aggregate",
            "/api/v1/stats/breakdown",
            "/api/v1/stats/realtime/visitors",
            "/api/v1/stats/timeseries",
            "/api/v2/query",
            "/badge/{page}.json",
            "/badge/{page}.svg",
            "/count",
            "/export/hourly",
            "/health",
            "/js/script.js",
            "/metrics",
            "/page-views/browser",
            "/page-views/multi",
            "/page-views/single",
            "/pixel.gif",
            "/problems/{name}",
            "/ready",
            "/report",
            "/schema",
            "/session",
            "/stats/bounds",
            "/stats/hours-of-week",
            "/stats/live",
            "/stats/live/events",
            "/stats/movers",
            "/stats/operations",
            "/stats/pages",
            "/stats/sites",
            "/stats/sources",
            "/stats/state",
            "/stats/views",
            "/tracker-1.js",
            "/tracker.js",
        ]
