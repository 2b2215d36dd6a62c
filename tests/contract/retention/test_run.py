"""A run of retention: foretold by a dry run, under its job, gone on with wherever it ended."""

import asyncio
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import update

from cli.wiring.process import now_ms
from domain.errors import Fenced, JobTaken, StoreUnavailable
from domain.events import Epoch, Hour
from domain.hours import HOUR_MS
from domain.retention import Removal
from projector.housekeeping.retention import Retention, retain
from rows.jobs import REPLAY, RETENTION, SqlJobs
from rows.rebuild.generations import SqlGenerations
from rows.retention.expiry import SqlExpiry
from rows.sqlite import expiry as expiry_sqlite
from rows.tables import producer_positions
from tests.contract.retention.site import (
    DAY_MS,
    DAYS,
    HORIZON,
    JUST_KEPT,
    LIVE,
    LONG_PAST,
    Site,
    embedded_only,
    fill,
    postgresql_only,
)


async def test_a_dry_run_changes_nothing_and_says_what_the_run_does(site: Site) -> None:
    await fill(site)
    before = await site.everything()
    preview = await site.retention().preview()
    assert await site.everything() == before
    removal = await site.run()
    assert structs.replace(preview, waiting_rows=0) == removal
    assert (removal.rows, removal.leftovers.positions, removal.leftovers.dead_letters) != ([], 0, 0)


async def test_twice_changes_nothing(site: Site) -> None:
    await fill(site)
    await site.run()
    after = await site.everything()
    again = await site.run()
    assert await site.everything() == after
    assert again == Removal(horizon=HORIZON)


async def test_nothing_is_deleted_unasked(site: Site) -> None:
    await fill(site)
    before = await site.everything()
    removal = await site.run(days=0)
    after = await site.everything()
    assert removal == Removal(
        horizon=Hour(-20_000_000), leftovers=structs.replace(removal.leftovers, positions=1)
    )
    assert removal.leftovers.dead_letters == 0
    del before["producer_positions"], after["producer_positions"]
    assert after == before


async def test_only_one_at_a_time(site: Site) -> None:
    assert await site.jobs.acquire(RETENTION, "somebody") is not None
    with pytest.raises(JobTaken, match="somebody"):
        await site.run()


async def test_whoever_lost_the_job_drops_nothing_more(site: Site) -> None:
    await fill(site)
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    before = await site.everything()
    with pytest.raises(Fenced):
        await site.retention().run(Epoch(epoch - 1))
    assert await site.everything() == before


async def test_whoever_loses_the_job_on_the_way_drops_nothing_more(site: Site) -> None:
    await fill(site)
    epoch = await site.jobs.acquire(RETENTION, "me")
    assert epoch is not None
    with pytest.raises(Fenced):
        async for _ in SqlExpiry(site.engine).drop_rows(Epoch(epoch - 1), HORIZON):
            pass
    audit = await site.comparison.audit(LIVE)
    assert (audit.expired_views, audit.difference) == (0, 0)


async def test_the_lease_is_renewed_as_long_as_it_takes(site: Site) -> None:
    jobs = SqlJobs(site.engine, 300)
    waited = asyncio.Event()

    class Slow(Retention):
        async def run(self, epoch: Epoch) -> Removal:
            await waited.wait()
            return Removal(HORIZON)

    slow = Slow(
        SqlExpiry(site.engine),
        SqlGenerations(site.engine, now_ms),
        None,
        lambda: jobs.holder(REPLAY),
        now_ms,
        DAYS,
    )
    run = asyncio.create_task(retain(jobs, RETENTION, slow, "slow", 0.3))
    await asyncio.sleep(0.8)
    assert await jobs.acquire(RETENTION, "other") is None
    waited.set()
    assert await run == Removal(HORIZON)
    assert await jobs.acquire(RETENTION, "other") is not None


@postgresql_only
async def test_a_run_that_is_ended_anywhere_is_gone_on_with(site: Site) -> None:
    old = [LONG_PAST - month * 31 * DAY_MS for month in range(12)]
    await site.count(*old, JUST_KEPT, at_ms=LONG_PAST)
    runs = 0
    while await site.rows() > 1:
        runs += 1
        run = asyncio.create_task(site.run())
        # Later each time, so that every step is the one that is cut off.
        await asyncio.wait({run}, timeout=0.004 * runs)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        assert await site.difference() == 0
    await site.run()
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.difference) == (1, 12, 0)
    assert runs > 1


@embedded_only
async def test_a_run_that_fails_between_two_chunks_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Cancelled as above, a transaction of SQLite would hold the file until it is garbage.
    monkeypatch.setattr(expiry_sqlite, "_CHUNK_ROWS", 2)
    monkeypatch.setattr(expiry_sqlite, "_CHUNK_PAGES", 2)
    for page in ("a", "b", "c"):
        await site.count(*(LONG_PAST + n * HOUR_MS for n in range(5)), JUST_KEPT, page=page)
    delete, left = expiry_sqlite.ExpiryByPage._delete, 0

    async def limited(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("killed")
        return await delete(*arguments)

    monkeypatch.setattr(expiry_sqlite.ExpiryByPage, "_delete", limited)
    for chunks in (0, 1, 2):
        left = chunks
        with pytest.raises(StoreUnavailable):
            await site.run()
        assert await site.difference() == 0
    left = 100
    await site.run()
    audit = await site.comparison.audit(LIVE)
    assert (audit.rows_views, audit.expired_views, audit.difference) == (3, 15, 0)


@postgresql_only
async def test_what_a_flush_holds_is_passed_over(site: Site) -> None:
    """A flush locks positions in the order of their producers, retention has no order."""
    await fill(site)
    async with site.engine.begin() as flush:
        await flush.execute(update(producer_positions).values(sequence=2))
        async with asyncio.timeout(20):
            assert (await site.run()).leftovers.positions == 0
    assert (await site.run()).leftovers.positions == 1
