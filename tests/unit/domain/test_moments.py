"""Moments nobody can have meant are set aside, by the log alone or by what was decided once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import MAX_AT_MS, MIN_AT_MS, Offset
from domain.hours import MAX_AHEAD_MS
from domain.moments import Believing, Decided, Judge, ahead_of_record
from domain.projection import Delta, Fold, project
from tests.factories import HOUR_MS, TEN, batch, entry, event

MOMENTS = st.integers(MIN_AT_MS, MAX_AT_MS)
MONTH_MS = 31 * 24 * HOUR_MS


def kinds(delta: Delta) -> dict[int, str]:
    return {letter.offset: letter.kind for letter in delta.dead_letters}


def judged(now_ms: int, *offsets: int, decided: Decided | None = None, at_ms: int = TEN) -> Delta:
    fold = Fold({}, judge=Judge(lambda: now_ms, decided or Decided()))
    for offset in offsets:
        fold.add(entry(offset, event(at_ms=at_ms), at_ms=at_ms))
    return fold.delta


def test_views_of_months_to_come_are_a_dead_letter_and_make_no_rows() -> None:
    ahead = [event(at_ms=TEN + n * MONTH_MS) for n in range(600)]
    delta = project([entry(0, *ahead, at_ms=TEN), entry(1)])
    assert (kinds(delta), len(delta.rows), delta.views) == ({0: "bytes"}, 1, 1)
    assert "2025-07-16T10:00:00Z" in delta.dead_letters[0].reason
    # Of no month, no producer and no total is anything left.
    found = delta.positions["p1"]
    assert (found.sequence, found.offset) == (2, 1)


def test_a_producer_that_is_known_makes_no_rows_of_the_future_either() -> None:
    """Its batches are looked at while they are counted, and what was added is taken back."""
    ahead = [event("b"), event("a", at_ms=TEN + 2 * HOUR_MS), event("a", count=5)]
    delta = project([entry(0, event("a")), entry(1, *ahead, at_ms=TEN), entry(2, event("a"))])
    assert kinds(delta) == {1: "bytes"}
    assert delta.rows == {("a", TEN // HOUR_MS, 0): 2}
    assert (delta.events, delta.views, delta.forks) == (2, 2, 0)
    assert delta.positions["p1"].sequence == 3


@pytest.mark.parametrize(("beyond_ms", "wanted"), [(0, {}), (1, {0: "bytes"})])
def test_as_far_ahead_as_ingest_takes_it_a_view_is_counted(
    beyond_ms: int, wanted: dict[int, str]
) -> None:
    at_ms = TEN + MAX_AHEAD_MS + beyond_ms
    assert kinds(project([entry(0, event(), event(at_ms=at_ms), at_ms=TEN)])) == wanted


@given(st.lists(MOMENTS, max_size=5), MOMENTS)
def test_only_the_latest_view_and_the_recording_decide(moments: list[int], at_ms: int) -> None:
    found = ahead_of_record(batch(*(event(at_ms=m) for m in moments), at_ms=at_ms))
    assert bool(found) == any(m > at_ms + MAX_AHEAD_MS for m in moments or [TEN])


def test_views_of_the_past_are_counted_however_old() -> None:
    past = [event(at_ms=TEN - n * MONTH_MS) for n in range(600)]
    assert project([entry(0, *past, event(at_ms=MIN_AT_MS))]).views == 601


@pytest.mark.parametrize(("early_ms", "wanted"), [(0, {}), (1, {7: "clock"})])
def test_what_was_recorded_beyond_the_clock_is_set_aside(
    early_ms: int, wanted: dict[int, str]
) -> None:
    delta = judged(TEN - MAX_AHEAD_MS - early_ms, 7)
    assert kinds(delta) == wanted
    assert (delta.next_offset, delta.recorded_ms, delta.views) == (8, TEN, 1 - len(wanted))
    # Set aside or not, the same batch that arrives again is known.
    found = delta.positions["p1"]
    assert (found.sequence, found.offset) == (8, 7)


def test_a_batch_that_is_set_aside_by_the_clock_and_arrives_again_is_one_letter() -> None:
    fold = Fold({}, judge=Judge(lambda: TEN - 2 * HOUR_MS))
    fold.add(entry(0, sequence=1))
    fold.add(entry(1, sequence=1))
    assert kinds(fold.delta) == {0: "clock"}


def test_what_is_decided_is_not_decided_again() -> None:
    decided = Decided(Offset(3), {Offset(1): "as it was then"})
    # By a clock that believes anything, and by one that believes nothing.
    assert kinds(judged(TEN, 0, 1, 2, 3, decided=decided)) == {1: "clock"}
    early = judged(0, 0, 1, 2, 3, decided=decided)
    assert kinds(early) == {1: "clock", 3: "clock"}
    assert early.dead_letters[0].reason == "as it was then"


def test_the_clock_is_asked_anew_before_a_batch_is_set_aside() -> None:
    times = iter([TEN - 10 * HOUR_MS, TEN - 3 * HOUR_MS, TEN])
    judge = Judge(lambda: next(times))
    found = [judge.refusal(batch(at_ms=TEN), Offset(n)) is None for n in range(4)]
    assert found == [False, False, True, True]


def test_what_somebody_vouches_for_may_be_recorded_whenever_but_not_view_the_future() -> None:
    judge = Believing(lambda: TEN)
    assert judge.refusal(batch(event(), at_ms=MAX_AT_MS), Offset(0)) is None
    late = batch(event(at_ms=TEN + MAX_AHEAD_MS + 1), at_ms=MAX_AT_MS)
    assert "11:00:00Z" in (judge.refusal(late, Offset(0)) or "")
