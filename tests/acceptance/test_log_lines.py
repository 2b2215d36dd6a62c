"""What a process writes to its log, at the level of those who look for something."""

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, report, until

pytestmark = pytest.mark.acceptance

PAGE = "example.com/search?q=confidential"
NOW = "2025-07-16T12:00:00Z"


async def test_at_debug_no_driver_writes_what_pages_are_called(
    backend: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            view = {"page": PAGE, "timestamp": "2025-07-16T11:00:00Z"}
            assert (await client.post("/page-views/single", json=view)).status_code == 202

            async def seen() -> bool:
                return (await report(client, page=PAGE, now=NOW))[-1]["v"] == 1

            await until(seen, "the view being in the report")
            foreign = await client.get("/health", headers={"host": "evil.example"})
            assert foreign.status_code == 421
        assert await up.stop() == 0
        assert "DEBUG" in up.log()
        assert "confidential" not in up.log()
