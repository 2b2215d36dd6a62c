"""The state machine with everything that happens to generations: the reports stay the log's.

Rebuilds begin, load in pieces, crash, catch up, are compared, promoted under the hands of live
projectors, abandoned and rolled back, with and without page rules that bring pages together;
retention moves the horizon. After every step the reports must be what the committed log adds up to
by the rules of the live generation, and the audit of every generation must find nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from cli.wiring.process import now_ms
from domain.checkpoint import Bounds, Checkpoint
from domain.errors import Fenced, LogUnavailable
from domain.events import Entry, Epoch, Generation, Hour, Offset, Partition
from domain.generations import GenerationInfo
from domain.hours import HOUR_MS
from domain.page_rules import PageRules
from domain.ports.log import LogReader, Subscription
from projector.fold.runner import Runner
from projector.housekeeping.audits import audit_all
from projector.housekeeping.retention import Retention
from projector.rebuild.load import load
from projector.rebuild.promotion import promote
from projector.rebuild.steps import Rebuild, Targets
from rows.aggregates.refresh import SqlAggregates
from rows.audits import SqlAudits
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.jobs import REPLAY, RETENTION, SqlJobs
from rows.rebuild.carry_over import SqlHistory
from rows.rebuild.comparison import SqlComparison
from rows.rebuild.generations import SqlGenerations
from rows.retention.expiry import SqlExpiry
from tests.contract.machine.backend import CLASSES, MOST, Host, LimitedReader
from tests.contract.machine.counted_once import CountedOnce
from tests.contract.machine.lanes import Worker, numbers, partitions
from tests.contract.machine.rolled_up import RolledUp

RULES = st.sampled_from(
    ["", "lower-host,strip-trailing-slash", "strip-query", "strip-query,lower-host"]
)
KEPT_MS = 1_000_000
DAYS = 1
LEASE_MS = 600_000


class KnownEnds(LogReader):
    """The log, with its ends as they are written down: to ask a broker for them takes a second."""

    def __init__(self, reader: LogReader, host: Host) -> None:
        self._reader = reader
        self._host = host

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        async with self._reader.subscribe(partition, offset) as subscription:
            yield subscription

    async def bounds(self, partition: Partition) -> Bounds:
        return Bounds(Offset(0), Offset(self._host.ends[partition]))

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        return await self._reader.entry_at(partition, offset)

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        return await self._reader.offset_since(partition, recorded_ms)

    async def ping(self) -> None:
        await self._reader.ping()

    async def close(self) -> None:
        """It belongs to the backend."""


def idle(machine: "Rebuilt") -> bool:
    return machine.building is None


def may_roll_back(machine: "Rebuilt") -> bool:
    return machine.building is None and machine.kept


def building(machine: "Rebuilt") -> bool:
    return machine.building is not None


def loading(machine: "Rebuilt") -> bool:
    return machine.building is not None and machine.building.state == "loading"


def catching_up(machine: "Rebuilt") -> bool:
    return machine.building is not None and machine.building.state == "catching-up"


class Rebuilt(RolledUp):
    """One rebuild at a time, driven by hand."""

    def __init__(self, host: Host) -> None:
        url = host.backend.rows_url
        self._engine = open_engine(url, patient=True)
        self._snapshots = open_engine(url, patient=True, read_only=True)
        self._log = KnownEnds(host.backend.reader, host)
        self._generations = SqlGenerations(self._engine, now_ms, CLASSES)
        self._comparison = SqlComparison(self._snapshots, CLASSES)
        self._bulk = SqlProjectionStore(self._engine, now_ms, bulk=True, classes=CLASSES)
        self._ordinary = SqlProjectionStore(self._engine, now_ms, classes=CLASSES)
        self._jobs = SqlJobs(self._engine, LEASE_MS)
        self._job = Epoch(0)
        self.building: GenerationInfo | None = None
        self.kept = False
        super().__init__(host)

    @initialize(rules=RULES)
    def begin_with(self, rules: str) -> None:
        """What is live may have been left by another history: one of our own is."""
        self._run(self._take_job())
        self.begin(rules)
        self.finish()
        self.promote(False)

    # A rebuild, step by step

    @precondition(idle)
    @rule(rules=RULES)
    def begin(self, rules: str) -> None:
        work = self._rebuild().begin("replay", PageRules(rules), carry_over=False)
        self.building = self._run(work)

    @precondition(loading)
    @rule(
        partition=partitions,
        number=numbers,
        at_once=st.integers(1, 3),
        fails_after=st.none() | st.integers(0, 4),
    )
    def load_some(
        self, partition: Partition, number: int, at_once: int, fails_after: int | None
    ) -> None:
        """As a worker does that is killed, or whose broker goes away."""
        self._run(self._fold_some(self._bulk, partition, number, at_once, fails_after))

    @precondition(catching_up)
    @rule(partition=partitions, number=numbers, fails_after=st.none() | st.integers(0, 4))
    def catch_up_some(self, partition: Partition, number: int, fails_after: int | None) -> None:
        self._run(self._fold_some(self._ordinary, partition, number, 16, fails_after))

    @precondition(loading)
    @rule()
    def load_all(self) -> None:
        assert self.building is not None
        self._run(self._rebuild().load(self.building))

    @precondition(loading)
    @rule()
    def finish(self) -> None:
        """However far it has come: the rest is folded as live projectors do."""
        assert self.building is not None
        self._run(self._rebuild().finish_loading(self.building))
        self._look()

    @precondition(building)
    @rule()
    def run_again(self) -> None:
        """The command died; what it was can do nothing any more."""
        old = self._job
        self._run(self._take_job())
        assert self.building is not None
        for step in (
            lambda: self._generations.finish_loading(old, self._generation),
            lambda: promote(self._generations, self._log, old, self._generation, 0),
            lambda: self._generations.begin(old, "replay", PageRules(), {}, None),
        ):
            with pytest.raises(Fenced):
                self._run(step())

    @precondition(catching_up)
    @rule()
    def compare(self) -> None:
        assert self.building is not None
        diff = self._run(self._rebuild().compare(self.building))
        if self.building.page_rules == self._rules.text:
            assert not diff.differs, (diff.largest, diff.largest_beside)

    @precondition(catching_up)
    @rule(keep=st.booleans())
    def promote(self, keep: bool) -> None:
        self._run(self._promote(keep=keep))
        self._follow(keep=keep)

    @precondition(catching_up)
    @rule(worker=CountedOnce.workers, number=numbers, keep=st.booleans())
    def promote_beside_a_flush(self, worker: Worker, number: int, keep: bool) -> None:
        self._read(worker, number)
        if not worker.fold.delta.entries:
            return
        was_current = worker.checkpoint.stands_as(self._lanes[worker.partition].checkpoint)

        async def both() -> tuple[Checkpoint | BaseException, BaseException | None]:
            return await asyncio.gather(
                self._backend.store.apply(worker.checkpoint, worker.fold.delta),
                self._promote(keep=keep),
                return_exceptions=True,
            )

        applied, failed = self._run(both())
        assert failed is None, failed
        if isinstance(applied, Checkpoint):
            assert was_current
            worker.applied(applied)
        else:
            assert isinstance(applied, Fenced), applied
        self._follow(keep=keep)

    @precondition(catching_up)
    @rule(target=CountedOnce.workers, partition=partitions, keep=st.booleans())
    def promote_beside_a_claim(self, partition: Partition, keep: bool) -> Worker:
        lane = self._lanes[self._used(partition)]

        async def both() -> Worker:
            claim, _ = await asyncio.gather(
                self._claim_until_it_works(lane.checkpoint), self._promote(keep=keep)
            )
            return claim

        worker = self._run(both())
        self._follow(keep=keep)
        return worker

    @precondition(idle)
    @rule(rules=RULES, keep=st.booleans())
    def rebuild(self, rules: str, keep: bool) -> None:
        """Undisturbed, as most are."""
        self.begin(rules)
        self.load_all()
        self.finish()
        self.compare()
        self.promote(keep)

    @precondition(building)
    @rule()
    def abandon(self) -> None:
        self._run(self._generations.drop(self._generation))
        self._look()
        assert not building(self)

    @precondition(may_roll_back)
    @rule(at_once=st.booleans())
    def roll_back(self, at_once: bool) -> None:
        self._run(self._rebuild().reopen("rollback"))
        self._look()
        if at_once:
            self.promote(True)

    # Retention

    @rule(hours=st.integers(0, 3))
    def retain(self, hours: int) -> None:
        """Nothing before the horizon is in a report any more, and the ledger has it."""
        horizon = Hour(self._first + hours)
        self._run(self._retain((horizon + 24 * DAYS) * HOUR_MS))
        self._horizon = max(self._horizon, horizon)
        self._look()

    # What must be true after every step is said by the base, and this

    async def _check(self) -> None:
        await super()._check()
        audits = SqlAudits(self._engine, now_ms)
        for audit in await audit_all(self._generations, self._comparison, audits):
            assert not audit.is_wrong, audit
        live = [info for info in await self._generations.all() if info.state == "live"]
        assert [info.page_rules for info in live] == [self._rules.text]

    def teardown(self) -> None:
        try:
            if self.building is not None:
                self.abandon()
            super().teardown()
            self._run(self._jobs.release(REPLAY, "machine", self._job))
        finally:
            self._run(self._engine.dispose())
            self._run(self._snapshots.dispose())

    async def _begin(self) -> None:
        """What a history that failed has left is taken away."""
        for info in await self._generations.all():
            if info.state != "live":
                await self._generations.drop(info.generation)
            else:
                self._rules = PageRules(info.page_rules)
        await super()._begin()

    @property
    def _generation(self) -> Generation:
        assert self.building is not None
        return self.building.generation

    def _rebuild(self) -> Rebuild:
        loader = Runner(self._log, self._bulk, flush_seconds=60, batch_size=3)

        async def load_here(generation: Generation, epoch: Epoch, targets: Targets) -> None:
            await load(loader, generation, epoch, targets)

        return Rebuild(
            self._generations, SqlHistory(self._engine), self._comparison, self._log,
            SqlAggregates(self._engine),
            Runner(self._log, self._ordinary, flush_seconds=60, batch_size=1_000), load_here,
            self._job, MOST,
        )  # fmt: skip

    async def _take_job(self) -> None:
        holder = await self._jobs.holder(REPLAY)
        if holder is not None:
            # Ours, or one of a history that failed.
            async with self._engine.begin() as connection:
                await connection.exec_driver_sql("UPDATE jobs SET owner = NULL")
        epoch = await self._jobs.acquire(REPLAY, "machine")
        assert epoch is not None
        self._job = epoch

    async def _fold_some(
        self,
        store: SqlProjectionStore,
        partition: Partition,
        number: int,
        at_once: int,
        fails_after: int | None,
    ) -> None:
        folded = await self._generations.checkpoints(self._generation)
        begun = folded[partition].next_offset if partition in folded else Offset(0)
        end = Offset(min(begun + number, self._host.ends[partition]))
        if end == begun:
            return
        reader = LimitedReader(self._backend.reader, end, at_once, fails_after)
        runner = Runner(reader, store, flush_seconds=60, batch_size=2)
        try:
            await runner.run(
                partition, self._job, reader.stop, generation=self._generation, until=end
            )
        except LogUnavailable:
            assert fails_after is not None

    async def _promote(self, *, keep: bool) -> None:
        await self._rebuild().promote(self._generation, KEPT_MS if keep else 0)

    def _follow(self, *, keep: bool) -> None:
        """Go on from the checkpoints of the generation that is live now."""
        assert self.building is not None
        self._rules = PageRules(self.building.page_rules)
        promoted = self._generation
        self._run(self._read_lanes())
        if not keep:
            for info in self._run(self._generations.all()):
                if info.state == "previous":
                    self._run(self._generations.drop(info.generation))
        self._look()
        assert not building(self)
        assert {lane.checkpoint.generation for lane in self._lanes.values()} == {promoted}

    async def _read_lanes(self) -> None:
        stored = {c.partition: c for c in await self._backend.checkpoints()}
        for partition, lane in self._lanes.items():
            found = stored[partition]
            assert found.next_offset >= lane.checkpoint.next_offset
            assert found.epoch >= lane.checkpoint.epoch
            lane.checkpoint = found

    def _look(self) -> None:
        infos = self._run(self._generations.all())
        self.building = next((info for info in infos if info.building), None)
        self.kept = any(info.state == "previous" for info in infos)

    async def _claim_until_it_works(self, checkpoint: Checkpoint) -> Worker:
        """As the supervisor does when generations change under a claim."""
        for _ in range(20):
            try:
                claim = await self._backend.store.claim(
                    checkpoint.partition, Epoch(checkpoint.epoch + 1)
                )
            except Fenced:
                await asyncio.sleep(0.01)
            else:
                return Worker.of(claim)
        raise AssertionError("the claim never got through")

    async def _retain(self, now_ms: int) -> None:
        epoch = await self._jobs.acquire(RETENTION, "machine")
        assert epoch is not None

        async def nobody() -> None:
            return None

        try:
            # Previous generations are kept by the clock of the real world, the log is left whole.
            expiry = SqlExpiry(self._engine)
            retention = Retention(expiry, self._generations, None, nobody, lambda: now_ms, DAYS)
            await retention.run(epoch)
        finally:
            await self._jobs.release(RETENTION, "machine", epoch)
