"""A disk without room under the embedded files: said at once, and gone on from by itself."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import embedded

pytestmark = pytest.mark.acceptance

QUERY = {"page": "p", "now": "2025-07-16T11:00:00Z", "order": "desc", "take": "1"}
VIEW = {"page": "p", "timestamp": "2025-07-16T10:00:00Z"}


def below(process: int) -> Iterator[int]:
    """Every process that it started, and those that they did."""
    yield process
    for line in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from below(int(line))


@contextmanager
def no_room(process: int) -> Iterator[None]:
    """None of its processes can write into a file, as where there is no room for a byte."""
    chosen = [*below(process)]
    for found in chosen:
        resource.prlimit(found, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for found in chosen:
            resource.prlimit(
                found, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )


async def test_a_disk_without_room_is_said_at_once_and_gone_on_from(tmp_path: Path) -> None:
    settings: Settings = replace(embedded(tmp_path), data_dir=tmp_path / "data")
    async with Role(settings, "up") as up:
        await up.serving()
        assert up.process is not None
        async with httpx.AsyncClient(base_url=up.url) as client:
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202
            with no_room(up.process.pid):
                refused = await client.post("/page-views/single", json=VIEW, timeout=4)
                assert refused.status_code == 503
                assert "the log file" in refused.json()["detail"]
                assert "look at its disk" in refused.json()["detail"]

                async def told() -> bool:
                    # The answer of the last second is everybody's.
                    return (await client.get("/ready")).status_code == 503

                await until(told, "/ready telling of it", seconds=5)
                checks = (await client.get("/ready")).json()["checks"]
                assert "look at its disk" in checks["log"]
                assert "the rows cannot be written" in checks["database"]

            async def ready() -> bool:
                return (await client.get("/ready")).status_code == 200

            await until(ready, "/ready being ready again")
            assert (await client.post("/page-views/single", json=VIEW)).status_code == 202

            async def counted() -> bool:
                return (await report(client, **QUERY))[0]["v"] == 2

            await until(counted, "what was confirmed, and nothing else, in the reports")
    code, out, _ = await footfall(settings, "check")
    assert code == 0, out
