"""What is dropped as a repetition is one, whoever claims which producer and sequence."""

from collections.abc import Sequence
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import positions as module
from domain.events import Entry, Offset
from domain.positions import MOST_GIVEN_UP, POSITION_WINDOW, RECENT, Position
from domain.projection import Delta, Fold, project
from domain.wire import encode
from rows.checkpoints import read_position, recent_of
from tests.factories import TEN, batch, entry, event

FAR = 2**62
SMALL = 4


def run(first: int, last: int, page: str = "a", start: int = 0) -> list[Entry]:
    """Sequences `first` … `last` of one producer, at offsets from `start` on."""
    return [
        entry(start + number, event(page), sequence=sequence, at_ms=TEN + sequence)
        for number, sequence in enumerate(range(first, last + 1))
    ]


def at(offset: int, found: Entry) -> Entry:
    return Entry(Offset(offset), found.body)


def told(delta: Delta) -> tuple[int, int, int, int, int]:
    """Views, duplicates, forks, jumps, dead letters."""
    letters = len(delta.dead_letters)
    return delta.views, delta.duplicates, delta.forks, delta.jumps, letters


def test_a_far_sequence_that_somebody_claims_costs_the_producer_nothing() -> None:
    log = [*run(1, 3), entry(3, event("forged"), sequence=FAR), *run(4, 3_000, start=4)]
    views, duplicates, forks, jumps, letters = told(project(log))
    assert (views, duplicates, jumps, letters) == (3_001, 0, 1, 0)
    assert forks == 2_997


def test_a_far_sequence_with_a_far_moment_costs_the_producer_nothing() -> None:
    forged = entry(0, event("forged"), sequence=FAR, at_ms=TEN * 2)
    # In a partition, too, which the producer has not met yet.
    assert told(project([forged, *run(1, 3_000, start=1)]))[0::4] == (3_001, 0)
    log = [*run(1, 9), *[at(9 + n, forged) for n in range(3)], *run(10, 3_000, start=12)]
    assert told(project(log))[0::4] == (3_001, 0)


def test_many_that_claim_far_sequences_cost_the_producer_nothing() -> None:
    forged = [entry(3 + n, event("forged"), sequence=FAR - n) for n in range(2 * RECENT)]
    delta = project([*run(1, 3), *forged, *run(4, 300, start=3 + len(forged))])
    assert sum(views for (page, _, _), views in delta.rows.items() if page == "a") == 300


def test_many_with_far_moments_too_lose_nothing_in_silence() -> None:
    forged = [
        entry(3 + n, event("forged"), sequence=FAR - n, at_ms=TEN * 2) for n in range(2 * RECENT)
    ]
    log = [*run(1, 3), *forged, *run(4, 300, start=3 + len(forged))]
    views, _, _, _, letters = told(project(log))
    assert views + letters == 300 + len(forged)


def test_a_low_sequence_that_somebody_claims_is_no_repetition() -> None:
    log = [*run(1, 5), entry(5, event("forged"), sequence=2, at_ms=TEN + 9), *run(6, 8, start=6)]
    assert told(project(log)) == (9, 0, 1, 0, 0)


def test_two_copies_of_one_process_are_counted_whole() -> None:
    """One is a hundred times as busy as the other, and each sends something twice."""
    log = run(1, 5)
    for number in range(50):
        slow = entry(0, event("slow"), sequence=6 + number, at_ms=TEN + 5 + 100 * (number + 1))
        log += [*run(6 + 100 * number, 105 + 100 * number, "busy"), log[-1], slow]
    delta = project([at(offset, found) for offset, found in enumerate(log)])
    rows = {page: views for (page, _, _), views in delta.rows.items()}
    assert rows == {"a": 5, "busy": 5_000, "slow": 50}
    assert delta.forks == 50
    assert delta.duplicates + len(delta.dead_letters) == 50


def test_a_repetition_that_nothing_remembers_is_set_aside_and_not_counted() -> None:
    log = run(1, RECENT + 5)
    known, unknown = at(900, log[5]), at(901, log[4])
    delta = project([*log, known, unknown])
    assert told(delta) == (RECENT + 5, 1, 0, 0, 1)
    assert delta.dead_letters[0].offset == 901
    assert "nobody can tell" in delta.dead_letters[0].reason


def test_what_was_given_up_and_comes_late_is_counted_once() -> None:
    late = entry(9, event("late"), sequence=2, at_ms=TEN + 2)
    log = [run(1, 1)[0], *run(3, 5, start=1), late, at(10, late)]
    assert told(project(log)) == (5, 1, 1, 0, 0)


@pytest.mark.parametrize(("left_out", "jumps"), [(MOST_GIVEN_UP, 0), (MOST_GIVEN_UP + 1, 1)])
def test_a_jump_beyond_what_can_have_been_given_up_is_told(left_out: int, jumps: int) -> None:
    delta = project([entry(0, sequence=1), entry(1, sequence=1 + left_out)])
    assert (delta.views, delta.jumps) == (2, jumps)
    assert delta.claimed == ("p1" if jumps else "")


def test_of_a_producer_met_late_what_came_before_is_not_known() -> None:
    log = [entry(0, sequence=50, at_ms=TEN), entry(1, sequence=49, at_ms=TEN - 1)]
    assert told(project(log)) == (1, 0, 0, 0, 1)


def test_a_position_of_before_sets_aside_what_it_cannot_know() -> None:
    known = {"p1": Position(7, Offset(6))}
    log = [entry(7, sequence=7), entry(8, sequence=8), entry(9, sequence=8)]
    assert told(project(log, known)) == (1, 1, 0, 0, 1)


def test_a_far_claim_that_was_believed_before_is_no_obstacle_any_more() -> None:
    known = {"p1": Position(FAR, Offset(6))}
    assert told(project(run(4, 6, start=7), known)) == (3, 0, 3, 0, 0)


def test_what_is_forgotten_is_met_anew() -> None:
    log = [*run(1, 5), at(4 + POSITION_WINDOW + 1, run(5, 5)[0])]
    assert told(project(log)) == (6, 0, 0, 0, 0)


class _Row(NamedTuple):
    sequence: int
    log_offset: int
    recent: bytes | None


def stored(position: Position) -> Position:
    """As it comes back from the rows."""
    return read_position(_Row(position.sequence, position.offset, recent_of(position)))


def test_a_position_comes_back_as_it_was_and_fits_where_rows_are_kept() -> None:
    log = [*run(FAR - 500, FAR), entry(501, sequence=FAR - 5, at_ms=9), entry(502, sequence=3)]
    found = project(log).positions["p1"]
    again = stored(found)
    assert again == found
    assert len(recent_of(project(run(1, 5_000)).positions["p1"])) < 1_900


def test_a_footfall_of_before_that_has_gone_on_leaves_no_wrong_memory() -> None:
    """What it has counted was never seen: a repetition of it is not counted."""
    found = project(run(1, 5)).positions["p1"]
    moved = read_position(_Row(8, 7, recent_of(found)))
    log = [at(8, run(7, 7)[0]), at(9, run(4, 4)[0]), *run(9, 9, start=10)]
    assert told(project(log, {"p1": moved})) == (1, 1, 0, 0, 1)


# Against a model that remembers everything

SENT = st.tuples(
    st.sampled_from(["honest", "honest", "clone", "slow", "far", "low", "again", "again", "old"]),
    st.integers(0, 30),
)


class Model:
    """All that was ever counted, byte by byte."""

    def __init__(self) -> None:
        self.counted: set[bytes] = set()
        self.views = 0

    def holds(self, log: Sequence[Entry], delta: Delta) -> None:
        """No batch twice, none lost without a word, and no new one taken for a repetition."""
        aside = {letter.offset for letter in delta.dead_letters}
        duplicates = 0
        for found in log:
            if found.offset in aside:
                continue
            duplicates += found.body in self.counted
            self.counted.add(found.body)
        assert delta.duplicates == duplicates
        assert delta.views == len(self.counted)


@st.composite
def crowds(draw: st.DrawFn) -> list[Entry]:
    """One name, of which several believe to have it alone."""
    next_of = {"honest": 0, "clone": 0, "slow": 0}
    bodies: list[bytes] = []
    for number, (who, choice) in enumerate(draw(st.lists(SENT, max_size=60))):
        if who in next_of:
            next_of[who] += 1 + (choice == 30)
        sequence = {
            **next_of,
            "far": FAR - choice,
            "low": 1 + choice,
        }.get(who, 0)
        if who == "again" and bodies:
            body = bodies[max(0, len(bodies) - 1 - choice % 3)]
        elif who == "old" and bodies:
            body = bodies[choice % len(bodies)]
        else:
            at_ms = TEN + number * (1 + 10**9 * (who == "far" and choice % 2))
            body = encode(batch(event(who), sequence=max(1, sequence), at_ms=at_ms, shard=choice))
        bodies.append(body)
    return [Entry(Offset(offset), body) for offset, body in enumerate(bodies)]


@given(crowds())
@example(run(1, 9))
def test_nothing_is_lost_in_silence_and_nothing_is_doubled(log: list[Entry]) -> None:
    with patch.object(module, "RECENT", SMALL), patch.object(module, "_MOST_FRESH", 2 * SMALL):
        Model().holds(log, project(log))
    Model().holds(log, project(log))


@given(crowds())
def test_who_is_alone_and_forged_upon_loses_nothing(log: list[Entry]) -> None:
    """Its sequences grow: whatever others claim, each of its batches is counted."""
    alone = [f for f in log if b'"clone"' not in f.body and b'"slow"' not in f.body]
    alone = [f for f in alone if b'"low"' not in f.body]
    with patch.object(module, "RECENT", SMALL), patch.object(module, "_MOST_FRESH", 2 * SMALL):
        delta = project(alone)
    aside = {letter.body for letter in delta.dead_letters}
    honest = {found.body for found in alone if b'"honest"' in found.body}
    rows = sum(views for (page, _, _), views in delta.rows.items() if page == "honest")
    assert rows == len(honest)
    assert len(aside) <= len(alone)


@given(crowds(), st.data())
def test_positions_are_the_same_however_the_log_is_cut_and_stored(
    log: list[Entry], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5)))
    with patch.object(module, "RECENT", SMALL), patch.object(module, "_MOST_FRESH", 2 * SMALL):
        whole = project(log)
        known: dict[str, Position] = {}
        parts = []
        for first, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
            fold = Fold(known)
            for found in log[first:end]:
                fold.add(found)
            known.update({p: stored(position) for p, position in fold.delta.positions.items()})
            parts.append(fold.delta)
        assert known == {p: stored(position) for p, position in whole.positions.items()}
    sums = [tuple(map(sum, zip(*map(told, parts), strict=True)))]
    assert sums == [told(whole)]
