"""The parts of retention, and the task that carries it out beside a projector."""

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from cli import wiring
from domain.settings import Settings
from migrations.engine import open_engine
from projector.expiry import SqlExpiry
from projector.generations import SqlGenerations
from projector.jobs import REPLAY, RETENTION, SqlJobs
from projector.retention import Retention, RetentionJob
from projector.trim_sqlite import SqliteLogTrimmer

# Not at once: what projectors owe to views comes first.
_FIRST_SECONDS = 5.0


class Retaining(NamedTuple):
    """What is past, and the job that drops it."""

    retention: Retention
    job: RetentionJob


@asynccontextmanager
async def open_retention(settings: Settings) -> AsyncIterator[Retaining]:
    """Its connections are closed at the end."""
    engine = open_engine(settings.rows_url, pool_size=4, patient=True)
    jobs = SqlJobs(engine, settings.lease_ms)
    retention = Retention(
        SqlExpiry(engine),
        SqlGenerations(engine, wiring.now_ms),
        None if settings.rabbitmq_url else SqliteLogTrimmer(settings.log_file),
        lambda: jobs.holder(REPLAY),
        wiring.now_ms,
        settings.retention_days,
    )
    owner = f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        yield Retaining(
            retention,
            RetentionJob(jobs, RETENTION, retention, owner, settings.lease_ms / 1_000),
        )
    finally:
        await engine.dispose()


@asynccontextmanager
async def retaining(settings: Settings) -> AsyncIterator[None]:
    """Retention goes on in the background for the time of the block."""
    every_seconds = settings.retention_check_ms / 1_000
    async with open_retention(settings) as found:
        task = asyncio.create_task(
            found.job.keep(min(_FIRST_SECONDS, every_seconds), every_seconds), name="retention"
        )
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
