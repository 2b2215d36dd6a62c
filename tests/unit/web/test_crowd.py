"""Who has to go where there are too many, and who is watched until when."""

import pytest

from web.server.crowd import Crowd
from web.server.limits import Limits


class Somebody:
    """A connection of whom is only asked what it was told."""

    def __init__(self) -> None:
        self.dismissed = False
        self.watched: list[float] = []

    def dismiss(self) -> None:
        self.dismissed = True

    def watch(self, now: float) -> None:
        self.watched.append(now)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(Limits(connections=16, ahead_bytes_in_all=1_000))


def full(crowd: Crowd) -> list[Somebody]:
    guests = [Somebody() for _ in range(crowd.limits.connections)]
    assert all(crowd.enter(guest) for guest in guests)
    return guests


def test_the_longest_idle_goes_first(crowd: Crowd) -> None:
    guests = full(crowd)
    for guest in guests[:3]:
        crowd.busy(guest)
    # It had a request, and waits for its next one since.
    crowd.busy(guests[3])
    crowd.idle(guests[3])
    for number in range(len(guests) - 3):
        assert crowd.enter(Somebody())
        assert guests[3].dismissed == (number == len(guests) - 4)
    assert [guest.dismissed for guest in guests] == [False] * 3 + [True] * 13


def test_where_nobody_is_idle_there_is_no_room(crowd: Crowd) -> None:
    guests = full(crowd)
    for guest in guests:
        crowd.busy(guest)
    assert not crowd.enter(Somebody())
    assert not any(guest.dismissed for guest in guests)
    crowd.exit(guests[0])
    assert crowd.enter(Somebody())


def test_few_of_those_beyond_the_limit_have_time_to_hear_of_it(crowd: Crowd) -> None:
    for guest in full(crowd):
        crowd.busy(guest)
    refused = [Somebody() for _ in range(3)]
    times = []
    for guest in refused:
        assert not crowd.enter(guest)
        times.append(crowd.has_time())
    assert times == [True, True, False]
    crowd.exit(refused[2])
    assert crowd.has_time()


def test_who_has_to_go_is_watched_until_gone(crowd: Crowd) -> None:
    guests = full(crowd)
    assert crowd.enter(Somebody())
    assert guests[0].dismissed
    crowd.watch(1.0)
    crowd.exit(guests[0])
    crowd.watch(2.0)
    assert guests[0].watched == [1.0]
    assert guests[1].watched == [1.0, 2.0]


def test_what_is_held_is_bounded_and_less_of_it_never_refused(crowd: Crowd) -> None:
    assert crowd.ahead(1_000)
    assert not crowd.ahead(1)
    assert crowd.ahead(-1)
    assert crowd.ahead_bytes == 1_000
