"""The OpenAPI description against a running service, asked by schemathesis."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role

pytestmark = pytest.mark.acceptance

# Schemas cannot say "no later than in an hour" or "at most 2,048 bytes of UTF-8": what they allow
# may still be refused, as long as the refusal is one that is described.
LEFT_OUT = "positive_data_acceptance"


@pytest.mark.timeout(400)
async def test_every_answer_is_as_the_description_says(backend: Settings, tmp_path: Path) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / "schemathesis", "run", f"{up.url}/schema",
            "--checks", "all", "--exclude-checks", LEFT_OUT, "--max-examples", "20", "--seed", "1",
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
            "/export/hourly",
            "/health",
            "/metrics",
            "/page-views/multi",
            "/page-views/single",
            "/problems/{name}",
            "/ready",
            "/report",
            "/schema",
            "/stats/bounds",
            "/stats/hours-of-week",
            "/stats/movers",
            "/stats/pages",
            "/stats/sites",
            "/stats/state",
            "/stats/views",
        ]
