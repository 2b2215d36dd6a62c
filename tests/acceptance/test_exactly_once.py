"""Processes that die at random moments under load: totals stay exact to the view."""

import asyncio
import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.checkpoint import Checkpoint
from domain.events import Entry, Offset, Partition
from domain.projection import project
from domain.settings import Settings
from log.opening import open_reader
from rows.database import database_errors
from rows.engine import open_engine
from rows.opening import open_rows
from tests.acceptance.ledger import HOUR as HOUR
from tests.acceptance.ledger import PAGES as PAGES
from tests.acceptance.ledger import Load as Load
from tests.acceptance.processes import Role, until
from tests.conftest import embedded
from tests.servers import process, wait_for

pytestmark = pytest.mark.acceptance


async def stored(settings: Settings) -> Counter[str]:
    """Views by page as anybody with psql would see them."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with database_errors(), engine.connect() as connection:
            found = await connection.execute(
                text("SELECT page, sum(views) AS views FROM page_views GROUP BY page")
            )
            return Counter({row.page: int(row.views) for row in found})
    finally:
        await engine.dispose()


async def checkpoints(settings: Settings) -> list[Checkpoint]:
    async with open_rows(settings, now_ms, read_only=True) as rows:
        return list((await rows.facts.facts()).checkpoints)


async def folded(settings: Settings) -> bool:
    """Is everything in the log in the rows?"""
    reader = open_reader(settings)
    try:
        known = {c.partition: c.next_offset for c in await checkpoints(settings)}
        for p in range(settings.num_partitions):
            bounds = await reader.bounds(Partition(p))
            if known.get(Partition(p), 0) < bounds.end:
                return False
        return True
    finally:
        await reader.close()


async def in_the_log(settings: Settings) -> Counter[str]:
    """Views by page, folded from the log by nothing but the pure fold."""
    reader = open_reader(settings)
    total: Counter[str] = Counter()
    try:
        for number in range(settings.num_partitions):
            partition = Partition(number)
            end = (await reader.bounds(partition)).end
            entries: list[Entry] = []
            async with reader.subscribe(partition, Offset(0)) as subscription:
                while len(entries) < end:
                    entries += await subscription.take(1_000, 5)
            for (page, _, _), views in project(entries).rows.items():
                total[page] += views
    finally:
        await reader.close()
    return total


async def test_a_projector_killed_at_random_moments_counts_every_view_once(
    backend: Settings,
) -> None:
    draw = random.Random(1)
    async with Role(backend, "ingest") as ingest, Role(backend, "projector") as projector:
        await ingest.serving()
        await projector.start()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())
        for _ in range(5):
            before = sum(c.next_offset for c in await checkpoints(backend))
            await until(
                lambda: _moved(backend, before),  # noqa: B023
                "the fold going on",
            )
            await asyncio.sleep(draw.uniform(0, 0.2))
            await projector.kill()
            await projector.start()
        load.stop()
        await running
        await until(lambda: folded(backend), "the fold catching up")
        assert not load.uncertain
        assert await stored(backend) == load.confirmed
        assert sum(c.views for c in await checkpoints(backend)) == load.confirmed.total()


async def _moved(settings: Settings, before: int) -> bool:
    return sum(c.next_offset for c in await checkpoints(settings)) > before


async def test_what_ingest_confirmed_before_it_was_killed_is_in_the_log(backend: Settings) -> None:
    async with Role(backend, "ingest") as ingest:
        await ingest.serving()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())
        for target in (200, 400, 600):
            await until(
                lambda: _confirmed(load, target),  # noqa: B023
                "views being confirmed",
            )
            await ingest.kill()
            await ingest.serving()
        load.stop()
        await running
        found = await in_the_log(backend)
        for page in PAGES:
            confirmed = load.confirmed[page]
            assert confirmed <= found[page] <= confirmed + load.uncertain[page]


async def _confirmed(load: Load, target: int) -> bool:
    return load.confirmed.total() >= target


async def freeze(role: Role, settings: Settings) -> None:
    """Stop the process where others can go on: a SQLite file that it locked would be locked."""
    assert role.process is not None
    found = process(role.process.pid)

    async def harmlessly() -> bool:
        role.signal(signal.SIGSTOP)
        await asyncio.to_thread(wait_for, found.frozen, "the process being stopped")
        if settings.database_url is not None or _may_be_written(settings):
            return True
        role.signal(signal.SIGCONT)
        return False

    await until(harmlessly, "a moment between two transactions")


def _may_be_written(settings: Settings) -> bool:
    file = settings.data_dir / "rows.sqlite3"
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


async def test_a_projector_that_froze_is_fenced_and_counts_nothing_twice(
    backend: Settings,
) -> None:
    slow = replace(backend, flush_interval_ms=500)
    async with (
        Role(backend, "ingest") as ingest,
        Role(slow, "projector") as frozen,
        Role(backend, "projector") as other,
    ):
        await ingest.serving()
        await frozen.start()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())
        await until(lambda: _moved(backend, 0), "the fold beginning")
        # It has just committed; half way to the next time its hands are full.
        await asyncio.sleep(slow.flush_interval_ms / 2_000)
        await freeze(frozen, backend)
        await other.start()
        before = sum(c.next_offset for c in await checkpoints(backend))
        await until(lambda: _moved(backend, before), "the other one taking over")
        frozen.signal(signal.SIGCONT)
        await until(lambda: _logged(frozen, "letting go"), "the frozen one being fenced")
        before = sum(c.next_offset for c in await checkpoints(backend))
        await until(lambda: _moved(backend, before + 5), "the fold going on")
        load.stop()
        await running
        await until(lambda: folded(backend), "the fold catching up")
        assert await stored(backend) == load.confirmed


async def _logged(role: Role, words: str) -> bool:
    return words in role.log()


async def test_a_projector_waits_for_a_file_that_somebody_has_locked(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    async with Role(settings, "ingest") as ingest, Role(settings, "projector") as projector:
        await ingest.serving()
        load = Load(ingest.url)
        running = asyncio.create_task(load.run())
        file = settings.data_dir / "rows.sqlite3"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            await projector.start()
            await until(lambda: _confirmed(load, 200), "views being confirmed")
            assert not await stored(settings)
        load.stop()
        await running
        await until(lambda: folded(settings), "the fold catching up")
        assert await stored(settings) == load.confirmed
