"""A rebuild that leaves room: so many events a second, over all partitions together."""

import asyncio

import pytest

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.projection import Delta
from projector.rebuild import throttle
from projector.rebuild.throttle import ThrottledStore
from tests.fakes import FakeStore


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def get_running_loop(self) -> "Time":
        return self

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    found = Time()
    monkeypatch.setattr(throttle, "asyncio", found)
    return found


async def applied(store: ThrottledStore, partition: int, events: int) -> Checkpoint:
    claim = await store.claim(Partition(partition), Epoch(1), Generation(1))
    delta = Delta(next_offset=Offset(claim.checkpoint.next_offset + 1), events=events, views=events)
    return await store.apply(claim.checkpoint, delta)


async def test_events_are_spread_over_time(time: Time) -> None:
    store = ThrottledStore(FakeStore(), events_per_second=100)
    began = time.now
    for _ in range(5):
        assert (await applied(store, 1, 200)).partition == 1
    assert time.now - began == pytest.approx(10)


async def test_partitions_share_the_rate(time: Time) -> None:
    store = ThrottledStore(FakeStore(), events_per_second=100)
    began = time.now
    await asyncio.gather(*(applied(store, partition, 100) for partition in range(4)))
    assert time.now - began >= 4


async def test_a_pause_is_no_credit(time: Time) -> None:
    store = ThrottledStore(FakeStore(), events_per_second=100)
    await applied(store, 1, 100)
    time.now += 60
    began = time.now
    await applied(store, 1, 300)
    assert time.now - began == pytest.approx(3)
