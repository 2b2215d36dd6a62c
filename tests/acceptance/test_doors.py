"""Clients that people run send to `footfall up`, and what they sent is read."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.acceptance.processes import REPOSITORY, Role, until
from tests.conftest import embedded

pytestmark = pytest.mark.acceptance


async def test_libraries_of_pypi_are_counted_and_not_kept_waiting(tmp_path: Path) -> None:
    settings = replace(embedded(tmp_path), sites="shop.example,app.example")
    async with Role(settings, "up") as up:
        await up.serving()
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.acceptance.clients_of_pypi", up.url,
            cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await client.communicate()
        assert client.returncode == 0, out.decode() + up.log()
        async with httpx.AsyncClient(base_url=up.url) as http:

            async def all_there() -> bool:
                found = (await http.get("/stats/pages?period=24h")).json()["pages"]
                return {row["page"]: row["views"] for row in found} == {
                    "shop.example/from-django": 1,
                    "shop.example/proxied": 1,
                    "app.example/login": 1,
                }

            await until(all_there, "the views of all clients")
            of_persons = (await http.get("/stats/pages?period=24h&agent=person")).json()
            assert of_persons["total"] == 2
            sources = (await http.get("/stats/sources?period=24h")).json()["sources"]
            named = {row["source"]: row["views"] for row in sources}
            assert named.items() >= {"mail": 1, "letter": 1}.items()
            metrics = (await http.get("/metrics")).text
            assert 'footfall_refused_total{reason="undeclared-site"} 2.0' in metrics
