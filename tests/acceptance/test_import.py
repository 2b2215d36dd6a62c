"""`footfall import` into a running service."""

import json
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, report, until

pytestmark = pytest.mark.acceptance

DATA = Path(__file__).parents[1] / "data"


async def test_recorded_traffic_comes_out_as_it_went_in(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        code, out, err = await footfall(
            backend, "import", "--json", "--to", up.url, "--host", "example.com",
            str(DATA / "nasa-broken.log"),
        )  # fmt: skip
        assert code == 0, err
        found = json.loads(out)
        assert (found["lines"], found["counted"], found["accepted"]) == (700, 653, 653)
        assert "nasa-broken.log, line 38: malformed line" in err
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def seen() -> bool:
                rows = await report(
                    client,
                    page="example.com/images/KSC-logosmall.gif",
                    now="1995-08-01T12:00:00Z",
                )
                return {row["h"]: row["v"] for row in rows if row["v"]} == {4: 33}

            await until(seen, "the logo's views being in the report")


async def test_a_service_that_is_not_there_is_said(backend: Settings) -> None:
    code, _, err = await footfall(
        backend, "import", "--to", "http://127.0.0.1:9", str(DATA / "elastic.log")
    )
    assert code == 1
    assert "footfall up" in err
    assert "Traceback" not in err
