"""How often one client may ask."""

import re
import tracemalloc

import pytest

from tests.unit.web.front import Clock
from web.rates import BURST_SECONDS, Rate


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def admitted(rate: Rate, client: str, times: int) -> int:
    return sum(not rate.take(client).too_many for _ in range(times))


def test_what_was_saved_up_goes_at_once_and_then_as_time_passes(clock: Clock) -> None:
    rate = Rate("address", 4)
    assert admitted(rate, "a", 1_000) == 4 * BURST_SECONDS
    clock.now += 1
    assert admitted(rate, "a", 1_000) == 4
    clock.now += 0.25
    assert admitted(rate, "a", 1_000) == 1
    clock.now += 3_600
    assert admitted(rate, "a", 1_000) == 4 * BURST_SECONDS


def test_one_client_takes_nothing_from_another(clock: Clock) -> None:
    rate = Rate("address", 1)
    assert admitted(rate, "a", 100) == BURST_SECONDS
    assert admitted(rate, "b", 100) == BURST_SECONDS


def test_who_asks_as_often_as_allowed_is_never_refused(clock: Clock) -> None:
    rate = Rate("address", 50)
    for _ in range(50 * 60):
        clock.now += 1 / 50
        assert not rate.take("a").too_many


def test_a_refusal_takes_nothing_and_says_when_it_ends(clock: Clock) -> None:
    rate = Rate("address", 1)
    admitted(rate, "a", BURST_SECONDS)
    found = [rate.take("a") for _ in range(100)][-1]
    assert (found.too_many, found.wait_seconds) == (True, 1)
    clock.now += found.wait_seconds
    assert not rate.take("a").too_many


def test_headers_say_the_policy_what_is_left_and_when_all_is_there_again(clock: Clock) -> None:
    rate = Rate("address", 4)
    told = [dict(rate.take("a").headers) for _ in range(41)]
    assert all(each[b"ratelimit-policy"] == b'"address";q=40;w=10' for each in told)
    assert told[0][b"ratelimit"] == b'"address";r=39;t=1'
    assert told[39][b"ratelimit"] == b'"address";r=0;t=10'
    assert told[40][b"ratelimit"] == b'"address";r=0;t=1'


def test_one_that_is_quiet_says_nothing_before_half_is_gone(clock: Clock) -> None:
    rate = Rate("key", 4, quiet=True)
    told = [dict(rate.take("a").headers).get(b"ratelimit") for _ in range(41)]
    assert told[:19] == [None] * 19
    assert told[19] == b'"key";r=20;t=5'
    assert told[40] == b'"key";r=0;t=1'


def test_numbers_are_whole_whenever_somebody_asks(clock: Clock) -> None:
    rate = Rate("key", 7)
    for _ in range(500):
        clock.now += 0.0137
        told = dict(rate.take("a").headers)[b"ratelimit"]
        assert re.fullmatch(rb'"key";r=\d+;t=\d+', told), told


def test_a_flood_of_new_clients_takes_no_more_room_than_those_that_are_remembered() -> None:
    rate = Rate("address", 1, most=1_000)
    tracemalloc.start()
    try:
        held = []
        for flood in range(3):
            for number in range(5_000):
                assert not rate.take(f"2001:db8:{flood}:{number:x}::/64").too_many
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[2] < held[0] * 1.1 < 1_000_000


def test_whoever_goes_on_asking_is_not_forgotten_for_others(clock: Clock) -> None:
    rate = Rate("address", 1, most=100)
    assert admitted(rate, "a", 100) == BURST_SECONDS
    for number in range(1_000):
        rate.take(f"other {number}")
        assert rate.take("a").too_many
