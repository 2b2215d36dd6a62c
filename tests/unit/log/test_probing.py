"""Readiness by what was confirmed, and by a probe where nothing was."""

import asyncio
from collections import Counter

import pytest

from domain import wire
from domain.errors import LogUnavailable
from domain.events import Partition
from log.rabbitmq import probing
from log.rabbitmq.probing import FRESH_SECONDS, Confirms, Probing
from tests.factories import TEN

PARTITIONS = 3
PATIENCE = 10.0
ZERO, ONE, TWO = map(Partition, range(PARTITIONS))
VIEW = b"views"


class Broker:
    """Confirms what it has not `lost`; what is `stuck` it neither confirms nor refuses."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self.now = 1_000.0
        self.lost: set[Partition] = set()
        self.stuck: set[Partition] = set()
        self.tried: list[tuple[Partition, bytes]] = []
        self.confirms = Confirms(partitions, lambda: self.now)
        self.probing = Probing(self.confirms, self.append, lambda: TEN, patience_seconds=PATIENCE)

    async def append(self, partition: Partition, body: bytes = VIEW) -> None:
        self.confirms.begin(partition)
        self.tried.append((partition, body))
        if partition in self.stuck:
            await asyncio.Event().wait()
        if partition in self.lost:
            error = LogUnavailable("no leader at mq1", told="no leader")
            self.confirms.failed(partition, error)
            raise error
        self.confirms.confirmed(partition)

    async def fails(self, partition: Partition) -> None:
        with pytest.raises(LogUnavailable):
            await self.append(partition)

    async def says(self) -> str:
        """Why it is not ready, empty where it is."""
        try:
            await self.probing.look()
        except LogUnavailable as error:
            return str(error)
        return ""

    @property
    def probed(self) -> list[Partition]:
        return [partition for partition, body in self.tried if body != VIEW]


async def test_what_was_confirmed_just_now_needs_no_probe() -> None:
    broker = Broker()
    await broker.append(ONE)
    broker.now += FRESH_SECONDS - 1
    assert not await broker.says()
    assert not broker.probed


async def test_an_idle_process_probes_its_partitions_in_turn_and_seldom() -> None:
    broker = Broker()
    for _ in range(60):
        assert not await broker.says()
        broker.now += 1
    assert broker.probed == [ZERO, ONE, TWO, ZERO, ONE, TWO]
    await broker.append(ZERO)
    broker.now += FRESH_SECONDS
    assert not await broker.says()
    assert broker.probed[-1] == ONE


async def test_each_probe_is_another_of_one_producer_that_sends_nothing_else() -> None:
    broker = Broker()
    for _ in range(3):
        await broker.says()
        broker.now += FRESH_SECONDS
    probes = [wire.decode(body) for _, body in broker.tried]
    assert [probe.sequence for probe in probes] == [1, 2, 3]
    assert {(probe.recorded_ms, probe.shard) for probe in probes} == {(TEN, 0)}
    assert not any(probe.events for probe in probes)
    (producer,) = {probe.producer for probe in probes}
    await (other := Broker()).says()
    assert wire.decode(other.tried[0][1]).producer != producer


async def test_a_process_that_starts_is_ready_once_something_is_confirmed() -> None:
    broker = Broker()
    broker.lost = {ZERO}
    assert "no leader at mq1" in await broker.says()
    broker.lost = set()
    assert not await broker.says()


async def test_a_short_election_has_nobody_leave_the_balancer() -> None:
    broker = Broker()
    await broker.append(ZERO)
    await broker.append(ONE)
    broker.lost = {ONE}
    await broker.fails(ONE)
    broker.now += PATIENCE
    assert not await broker.says()
    broker.lost = set()
    assert not await broker.says()
    # The probe has shown it: the wait is over, and begins anew with the next.
    assert broker.probed == [ONE, ONE]
    broker.now += 1
    broker.lost = {ONE}
    await broker.fails(ONE)
    assert not await broker.says()


async def test_what_waited_for_longer_than_requests_do_is_not_ready_until_it_is_confirmed() -> None:
    broker = Broker()
    await broker.append(ONE)
    broker.lost = {ONE}
    await broker.fails(ONE)
    broker.now += PATIENCE / 2
    await broker.append(ZERO)
    # Another try of the same wait; then those who waited were refused, and nobody comes any more.
    await broker.fails(ONE)
    broker.now += PATIENCE / 2 + 1
    said = await broker.says()
    assert "nothing of partition 1 after 10 s of waiting: no leader at mq1" in said
    assert "rabbitmqctl cluster_status" in said
    # However much of others is confirmed.
    await broker.append(ZERO)
    assert "partition 1" in await broker.says()
    broker.lost = set()
    assert not await broker.says()
    assert not await broker.says()
    assert broker.probed == [ONE] * 3


async def test_a_confirm_of_views_ends_it_too() -> None:
    broker = Broker()
    broker.lost = {ONE}
    await broker.fails(ONE)
    broker.now += PATIENCE + 1
    broker.lost = set()
    await broker.append(ONE)
    assert not await broker.says()
    assert not broker.probed


async def test_a_log_that_stops_confirming_is_noticed_where_nobody_appends() -> None:
    broker = Broker()
    await broker.append(ZERO)
    broker.lost = {ZERO, ONE, TWO}
    seconds = 0
    while not await broker.says():
        broker.now += 1
        seconds += 1
        assert seconds < 100
    assert seconds == FRESH_SECONDS + PATIENCE + 1


async def test_after_a_long_silence_one_probe_that_fails_is_enough() -> None:
    broker = Broker()
    await broker.append(ZERO)
    broker.now += FRESH_SECONDS + PATIENCE + 1
    broker.lost = {ZERO, ONE, TWO}
    assert "no leader" in await broker.says()


async def test_in_an_outage_each_look_tries_one_and_its_end_needs_one_look() -> None:
    broker = Broker()
    broker.lost = {ZERO, ONE, TWO}
    for partition in (ONE, ZERO, TWO):
        await broker.fails(partition)
        broker.now += 1
    broker.now += PATIENCE
    said = await broker.says()
    assert "nothing of partitions 1, 0, 2 after" in said
    assert broker.probed == [ONE]
    broker.lost = set()
    assert not await broker.says()
    assert broker.probed == [ONE, ONE, ZERO, TWO]


async def test_a_probe_is_waited_for_so_long_by_all_who_ask_and_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.05)
    broker = Broker()
    broker.stuck = {ZERO}
    said = await asyncio.gather(*(broker.says() for _ in range(5)))
    assert {*said} == {"RabbitMQ confirmed nothing within 0.05 s"}
    assert await broker.says()
    assert broker.probed == [ZERO]
    broker.probing.cancel()


async def test_an_append_that_hangs_is_overdue_without_having_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.05)
    broker = Broker()
    await broker.append(ZERO)
    broker.stuck = {ONE}
    hanging = asyncio.create_task(broker.append(ONE))
    await asyncio.sleep(0)
    broker.now += FRESH_SECONDS - 1
    assert not await broker.says()
    await broker.append(ZERO)
    broker.now += 2
    assert not broker.probed
    assert "nothing of partition 1 after 10 s" in await broker.says()
    # Whatever has become of it: a probe has its turn until one is confirmed.
    hanging.cancel()
    broker.probing.cancel()
    broker.stuck = set()
    assert [await broker.says() for _ in range(3)][-1] == ""
    assert broker.probed == [ONE, ONE]


async def test_what_fails_after_another_try_was_confirmed_is_a_new_wait() -> None:
    broker = Broker()
    broker.confirms.begin(ONE)
    broker.now += PATIENCE + 1
    await broker.append(ONE)
    broker.confirms.failed(ONE, LogUnavailable("the connection was lost"))
    assert broker.confirms.doubtful(PATIENCE) == [ONE]
    assert not broker.confirms.overdue(PATIENCE)


async def test_all_partitions_are_asked_at_once_and_those_that_do_not_confirm_are_named() -> None:
    broker = Broker(14)
    await broker.probing.look_at_all(5)
    assert broker.probed == [*range(14)]
    broker.lost = {Partition(p) for p in range(2, 14)} - {Partition(13)}
    broker.stuck = {Partition(13)}
    with pytest.raises(LogUnavailable) as caught:
        await broker.probing.look_at_all(0.4)
    assert "partitions 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more within 0.4 s: no leader" in str(
        caught.value
    )
    assert "mq1" not in caught.value.told
    # What failed was tried again in that time.
    tries = Counter(broker.probed[14:])
    assert tries[Partition(0)] == tries[Partition(13)] == 1
    assert tries[Partition(2)] > 1
