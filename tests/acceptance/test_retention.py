"""Retention as an operator meets it: `footfall retain`, refusals, and what goes by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, report, until

pytestmark = pytest.mark.acceptance

PAGE = "example.com/page"


def hours_ago(days: int, hours: int = 1) -> str:
    moment = datetime.now(UTC) - timedelta(days=days, hours=hours)
    return f"{moment:%Y-%m-%dT%H:00:00Z}"


def now_is(moment: str) -> dict[str, str]:
    """A report that ends with the hour of `moment`."""
    at = datetime.fromisoformat(moment) + timedelta(hours=1)
    return {"page": PAGE, "now": f"{at:%Y-%m-%dT%H:00:00Z}", "order": "desc", "take": "1"}


async def count(settings: Settings, *moments: str) -> None:
    """Views of the past, from before anything was to be dropped."""
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "projector") as projector,
        Role(settings, "read-api") as reports,
    ):
        await ingest.serving()
        await reports.serving()
        await projector.start()
        async with httpx.AsyncClient() as client:
            body = {PAGE: dict.fromkeys(moments, 7)}
            response = await client.post(f"{ingest.url}/page-views/multi", json=body)
            assert response.status_code == 202

        async with httpx.AsyncClient(base_url=reports.url) as client:

            async def counted() -> bool:
                found = [await report(client, **now_is(moment)) for moment in moments]
                return all(rows[0]["v"] == 7 for rows in found)

            await until(counted, "every view in the reports")


async def test_retain_says_what_would_go_and_then_drops_it(backend: Settings) -> None:
    old, young = hours_ago(100), hours_ago(3)
    await count(backend, old, young)
    kept = replace(backend, retention_days=30)

    code, out, err = await footfall(kept, "retain", "--dry-run")
    assert code == 0, err
    assert "RETENTION_DAYS=30: oldest hour kept: " in out
    assert "would go: 1 rows with 7 views of generation 1, " in out
    assert await _rows(backend) == 2

    code, done, err = await footfall(kept, "retain")
    assert code == 0, err
    # All but the horizon: a new hour may have begun.
    assert done.splitlines()[1:] == out.replace("would go", "gone").splitlines()[1:]
    assert await _rows(backend) == 1

    code, out, err = await footfall(kept, "retain")
    assert code == 0, err
    assert "nothing is past" in out

    async with Role(kept, "read-api") as reports:
        await reports.serving()
        async with httpx.AsyncClient(base_url=reports.url) as client:
            assert (await report(client, **now_is(old)))[0]["v"] == 0
            assert (await report(client, **now_is(young)))[0]["v"] == 7
            response = await client.get("/report", params=now_is(old))
            oldest = response.headers["footfall-horizon"]
            assert oldest in (hours_ago(30, 0), hours_ago(30, 1))
            response = await client.get("/report", params=now_is(young))
            assert "footfall-horizon" not in response.headers


async def test_without_retention_nothing_goes(backend: Settings) -> None:
    await count(backend, hours_ago(400))
    code, out, err = await footfall(backend, "retain")
    assert (code, out.splitlines()[:2]) == (
        0,
        ["RETENTION_DAYS=0: rows are kept for ever", "nothing is past"],
    ), err
    assert await _rows(backend) == 1


async def test_projectors_drop_what_is_past_by_themselves(backend: Settings) -> None:
    await count(backend, hours_ago(100), hours_ago(3))
    kept = replace(backend, retention_days=30, retention_check_ms=200)
    async with Role(kept, "projector") as projector, Role(kept, "projector") as other:
        await projector.start()
        await other.start()

        async def gone() -> bool:
            return await _rows(backend) == 1

        await until(gone, "the drop of what is past")
        assert await projector.stop() == 0
        assert await other.stop() == 0
        logs = projector.log() + other.log()
    assert (
        logs.count(
            "INFO projector.housekeeping.retention: dropped 1 rows with 7 views of generation 1"
        )
        == 1
    )


async def test_views_of_hours_that_are_not_kept_are_refused_with_what_is(
    backend: Settings,
) -> None:
    kept = replace(backend, retention_days=30)
    async with Role(kept, "ingest") as ingest:
        await ingest.serving()
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            old = {"page": PAGE, "timestamp": hours_ago(31)}
            response = await client.post("/page-views/single", json=old)
            assert response.status_code == 400
            detail = response.json()["detail"]
            assert "is older than RETENTION_DAYS=30 keeps: the oldest accepted moment is" in detail
            oldest = detail.rpartition(" ")[2]
            response = await client.post(
                "/page-views/multi", json={PAGE: {oldest: 1, hours_ago(31): 1}}
            )
            assert response.status_code == 400
            assert len(response.json()["errors"]) == 1


async def _rows(settings: Settings) -> int:
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT count(*) FROM hourly_views"))
            return int(found.scalar_one())
    finally:
        await engine.dispose()
