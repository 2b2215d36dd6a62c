"""The parts of retention, and the task that carries it out beside a projector."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from cli.wiring.process import now_ms, owner_name
from domain.settings import Settings
from log.opening import open_log
from projector.housekeeping.audits import audit_all
from projector.housekeeping.retention import Retention, RetentionJob
from rows.jobs import REPLAY, RETENTION
from rows.opening import Rows

# Not at once: what projectors owe to views comes first.
_FIRST_SECONDS = 5.0


logger = logging.getLogger(__name__)


class Retaining(NamedTuple):
    """What is past, the job that drops it, and the audit of what is left."""

    retention: Retention
    job: RetentionJob
    audit: Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_retention(settings: Settings) -> AsyncIterator[Retaining]:
    """Its connections are closed at the end."""
    rows = Rows(settings, now_ms)
    jobs = rows.jobs
    retention = Retention(
        rows.expiry,
        rows.generations,
        open_log(settings).trimmer(),
        lambda: jobs.holder(REPLAY),
        now_ms,
        settings.retention_days,
    )
    owner = owner_name()

    async def audit() -> None:
        for found in await audit_all(rows.generations, rows.comparison, rows.audits):
            if found.difference:
                logger.error(
                    "the rows of generation %d differ by %+d views from what was folded: "
                    "footfall verify --deep says where, footfall replay rebuilds them",
                    found.generation,
                    found.difference,
                )

    try:
        yield Retaining(
            retention,
            RetentionJob(jobs, RETENTION, retention, owner, settings.lease_ms / 1_000),
            audit,
        )
    finally:
        await rows.close()


@asynccontextmanager
async def retaining(settings: Settings) -> AsyncIterator[None]:
    """Retention goes on in the background for the time of the block."""
    every_seconds = settings.retention_check_ms / 1_000
    async with open_retention(settings) as found:
        task = asyncio.create_task(
            found.job.keep(min(_FIRST_SECONDS, every_seconds), every_seconds, found.audit),
            name="retention",
        )
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
