"""Pauses between tries."""

from domain.backoff import Backoff


def test_pauses_double_up_to_the_last() -> None:
    backoff = Backoff(first=0.1, last=0.5)
    pauses = [backoff.first]
    for _ in range(4):
        pauses.append(backoff.next(pauses[-1]))
    assert pauses == [0.1, 0.2, 0.4, 0.5, 0.5]
