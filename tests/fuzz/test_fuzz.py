"""Each door, for a moment, with the same inputs every time; and that a fault would be found."""

from itertools import islice
from random import Random

import pytest

from tests.fuzz.grammar import made, multi, raw
from tests.fuzz.running import Failed, by_chance, targets, try_each

TIMES = 2_000
TARGETS = targets()


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_do_what_must_not_happen(name: str) -> None:
    target = TARGETS[name]
    assert try_each(target.one, islice(by_chance(target.SEEDS, Random(1)), TIMES)) == TIMES


def test_an_input_that_fails_is_told() -> None:
    def one(data: bytes) -> None:
        if b'"a":{' in made(data, multi):
            raise LookupError("never counted")

    with pytest.raises(Failed, match="never counted") as caught:
        try_each(one, islice(by_chance([raw(b"{}")], Random(1)), TIMES))
    assert b'"a":{' in made(caught.value.data, multi)
