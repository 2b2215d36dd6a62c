"""Sockets that are handed to a child which is there already, or which comes later."""

import os
import socket
from collections.abc import Iterator

import pytest

from cli.processes.listening import Sockets, listening
from cli.processes.places import PLACE, Place, bind, inherited, started_by_a_parent


@pytest.fixture
def bound() -> Iterator[Sockets]:
    with listening("127.0.0.1", 0, 1) as (sockets,):
        yield sockets


def take(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child of this process would find."""
    ours, theirs = socket.socketpair()
    place.taken(ours)
    monkeypatch.setenv(PLACE, str(theirs.detach()))


def test_who_is_there_first_gets_what_is_bound_later(
    bound: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place()
    take(place, monkeypatch)
    bind([place], [bound])
    found = inherited()
    assert found is not None
    assert [each.getsockname() for each in found] == [each.getsockname() for each in bound]
    for each in found:
        each.close()


def test_who_comes_after_another_one_gets_the_same(
    bound: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place()
    place.bound(bound)
    for _ in range(2):
        take(place, monkeypatch)
        (found,) = inherited() or []
        assert found.getsockname() == bound[0].getsockname()
        found.close()


def test_who_died_before_anything_was_bound_does_not_keep_it_from_the_next(
    bound: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place()
    ours, theirs = socket.socketpair()
    place.taken(ours)
    theirs.close()
    take(place, monkeypatch)
    place.bound(bound)
    (found,) = inherited() or []
    found.close()


def test_whose_parent_is_gone_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place()
    take(place, monkeypatch)
    place.close()
    with pytest.raises(SystemExit) as ended:
        inherited()
    assert ended.value.code == 0


def test_a_place_that_is_closed_listens_no_more(bound: Sockets) -> None:
    place = Place()
    place.bound(bound)
    address = bound[0].getsockname()
    place.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_nobody_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLACE, raising=False)
    assert not started_by_a_parent()
    assert inherited() is None
    assert PLACE not in os.environ
