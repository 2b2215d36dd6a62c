"""The parts of retention, and the task that carries it out beside a projector."""

from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass
from functools import partial

from cli.wiring.background import in_background
from cli.wiring.process import application_name, now_ms, owner_name, uptime_ms
from domain.ports.aggregates import SumsAudits
from domain.ports.common import Jobs
from domain.ports.rebuild import Audits, Comparison, Generations
from domain.retention import Removal
from domain.settings import Settings
from log.opening import open_log
from projector.housekeeping.audits import (
    audit_all,
    audit_sums,
    log_differences,
    log_wrong_sums,
)
from projector.housekeeping.loop import keep_house
from projector.housekeeping.reset import HorizonReset, Reset
from projector.housekeeping.retention import Retention, retain
from projector.job import Held, held
from rows.jobs import REPLAY, RETENTION
from rows.opening import open_rows

# Not at once: what projectors owe to views comes first.
_FIRST_SECONDS = 5.0


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
    sums: SumsAudits
    horizon: HorizonReset

    async def retain(self) -> Removal:
        """Drop what is past. Raises `JobTaken` when another process is at it."""
        return await retain(self.jobs, RETENTION, self.retention, self.owner, self.lease_seconds)

    async def accept_clock(self) -> None:
        """The clocks are right, says an operator. Raises `JobTaken`."""
        async with self._held() as job:
            await self.retention.accept(job.epoch)

    async def reset(self) -> Reset:
        """Move the horizon back to where the clocks justify it. Raises `JobTaken`."""
        async with self._held() as job:
            return await self.horizon.run(job.epoch)

    def _held(self) -> AbstractAsyncContextManager[Held]:
        doing = "drops what is past just now: try later"
        return held(self.jobs, RETENTION, self.owner, self.lease_seconds, doing=doing)

    async def audit(self) -> None:
        """Log what does not add up."""
        log_differences(await audit_all(self.generations, self.comparison, self.audits))
        log_wrong_sums(await audit_sums(self.generations, self.sums, self.audits))


@asynccontextmanager
async def open_housekeeping(
    settings: Settings, role: str = "projector"
) -> AsyncIterator[Housekeeping]:
    """Its connections are closed at the end."""
    named = application_name(role)
    async with open_rows(settings, now_ms, name=named) as rows, AsyncExitStack() as stack:
        jobs, log = rows.jobs, open_log(settings)
        # Nothing connects before somebody moves the horizon back.
        reader = log.reader()
        stack.push_async_callback(reader.close)
        retention = Retention(
            rows.expiry,
            rows.generations,
            log.trimmer(),
            lambda: jobs.holder(REPLAY),
            now_ms,
            settings.retention_days,
            uptime_ms,
        )
        yield Housekeeping(
            retention,
            jobs,
            owner_name(),
            settings.lease_ms / 1_000,
            rows.generations,
            rows.comparison,
            rows.audits,
            rows.sums_audits,
            HorizonReset(rows.expiry, rows.generations, reader, now_ms, settings.retention_days),
        )


@asynccontextmanager
async def keeping_house(settings: Settings) -> AsyncIterator[None]:
    """Retention and audits go on in the background for the time of the block."""
    every_seconds = settings.retention_check_ms / 1_000
    first_seconds = min(_FIRST_SECONDS, every_seconds)
    async with open_housekeeping(settings) as house:
        keep = partial(keep_house, [house.retain, house.audit], first_seconds, every_seconds)
        async with in_background("retention", keep):
            yield
