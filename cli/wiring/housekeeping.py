"""The parts of retention, and the task that carries it out beside a projector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from cli.wiring.process import application_name, now_ms, owner_name
from domain.ports.common import Jobs
from domain.ports.rebuild import Audits, Comparison, Generations
from domain.retention import Removal
from domain.settings import Settings
from log.opening import open_log
from projector.housekeeping.audits import audit_all, log_differences
from projector.housekeeping.loop import keep_house
from projector.housekeeping.retention import Retention, retain
from rows.jobs import REPLAY, RETENTION
from rows.opening import open_rows

# Not at once: what projectors owe to views comes first.
_FIRST_SECONDS = 5.0
# For what is under way when a projector ends.
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Housekeeping:
    """What is past and the job that drops it, and the audit of what is left."""

    retention: Retention
    jobs: Jobs
    owner: str
    lease_seconds: float
    generations: Generations
    comparison: Comparison
    audits: Audits

    async def retain(self) -> Removal:
        """Drop what is past. Raises `JobTaken` when another process is at it."""
        return await retain(self.jobs, RETENTION, self.retention, self.owner, self.lease_seconds)

    async def audit(self) -> None:
        """Log what does not add up."""
        log_differences(await audit_all(self.generations, self.comparison, self.audits))


@asynccontextmanager
async def open_housekeeping(
    settings: Settings, role: str = "projector"
) -> AsyncIterator[Housekeeping]:
    """Its connections are closed at the end."""
    async with open_rows(settings, now_ms, name=application_name(role)) as rows:
        jobs = rows.jobs
        retention = Retention(
            rows.expiry,
            rows.generations,
            open_log(settings).trimmer(),
            lambda: jobs.holder(REPLAY),
            now_ms,
            settings.retention_days,
        )
        yield Housekeeping(
            retention,
            jobs,
            owner_name(),
            settings.lease_ms / 1_000,
            rows.generations,
            rows.comparison,
            rows.audits,
        )


@asynccontextmanager
async def keeping_house(settings: Settings) -> AsyncIterator[None]:
    """Retention and audits go on in the background for the time of the block."""
    every_seconds = settings.retention_check_ms / 1_000
    stop = asyncio.Event()
    async with open_housekeeping(settings) as house:
        task = asyncio.create_task(
            keep_house(
                [house.retain, house.audit], min(_FIRST_SECONDS, every_seconds), every_seconds, stop
            ),
            name="retention",
        )
        try:
            yield
        finally:
            stop.set()
            try:
                await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
