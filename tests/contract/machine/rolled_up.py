"""Days and months are added up beside the rest, whole or step by step, by one that may die."""

from hypothesis.stateful import rule

from cli.wiring.process import now_ms
from domain.aggregates import Turn
from domain.errors import Fenced
from domain.events import Epoch, Generation
from domain.hours import HOUR_MS
from domain.jobs import ROLLUP
from projector.aggregates.rolling import Silent
from projector.aggregates.rolling import roll_up as roll_up_story
from rows.aggregates.audit import SqlSumsAudits
from rows.aggregates.refresh import SqlAggregates
from rows.engine import open_engine
from rows.jobs import SqlJobs
from rows.rebuild.generations import SqlGenerations
from tests.contract.machine.backend import Host
from tests.contract.machine.counted_once import CountedOnce

LEASE_MS = 600_000
WITH_ROWS = ("catching-up", "live", "previous")


class RolledUp(CountedOnce):
    """What is said to be true of sums is, after every step of anybody."""

    def __init__(self, host: Host) -> None:
        url = host.backend.rows_url
        self._sums_engine = open_engine(url, patient=True)
        self._sums_reading = open_engine(url, patient=True, read_only=True)
        self._aggregates = SqlAggregates(self._sums_engine)
        self._sums = SqlSumsAudits(self._sums_reading)
        self._turn: Turn | None = None
        self._at: tuple[str, int, int] | None = None
        super().__init__(host)

    @rule()
    def roll_up(self) -> None:
        """All that is due, as a projector does, whatever one before has left half done."""
        self._at = None
        turn = self._run(self._new_turn())
        self._run(roll_up_story(self._aggregates, turn, lambda: False, Silent(), self._over_ms()))
        self._run(self._check_sums(by_page=True))

    @rule()
    def roll_up_a_step(self) -> None:
        """The next one; others do what they like before the one after it."""
        self._run(self._step())

    @rule()
    def refresher_dies(self) -> None:
        """Another has the job: what the old one was at, it can do nothing about any more."""
        old, at = self._turn, self._at
        self._turn, self._at = self._run(self._new_turn()), None
        if old is not None and at is not None:
            assert self._run(self._is_fenced(old, *at))

    def _over_ms(self) -> int:
        # The hours of the history, and all of their days, are over.
        return (self._first + 100) * HOUR_MS

    async def _new_turn(self) -> Turn:
        jobs = SqlJobs(self._sums_engine, LEASE_MS)
        async with self._sums_engine.begin() as connection:
            await connection.exec_driver_sql(
                f"UPDATE jobs SET owner = NULL WHERE name = '{ROLLUP}'"
            )
        epoch = await jobs.acquire(ROLLUP, "machine")
        assert epoch is not None
        return Turn(ROLLUP, Epoch(epoch), await self._aggregates.live())

    async def _step(self) -> None:
        turn = self._turn
        try:
            if turn is None or self._at is None:
                turn = self._turn = await self._new_turn()
                await self._begin_a_month(turn)
                return
            step, month, days = self._at
            if step == "settle":
                await self._aggregates.settle(turn)
                self._at = ("add up", month, days)
            elif step == "add up":
                await self._aggregates.add_up(turn, month, days)
                self._at = ("finish", month, days)
            else:
                await self._aggregates.finish(turn, month, days)
                self._at = None
        except Fenced:
            # Another generation is live by now.
            assert turn is not None
            assert await self._aggregates.live() != turn.generation
            self._at = None

    async def _begin_a_month(self, turn: Turn) -> None:
        await self._aggregates.list_days(turn)
        months = await self._aggregates.open_months(turn, self._over_ms())
        if months:
            found = months[-1]
            days = await self._aggregates.begin(turn, found.month, found.due)
            self._at = ("settle", found.month, days) if days else None

    async def _is_fenced(self, turn: Turn, _: str, month: int, days: int) -> bool:
        try:
            await self._aggregates.finish(turn, month, days)
        except Fenced:
            return True
        return False

    async def _check(self) -> None:
        await super()._check()
        await self._check_sums()

    async def _check_sums(self, *, by_page: bool = False) -> None:
        for info in await SqlGenerations(self._sums_engine, now_ms).all():
            if info.state in WITH_ROWS:
                audit = await self._sums.audit(Generation(info.generation), by_page=by_page)
                assert not audit.differing, audit

    def teardown(self) -> None:
        try:
            self.roll_up()
            super().teardown()
        finally:
            self._run(self._sums_engine.dispose())
            self._run(self._sums_reading.dispose())
