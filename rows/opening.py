"""One way in to all that the rows offer, over few connections to the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.agents.classing import UNCLASSED, Classes
from domain.errors import StoreUnavailable
from domain.events import Generation
from domain.ports.common import Clock
from domain.settings import Settings
from domain.standbys import Standbys
from domain.version import VERSION
from rows.aggregates.audit import SqlSumsAudits
from rows.aggregates.refresh import SqlAggregates
from rows.audits import SqlAudits
from rows.database import (
    NOT_ALLOWED,
    database_errors,
    is_postgresql,
    state_of,
    try_to_write,
)
from rows.engine import dispose, open_engine
from rows.fold.dead_letters import SqlDeadLetters
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.fold.watermarks import SqlWatermarks
from rows.jobs import SqlJobs
from rows.live import LIVE
from rows.postgresql.making import MonthPartitions
from rows.postgresql.months import Month, between
from rows.postgresql.rights import Rights, rights_of
from rows.postgresql.standbys import read_standbys
from rows.rebuild.carry_over import SqlHistory
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from rows.reports.facts import SqlMetricsReader
from rows.reports.hourly import SqlReportReader
from rows.reports.operations import SqlOperationsReader
from rows.reports.receipts import SqlReceipts
from rows.retention.expiry import SqlExpiry
from rows.revision import require_understood
from rows.sessions import SqlSessions
from rows.sqlite.writable import require_writable
from rows.stats.reader import CONNECTIONS, SqlStatsReader
from rows.turns import Turns
from rows.waits import SqlWaits, require_commits


class Pool(NamedTuple):
    """At most so many connections to PostgreSQL; the flags are those of `open_engine`."""

    connections: int
    patient: bool = False
    read_only: bool = False


# What a process may hold of PostgreSQL's `max_connections`. Pools open when they are first used and
# grow to what is used at once; docs/scaling.md adds them up for each role.
#
# The live fold: as many partitions as flush at the same moment; a core is busy with fewer.
ORDINARY = Pool(10)
# The fold of a rebuild, which has no partitions to answer for meanwhile.
LOADING = Pool(10, patient=True)
# Jobs go step by step: at most three for the step (a promotion that meets a month which is not
# finished: its own transaction, the structure's lock, the month's), and one for the job's lease.
PATIENT = Pool(4, patient=True)
# Adding up goes step by step too, beside all that: one for the step, one for the job's lease.
ADDING_UP = Pool(2, patient=True)
# One comparison at a time: its snapshot, and what keeps tables from coming and going meanwhile.
SNAPSHOTS = Pool(2, patient=True, read_only=True)
# Reports: more at once only make each other wait. Of these, metrics, what they say of troubles, the
# state, operations, the probe and those who wait for their views have one each, so that none of
# them waits for reports.
READING = Pool(13, read_only=True)
_REPORTS = 7
# One tries whether anything is committed, the other looks what that or anything else waits for.
TRYING = Pool(2)
# Statistics take longer than a report by far: they take none of its places.
STATISTICS = Pool(CONNECTIONS, read_only=True)


class Rows:
    """What the rows offer; nothing connects before it is used.

    With `read_only` all of it reads, over one pool: nothing waits for a writer, or for one that
    froze. `classes` say who looked at what is folded.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        read_only: bool = False,
        name: str = f"footfall {VERSION}",
        classes: Classes = UNCLASSED,
    ) -> None:
        self._name = name
        self._classes = classes
        self._settings = settings
        self._clock = clock
        self._read_only = read_only
        self._engines: dict[tuple[str, Pool], AsyncEngine] = {}

    @cached_property
    def store(self) -> SqlProjectionStore:
        """What the live fold changes."""
        return SqlProjectionStore(self._engine(ORDINARY), self._clock, classes=self._classes)

    @cached_property
    def watermarks(self) -> SqlWatermarks:
        """How complete the live fold is."""
        return SqlWatermarks(self._engine(ORDINARY))

    @cached_property
    def catch_up_store(self) -> SqlProjectionStore:
        """What a rebuild changes once it is loaded: a flush takes as long as it takes."""
        return SqlProjectionStore(self._engine(LOADING), self._clock, classes=self._classes)

    @cached_property
    def bulk_store(self) -> SqlProjectionStore:
        """What a rebuild loads."""
        engine = self._engine(LOADING)
        return SqlProjectionStore(engine, self._clock, bulk=True, classes=self._classes)

    @cached_property
    def dead_letters(self) -> SqlDeadLetters:
        """What is set aside."""
        return SqlDeadLetters(self._engine(PATIENT), self._clock, self._classes)

    @cached_property
    def leases(self) -> SqlLeases:
        """Who folds which partition."""
        return SqlLeases(self._engine(ORDINARY), self._settings.lease_ms)

    @cached_property
    def jobs(self) -> SqlJobs:
        """Who does what only one may do at a time."""
        return SqlJobs(self._engine(PATIENT), self._settings.lease_ms)

    @cached_property
    def generations(self) -> SqlGenerations:
        """Generations as wholes."""
        return SqlGenerations(self._engine(PATIENT), self._clock, self._classes)

    @cached_property
    def carry_over(self) -> SqlHistory:
        """The hours that are kept, and those the log cannot give back."""
        return SqlHistory(self._engine(PATIENT))

    @cached_property
    def comparison(self) -> SqlComparison:
        """What generations hold, from snapshots."""
        return SqlComparison(self._engine(SNAPSHOTS), self._classes)

    @cached_property
    def audits(self) -> SqlAudits:
        """The last result of each audit."""
        return SqlAudits(self._engine(PATIENT), self._clock)

    @cached_property
    def aggregates(self) -> SqlAggregates:
        """Sums beside the rows."""
        return SqlAggregates(self._engine(ADDING_UP))

    @cached_property
    def adding_up(self) -> SqlJobs:
        """The job of whoever makes these."""
        return SqlJobs(self._engine(ADDING_UP), self._settings.lease_ms)

    @cached_property
    def sums_audits(self) -> SqlSumsAudits:
        """Sums held against the rows, in snapshots."""
        return SqlSumsAudits(self._engine(SNAPSHOTS))

    @cached_property
    def expiry(self) -> SqlExpiry:
        """What goes when its time is over."""
        return SqlExpiry(self._engine(PATIENT))

    @cached_property
    def reports(self) -> SqlReportReader:
        """Reports, from the replica where one is set."""
        return SqlReportReader(self._reading, Turns(_REPORTS))

    @cached_property
    def stats(self) -> SqlStatsReader:
        """Statistics, from the replica where one is set."""
        return SqlStatsReader(self._engine_at(self._settings.reports_url, STATISTICS))

    @cached_property
    def receipts(self) -> SqlReceipts:
        """How far what was confirmed has come, from where reports come from."""
        return SqlReceipts(self._reading)

    @cached_property
    def facts(self) -> SqlMetricsReader:
        """What metrics tell, from where reports come from."""
        return SqlMetricsReader(self._reading)

    @cached_property
    def operations(self) -> SqlOperationsReader:
        """How the service is run, from where reports come from; where all reads, from the primary:
        a replica is behind.
        """
        engine = self._engine(READING) if self._read_only else self._reading
        return SqlOperationsReader(engine, self._settings.lease_ms)

    @cached_property
    def sessions(self) -> SqlSessions:
        """Which processes are connected."""
        return SqlSessions(self._engine(ORDINARY))

    @cached_property
    def waits(self) -> SqlWaits:
        """What the database waits for while it gives this process no answer."""
        return SqlWaits(self._engine(TRYING))

    async def require_commits(self, seconds: float) -> None:
        """Raises `StoreUnavailable`, with what it waits for, where nothing is committed in time."""
        await require_commits(self._engine(TRYING), self.waits, seconds)

    async def ping(self) -> None:
        """Raises `StoreUnavailable` when the rows cannot be folded into."""
        engine = self._engine(ORDINARY)
        await _ping(engine)
        await _can_write(engine)
        await self.require_writable()

    async def rights(self) -> Rights | None:
        """What the role that folds may do; None in SQLite, where there are no roles."""
        engine = self._engine(ORDINARY)
        if not is_postgresql(engine.dialect):
            return None
        async with database_errors(), engine.connect() as connection:
            live = Generation((await connection.execute(select(LIVE))).scalar_one())
            return await rights_of(connection, live, self._clock())

    async def answering(self) -> tuple[str, bool]:
        """Where reports are read now, in PostgreSQL: host and port, and whether that follows."""
        async with database_errors(), self._reading.connect() as connection:
            found = await connection.execute(text("SELECT pg_is_in_recovery()"))
            driver = (await connection.get_raw_connection()).driver_connection
            return getattr(driver, "place", ""), bool(found.scalar_one())

    async def standbys(self) -> Standbys | None:
        """Who follows the database; None in SQLite, which nobody does."""
        engine = self._engine(ORDINARY)
        if not is_postgresql(engine.dialect):
            return None
        async with database_errors(), engine.connect() as connection:
            return await read_standbys(connection)

    async def make_months(self, first: Month, last: Month) -> bool:
        """Of the live generation, where they are missing; False in SQLite, which needs none."""
        engine = self._engine(PATIENT)
        if not is_postgresql(engine.dialect):
            return False
        async with database_errors(), engine.connect() as connection:
            live = Generation((await connection.execute(select(LIVE))).scalar_one())
        await MonthPartitions(engine).ensure_months(live, between(first, last))
        return True

    async def require_writable(self) -> None:
        """Raises `StoreUnavailable` when the file of the rows takes nothing; a server says so."""
        if self._settings.database_url is None:
            await require_writable(self._settings.rows_file)

    async def ping_reports(self) -> None:
        """Raises `StoreUnavailable` when no report can be read, or none that is of now.

        Where no replica is set, what takes no writes is a former primary. Trying also gets rid of
        the connections to it.
        """
        await _ping(self._reading)
        if self._settings.read_database_url is None:
            await _can_write(self._reading)

    async def require_understood(self) -> None:
        """Raises `Outdated` when what reports are read from was migrated past this program."""
        async with database_errors(), self._reading.connect() as connection:
            await require_understood(connection)

    async def close(self) -> None:
        """Closes every connection."""
        while self._engines:
            _, engine = self._engines.popitem()
            await dispose(engine)

    @property
    def _reading(self) -> AsyncEngine:
        return self._engine_at(self._settings.reports_url, READING)

    def _engine(self, pool: Pool) -> AsyncEngine:
        return self._engine_at(self._settings.rows_url, READING if self._read_only else pool)

    def _engine_at(self, url: str, pool: Pool) -> AsyncEngine:
        if (url, pool) not in self._engines:
            self._engines[url, pool] = open_engine(
                url,
                pool_size=pool.connections,
                read_only=pool.read_only,
                patient=pool.patient,
                application_name=self._name,
            )
        return self._engines[url, pool]


@asynccontextmanager
async def open_rows(
    settings: Settings,
    clock: Clock,
    *,
    read_only: bool = False,
    name: str = f"footfall {VERSION}",
    classes: Classes = UNCLASSED,
) -> AsyncIterator[Rows]:
    """The rows that the settings name, their connections closed at the end.

    PostgreSQL shows these under `name`. `classes` say who looked at what is folded.
    """
    rows = Rows(settings, clock, read_only=read_only, name=name, classes=classes)
    try:
        yield rows
    finally:
        await rows.close()


async def _ping(engine: AsyncEngine) -> None:
    async with database_errors(), engine.connect() as connection:
        await connection.execute(text("SELECT count(*) FROM generations"))


async def _can_write(engine: AsyncEngine) -> None:
    """Does the server take writes? What the role may do, `rights` says."""
    try:
        await try_to_write(engine)
    except StoreUnavailable as error:
        if state_of(error) != NOT_ALLOWED:
            raise
