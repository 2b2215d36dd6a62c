"""A wrong clock as an operator meets it, and what an older Footfall lost by one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.events import Hour
from domain.hours import hour_of
from domain.settings import Settings
from rows.engine import open_engine
from rows.jobs import RETENTION, SqlJobs
from rows.retention.expiry import SqlExpiry
from tests.acceptance.processes import Role, footfall, report, until

pytestmark = pytest.mark.acceptance

PAGE = "example.com/page"
DAYS = 500


def hour(days: int = 0) -> str:
    """The last whole hour, so many days ahead."""
    moment = datetime.now(UTC) + timedelta(days=days, hours=-1)
    return f"{moment:%Y-%m-%dT%H:00:00Z}"


async def views(url: str, moment: str) -> int:
    at = datetime.fromisoformat(moment) + timedelta(hours=1)
    query = {"page": PAGE, "now": f"{at:%Y-%m-%dT%H:00:00Z}", "order": "desc", "take": "1"}
    async with httpx.AsyncClient(base_url=url) as client:
        return (await report(client, **query))[0]["v"]


async def post(url: str, moment: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url) as client:
        body = {"page": PAGE, "timestamp": moment}
        return await client.post("/page-views/single", json=body)


async def counted(settings: Settings, moment: str, number: int) -> None:
    """A view, taken and counted by services that start and end; then there are `number`."""
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "projector") as projector,
        Role(settings, "read-api") as reports,
    ):
        await asyncio.gather(ingest.serving(), reports.serving(), projector.start())
        assert (await post(ingest.url, moment)).status_code == 202

        async def there() -> bool:
            return await views(reports.url, moment) == number

        await until(there, f"{number} views in the reports")


async def test_a_start_with_a_wrong_clock_loses_nothing(backend: Settings) -> None:
    kept = replace(backend, retention_days=400, retention_check_ms=200)
    moment = hour()
    await counted(kept, moment, 1)
    async with (
        Role(kept, "ingest", days_ahead=DAYS) as ingest,
        Role(kept, "projector", days_ahead=DAYS) as projector,
    ):
        await ingest.serving()
        assert (await post(ingest.url, moment)).status_code == 400
        # Recorded by the wrong clock, this confirms nothing.
        assert (await post(ingest.url, hour(DAYS))).status_code == 202
        await projector.start()

        async def held_back() -> bool:
            return "the clock jumped: it is 500.0 days ahead of " in projector.log()

        await until(held_back, "the jump being told")
    code, out, _ = await footfall(kept, "check")
    assert code == 0, out
    assert "horizon" not in out
    await counted(kept, moment, 2)


async def test_a_horizon_in_the_future_is_told_refused_and_moved_back(backend: Settings) -> None:
    kept = replace(backend, retention_days=400)
    moment = hour()
    await counted(kept, moment, 1)
    await _as_0_2_0_did(kept)
    code, out, _ = await footfall(kept, "check")
    assert code == 1
    assert "ERROR horizon: hours before " in out
    async with Role(kept, "ingest") as ingest:
        await ingest.serving()
        refused = await post(ingest.url, moment)
        assert refused.status_code == 400
        assert refused.json()["type"] == "/problems/past-horizon"
        oldest = datetime.fromisoformat(refused.json()["oldest"])
        assert oldest > datetime.now(UTC) + timedelta(days=98)

        code, out, err = await footfall(kept, "retain", "--reset-horizon")
        assert (code, "--yes" in err) == (1, True)
        assert "rows with 1 views were dropped" in out
        assert "all that were ever appended" in out
        assert (await post(ingest.url, moment)).status_code == 400
        code, out, err = await footfall(kept, "retain", "--reset-horizon", "--yes")
        assert code == 0, err

        async def accepted() -> bool:
            return (await post(ingest.url, moment)).status_code == 202

        await until(accepted, "views being accepted again")
    code, out, err = await footfall(kept, "replay", "--accept-diff")
    assert code == 0, err
    async with Role(kept, "read-api") as reports:
        await reports.serving()
        assert await views(reports.url, moment) == 2
    code, out, _ = await footfall(kept, "check")
    assert code == 0, out


async def _as_0_2_0_did(settings: Settings) -> None:
    """One run of retention by a clock that is ahead."""
    engine = open_engine(settings.rows_url, patient=True)
    jobs, expiry = SqlJobs(engine, 5_000), SqlExpiry(engine)
    epoch = await jobs.acquire(RETENTION, "old")
    assert epoch is not None
    horizon = Hour(hour_of(now_ms()) + 100 * 24)
    await expiry.advance(epoch, horizon)
    assert [gone.views async for gone in expiry.drop_rows(epoch, horizon)] == [1]
    await jobs.release(RETENTION, "old", epoch)
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT count(*) FROM hourly_views"))
        assert found.scalar_one() == 0
    await engine.dispose()
