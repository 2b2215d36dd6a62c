"""What a process writes to its log, at the level of those who look for something."""

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import embedded
from tests.servers import free_port

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


_OURS = re.compile(r"\d{4}-\d\d-\d\d \S+ [A-Z]+ \S+: .*|footfall: .*")


@pytest.mark.parametrize(
    "verb", ["check", "status", "migrate", "replay", "verify", "dead-letters list"]
)
async def test_where_the_broker_is_away_no_verb_says_it_in_the_words_of_a_library(
    verb: str, tmp_path: Path
) -> None:
    settings = embedded(tmp_path)
    assert (await footfall(settings, "migrate"))[0] == 0
    away = replace(settings, rabbitmq_url=f"amqp://u:p@127.0.0.1:{free_port()}/")
    _, out, err = await footfall(away, *verb.split())
    assert "transport" not in out + err
    assert all(map(_OURS.fullmatch, err.splitlines())), err
