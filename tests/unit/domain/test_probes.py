"""A probe is a message of the log of which nothing comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import wire
from domain.events import MAX_VIEWS, Entry, Offset
from domain.moments import Judge
from domain.projection import Delta, Fold, project
from tests.factories import TEN, entry, event
from tests.unit.domain.test_projection import LIST, logs

PRODUCER = "probe-0c5fb0e1"


def probe(offset: int, producer: str = PRODUCER, sequence: int = 1, at_ms: int = TEN) -> Entry:
    return Entry(Offset(offset), wire.probe(producer, sequence, at_ms))


def counted(delta: Delta) -> Delta:
    """All that comes of entries but how far they were read."""
    for position in delta.positions.values():
        position.settle()
    return replace(delta, next_offset=Offset(0), entries=0, recorded_ms=0)


def test_the_bytes_of_a_probe_are_for_ever() -> None:
    assert wire.probe("probe-0c5fb0e1", 12, 1_752_660_000_123) == (
        b'[1,"probe-0c5fb0e1",12,1752660000123,0,[]]'
    )


def test_a_probe_is_a_batch_of_the_oldest_format() -> None:
    found = wire.decode(wire.probe(PRODUCER, 3, TEN))
    assert (found.format, found.producer, found.sequence) == (1, PRODUCER, 3)
    assert (found.recorded_ms, found.shard, found.events, found.tabled) == (TEN, 0, [], False)


@st.composite
def probed(draw: st.DrawFn) -> tuple[list[Entry], list[Entry]]:
    """A log without probes and the same with them, at offsets that the other leaves out.

    Whoever writes to the log may claim the name and the sequence of anybody.
    """
    without = [Entry(Offset(2 * found.offset), found.body) for found in draw(logs())]
    last = without[-1].offset if without else 0
    free = draw(st.sets(st.integers(0, last // 2 + 2), max_size=8))
    probes = [
        probe(
            2 * place + 1,
            draw(st.sampled_from([PRODUCER, "p1", "p2"])),
            draw(st.integers(1, 12)),
            TEN + draw(st.integers(-9, 9)),
        )
        for place in free
    ]
    return without, sorted([*without, *probes], key=lambda found: found.offset)


@given(probed(), st.data())
def test_a_log_with_probes_anywhere_comes_to_the_same(
    log: tuple[list[Entry], list[Entry]], data: st.DataObject
) -> None:
    without, with_probes = log
    wanted = counted(project(without, classes=LIST))
    assert counted(project(with_probes, classes=LIST)) == wanted
    cut = data.draw(st.integers(0, len(with_probes)))
    first = project(with_probes[:cut], classes=LIST)
    second = project(with_probes[cut:], first.positions, first.views, classes=LIST)
    known = {**first.positions, **second.positions}
    for position in known.values():
        position.settle()
    assert known == wanted.positions
    assert first.views + second.views == wanted.views
    assert len(first.dead_letters) + len(second.dead_letters) == len(wanted.dead_letters)


def test_only_how_far_it_was_read_and_when_that_was_recorded_moves() -> None:
    assert project([probe(7, at_ms=TEN + 5)]) == Delta(
        next_offset=Offset(8), entries=1, recorded_ms=TEN + 5
    )


@pytest.mark.parametrize("views", [0, MAX_VIEWS])
def test_a_probe_is_set_aside_by_no_clock_and_no_total(views: int) -> None:
    fold = Fold({}, views=views, judge=Judge(lambda: 0))
    fold.add(probe(0))
    fold.refuse(probe(1, sequence=2), "the database is full")
    assert not fold.delta.dead_letters
    assert not fold.delta.positions
    assert fold.delta.next_offset == 2


def test_an_earlier_projectors_position_of_the_prober_stays_where_it_is() -> None:
    (position,) = project(
        [entry(0, event(), producer=PRODUCER), probe(1, sequence=2)]
    ).positions.values()
    assert (position.sequence, position.offset) == (1, 0)
    known = project([entry(0, event(), producer=PRODUCER, sequence=1)]).positions
    found = project([probe(1, sequence=2), probe(2, sequence=2), probe(3, sequence=1)], known)
    assert not found.positions
    assert not found.duplicates + found.forks + found.jumps
