"""Partitions are taken, handed over, started again and drained, on leases that are in memory."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import pytest
from msgspec.structs import replace

from domain.checkpoint import Checkpoint
from domain.errors import (
    Fenced,
    HistoryTruncated,
    LogUnavailable,
    LogWentBackward,
    Outdated,
    PartitionTrouble,
    StoreRefused,
    StoreUnavailable,
    UnknownFormat,
    Unstorable,
)
from domain.events import Entry, Epoch, Generation, Offset, Partition
from domain.ports.log import Subscription
from domain.projection import Claim, Delta
from projector.fold.completeness import Completeness
from projector.fold.runner import Runner
from projector.fold.supervisor import Supervisor
from tests.factories import entry
from tests.fakes import FakeLeases, FakeLog, FakeStore, FakeWaits

ONE, TWO = Partition(1), Partition(2)
PARTITIONS = 4
SECONDS = 20
LEASE_SECONDS = 0.06
FIRST_PAUSE_SECONDS = 0.1


class Watched(Subscription):
    """Tells when something was read."""

    def __init__(self, subscription: Subscription, read: asyncio.Event) -> None:
        self._subscription = subscription
        self._read = read

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        found = await self._subscription.take(limit, timeout_seconds)
        if found:
            self._read.set()
        return found


class Log(FakeLog):
    """Remembers when each partition was subscribed to; `lost` is raised by partition 1, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribed: dict[Partition, list[float]] = defaultdict(list)
        self.read: dict[Partition, asyncio.Event] = defaultdict(asyncio.Event)
        self.lost: list[Exception] = []

    @asynccontextmanager
    async def subscribe(self, partition: Partition, offset: Offset) -> AsyncIterator[Subscription]:
        self.subscribed[partition].append(asyncio.get_running_loop().time())
        if partition == ONE and self.lost:
            raise self.lost.pop(0)
        async with super().subscribe(partition, offset) as subscription:
            yield Watched(subscription, self.read[partition])

    async def fill(self, *partitions: Partition) -> None:
        """One view more in each."""
        for partition in partitions or map(Partition, range(PARTITIONS)):
            await self.append(partition, entry(len(self.entries[partition])).body)


class Store(FakeStore):
    """Remembers each claim; `refusals` are raised by partition 1, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: list[Exception] = []
        self.claims: list[tuple[Partition, Epoch]] = []
        self.compared = 0

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        self.claims.append((partition, epoch))
        return await super().claim(partition, epoch, generation)

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        if checkpoint.partition == ONE and self.refusals:
            raise self.refusals.pop(0)
        return await super().apply(checkpoint, delta)

    async def live_checkpoints(self) -> Mapping[Partition, Checkpoint]:
        self.compared += 1
        return await super().live_checkpoints()

    def copy(self) -> tuple[Any, ...]:
        """All that is stored."""
        return deepcopy((self.rows, self.stored, self.positions))

    def restore(self, before: tuple[Any, ...]) -> None:
        """As a replica that lost its tail takes over."""
        self.rows, self.stored, self.positions = deepcopy(before)

    def folded(self, *partitions: Partition) -> list[int]:
        chosen = partitions or tuple(map(Partition, range(PARTITIONS)))
        return [self.stored[p].views if p in self.stored else 0 for p in chosen]


class Site:
    """A log, rows and leases that all projectors share."""

    def __init__(self) -> None:
        self.log = Log()
        self.store = Store()
        self.leases = FakeLeases()

    def supervisor(self, owner: str = "me", flush_seconds: float = 0.01) -> Supervisor:
        runner = Runner(self.log, self.store, flush_seconds=flush_seconds, batch_size=1_000)
        return Supervisor(
            self.leases,
            runner,
            self.store,
            Completeness(self.log, self.store, round_seconds=0.01, pause_seconds=0.0),
            FakeWaits(),
            owner=owner,
            partitions=PARTITIONS,
            lease_seconds=LEASE_SECONDS,
            late_seconds=LEASE_SECONDS,
        )

    def owned_by(self, owner: str) -> list[Partition]:
        return sorted(p for p, held in self.leases.held.items() if held.owner == owner)


@pytest.fixture
def site() -> Site:
    return Site()


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[None]:
    """Until the end of the block, then told to stop; what it raises is raised."""
    stop = asyncio.Event()
    task = asyncio.create_task(supervisor.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


async def test_every_partition_is_folded_and_given_back(site: Site) -> None:
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        assert len(site.owned_by("me")) == PARTITIONS
    assert site.owned_by("me") == []
    assert not site.leases.projectors


async def test_another_projector_is_handed_its_share_and_nothing_is_counted_twice(
    site: Site,
) -> None:
    await site.log.fill()
    async with running(site.supervisor("one")):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        async with running(site.supervisor("two")):
            await until(lambda: len(site.owned_by("two")) == PARTITIONS // 2)
            assert len(site.owned_by("one")) == PARTITIONS // 2
            await site.log.fill()
            await until(lambda: site.store.folded() == [2] * PARTITIONS)
        await until(lambda: len(site.owned_by("one")) == PARTITIONS)
        await site.log.fill()
        await until(lambda: site.store.folded() == [3] * PARTITIONS)
    assert sum(site.store.rows.values()) == 3 * PARTITIONS
    # Each of the two that moved has moved twice.
    epochs = sorted(held.epoch for held in site.leases.held.values())
    assert epochs == [1, 1, 3, 3]


async def test_a_drain_commits_what_was_read(site: Site) -> None:
    await site.log.fill(ONE)
    async with running(site.supervisor(flush_seconds=3_600)):
        await asyncio.wait_for(site.log.read[ONE].wait(), SECONDS)
        assert site.store.folded(ONE) == [0]
    assert site.store.folded(ONE) == [1]


async def test_who_is_fenced_but_still_the_owner_goes_on(site: Site) -> None:
    # A promotion puts other checkpoints under the runners.
    site.store.refusals = [Fenced("another generation is live")]
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        assert len(site.owned_by("me")) == PARTITIONS
    assert [epoch for partition, epoch in site.store.claims if partition == ONE] == [1, 1]


async def test_who_is_fenced_and_not_the_owner_any_more_lets_go(site: Site) -> None:
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        # It was thought dead for a moment.
        site.leases.projectors["other"] = site.leases.projectors["me"]
        epoch = site.leases.held[ONE].take("other", site.leases.held[ONE].expires_ms)
        await site.store.claim(ONE, epoch)
        await site.log.fill()
        await until(lambda: site.store.folded(Partition(0), TWO, Partition(3)) == [2] * 3)
        assert site.owned_by("other") == [ONE]
    assert site.store.folded(ONE) == [1]
    assert site.owned_by("other") == [ONE]


async def test_a_partition_whose_log_is_away_is_tried_again_ever_later(site: Site) -> None:
    site.log.lost = [LogUnavailable("no leader"), LogUnavailable("no leader")]
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded(Partition(0), TWO, Partition(3)) == [1] * 3)
        assert site.store.folded(ONE) == [0]
        await until(lambda: site.store.folded(ONE) == [1])
    first, second, third = site.log.subscribed[ONE]
    assert second - first >= FIRST_PAUSE_SECONDS
    assert third - second >= 2 * FIRST_PAUSE_SECONDS


@pytest.mark.parametrize("failure", [ValueError("nobody foresaw this"), TypeError(), KeyError(1)])
async def test_a_failure_that_nobody_foresaw_is_its_partitions_alone(
    site: Site, failure: Exception
) -> None:
    site.store.refusals = [failure] * 100
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1, 0, 1, 1])
        await until(lambda: ONE in site.leases.troubles)
        owner, trouble = site.leases.troubles[ONE]
        assert owner == "me"
        assert not trouble.stopped
        assert trouble.reason == f"{type(failure).__name__}: {failure}".removesuffix(": ")
        site.store.refusals = []
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        await until(lambda: not site.leases.troubles)


async def test_a_failure_of_the_leases_that_nobody_foresaw_ends_nothing(site: Site) -> None:
    site.leases.failures = [ValueError("nobody foresaw this"), KeyError(1)]
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
    assert not site.leases.failures


async def test_a_runner_that_is_cancelled_from_below_is_started_again(site: Site) -> None:
    # Client libraries cancel what waits for a connection that is gone.
    site.log.lost = [asyncio.CancelledError()]  # type: ignore[list-item]
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)


STOPS = [
    UnknownFormat("a newer one"),
    HistoryTruncated("gone"),
    LogWentBackward("too short"),
    StoreRefused("no such table"),
    Unstorable("not in any part"),
]


@pytest.mark.parametrize("failure", STOPS, ids=lambda found: type(found).__name__)
async def test_a_partition_that_is_stopped_is_told_until_it_is_let_go(
    site: Site, failure: Exception
) -> None:
    site.log.lost = [failure] * 100
    supervisor = site.supervisor()
    async with running(supervisor):
        await until(lambda: ONE in site.leases.troubles)
        _, trouble = site.leases.troubles[ONE]
        assert trouble.stopped
        assert trouble.reason == str(failure)
        with pytest.raises(PartitionTrouble, match=f"^partition 1: stopped: {failure}$"):
            await supervisor.ready()
        # Told again and again, its beginning stays.
        await until(lambda: len(site.leases.told) > 3)
        assert site.leases.troubles[ONE][1].since_ms == trouble.since_ms
    assert not site.leases.troubles


async def test_what_waits_is_told_until_it_is_folded_on(site: Site) -> None:
    site.log.lost = [LogUnavailable("no leader")] * 100
    supervisor = site.supervisor()
    async with running(supervisor):
        await until(lambda: ONE in site.leases.troubles)
        assert not site.leases.troubles[ONE][1].stopped
        with pytest.raises(PartitionTrouble, match="partition 1: waits: no leader"):
            await supervisor.ready()
        # There is nothing to fold: that it can be read is enough.
        site.log.lost = []
        await until(lambda: not site.leases.troubles)
        await supervisor.ready()


async def test_it_is_not_ready_before_it_has_asked_for_partitions_nor_while_it_cannot(
    site: Site,
) -> None:
    supervisor = site.supervisor()
    with pytest.raises(PartitionTrouble, match="not asked for partitions yet"):
        await supervisor.ready()
    async with running(supervisor):
        await until(lambda: len(site.owned_by("me")) == PARTITIONS)
        site.leases.failures = [StoreUnavailable("refused")] * 1_000
        await until(lambda: len(site.leases.failures) < 1_000)
        with pytest.raises(PartitionTrouble, match="refused"):
            await supervisor.ready()
        site.leases.failures = []


async def test_who_is_fenced_again_and_again_says_so(site: Site) -> None:
    site.store.refusals = [Fenced("an epoch newer than 1 owns it")] * 1_000
    await site.log.fill(ONE)
    async with running(site.supervisor()):
        await until(lambda: ONE in site.leases.troubles)
        assert "newer than 1" in site.leases.troubles[ONE][1].reason
        site.store.refusals = []


async def test_a_checkpoint_that_was_put_back_under_an_idle_partition_is_noticed(
    site: Site,
) -> None:
    async with running(site.supervisor()):
        await site.log.fill()
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        before = site.store.copy()
        await site.log.fill()
        await until(lambda: site.store.folded() == [2] * PARTITIONS)
        site.store.restore(before)
        assert site.store.folded() == [1] * PARTITIONS
        # Nobody views anything.
        await until(lambda: site.store.folded() == [2] * PARTITIONS)
        assert sum(site.store.rows.values()) == 2 * PARTITIONS


async def test_a_checkpoint_that_is_gone_is_noticed(site: Site) -> None:
    async with running(site.supervisor()):
        before = site.store.copy()
        await site.log.fill()
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        site.store.restore(before)
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
    assert sum(site.store.rows.values()) == PARTITIONS


async def test_a_generation_that_went_live_is_said_once_and_is_no_warning(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(site.supervisor()):
        await site.log.fill()
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        compared = site.store.compared
        await until(lambda: site.store.compared > compared)
        for partition, found in site.store.stored.items():
            site.store.stored[partition] = replace(found, generation=Generation(2))
        await until(lambda: len(site.store.claims) == 2 * PARTITIONS)
        compared = site.store.compared
        await until(lambda: site.store.compared > compared + 2)
    said = [found.getMessage() for found in caplog.records]
    assert [text for text in said if "live" in text] == ["generation 2 is live now"]
    assert not [found for found in caplog.records if found.levelno >= logging.WARNING]


async def test_a_checkpoint_that_was_put_back_is_warned_of_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(site.supervisor()):
        before = site.store.copy()
        await site.log.fill(ONE)
        await until(lambda: site.store.folded(ONE) == [1])
        site.store.restore(before)
        await until(lambda: site.store.folded(ONE) == [1])
    warned = [found.getMessage() for found in caplog.records if found.levelno >= logging.WARNING]
    assert len([text for text in warned if text.startswith("partition 1: the checkpoint")]) == 1


async def test_checkpoints_that_are_where_they_were_left_are_left_alone(site: Site) -> None:
    async with running(site.supervisor()):
        for number in range(1, 6):
            await site.log.fill()
            wanted = [number] * PARTITIONS
            await until(lambda wanted=wanted: site.store.folded() == wanted)  # type: ignore[misc]
        compared = site.store.compared
        await until(lambda: site.store.compared > compared + 5)
    assert len(site.store.claims) == PARTITIONS


async def test_a_database_that_is_away_is_waited_for(site: Site) -> None:
    site.leases.failures = [StoreUnavailable("refused"), StoreUnavailable("refused")]
    await site.log.fill()
    async with running(site.supervisor()):
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
    assert not site.leases.failures


async def test_while_the_database_is_away_what_is_held_is_folded_on(site: Site) -> None:
    async with running(site.supervisor()):
        await until(lambda: len(site.owned_by("me")) == PARTITIONS)
        site.leases.failures = [StoreUnavailable("refused")] * 5
        await site.log.fill()
        await until(lambda: site.store.folded() == [1] * PARTITIONS)
        await until(lambda: not site.leases.failures)
    assert {epoch for _, epoch in site.store.claims} == {1}


async def test_leases_that_cannot_be_given_back_are_left_to_expire(site: Site) -> None:
    class Silent(FakeLeases):
        async def leave(self, owner: str) -> None:
            raise StoreUnavailable("refused")

    site.leases = Silent()
    async with running(site.supervisor()):
        await until(lambda: len(site.owned_by("me")) == PARTITIONS)
    assert len(site.owned_by("me")) == PARTITIONS


async def test_who_is_outdated_gives_everything_back_and_says_so() -> None:
    leases, log = FakeLeases(int(LEASE_SECONDS * 1_000)), Log()
    other = FakeStore()
    found = Supervisor(
        leases,
        Runner(log, other, flush_seconds=0, batch_size=100),
        other,
        Completeness(log, other, round_seconds=0.01, pause_seconds=0.0),
        FakeWaits(),
        owner="old",
        partitions=PARTITIONS,
        lease_seconds=LEASE_SECONDS,
        late_seconds=SECONDS,
    )
    running = asyncio.create_task(found.run(asyncio.Event()))
    async with asyncio.timeout(SECONDS):
        while len(log.subscribed) < PARTITIONS:
            await asyncio.sleep(0.005)
        leases.failures.append(Outdated("the database is newer"))
        with pytest.raises(Outdated, match="the database is newer"):
            await running
    assert not leases.projectors
    assert not any(held.owner for held in leases.held.values())


async def test_what_a_silent_database_waits_for_is_told_once_the_leases_are_over(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent(FakeLeases):
        """From `silent` on gives no answer, until it is given `up`: that took too long."""

        silent, waiting, up = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def tick(
            self, owner: str, partitions: int, draining: bool
        ) -> Mapping[Partition, Epoch]:
            if self.silent.is_set() and not self.up.is_set():
                self.waiting.set()
                await self.up.wait()
                raise StoreUnavailable("no answer in time", told="cannot be used")
            return await super().tick(owner, partitions, draining)

    site.leases = leases = Silent()
    supervisor = site.supervisor()
    async with running(supervisor):
        await until(lambda: len(site.owned_by("me")) == PARTITIONS)
        leases.silent.set()
        await until(leases.waiting.is_set)
        caplog.clear()
        await until(lambda: "synchronous_standby_names is" in caplog.text)
        # Names are for operators.
        with pytest.raises(PartitionTrouble, match=r"every commit waits for a .* standby$"):
            await supervisor.ready()
        leases.up.set()
        await until(lambda: "no answer in time" in caplog.text)
        await until(lambda: supervisor._waits_for is None)
        await supervisor.ready()
