"""How much of what a clock says is believed."""

from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import TOLERATED_MS, Known, first_look, look
from domain.hours import HOUR_MS, parse_instant

DAY_MS = 24 * HOUR_MS
NOW = parse_instant("2025-07-16T10:20:00Z")


def test_a_clock_that_goes_on_is_believed() -> None:
    assert look(Known(NOW), NOW + HOUR_MS, HOUR_MS, 0) == Known(NOW + HOUR_MS)


def test_a_night_without_the_service_is_believed() -> None:
    assert look(Known(NOW), NOW + 20 * HOUR_MS, 0, 0) == Known(NOW + 20 * HOUR_MS)


def test_a_jump_is_not_and_is_forgotten_when_the_clock_is_right_again() -> None:
    jumped = look(Known(NOW), NOW + 500 * DAY_MS, 0, NOW + 500 * DAY_MS)
    assert jumped == Known(NOW, 500 * DAY_MS)
    assert jumped.at(NOW + 500 * DAY_MS) == NOW
    assert look(jumped, NOW + HOUR_MS, 0, NOW) == Known(NOW + HOUR_MS)


def test_time_goes_on_under_a_clock_that_jumped() -> None:
    known = look(Known(NOW), NOW + 500 * DAY_MS, 0, 0)
    for day in range(1, 11):
        now = NOW + (500 + day) * DAY_MS
        known = look(known, now, DAY_MS, now)
    assert known == Known(NOW + 10 * DAY_MS, 500 * DAY_MS, 10 * DAY_MS)


def test_a_jump_is_believed_once_the_service_ran_for_as_long_and_took_views() -> None:
    quiet = known = look(Known(NOW), NOW + 3 * DAY_MS, 0, 0)
    for hour in range(1, 3 * 24 + 1):
        now = NOW + 3 * DAY_MS + hour * HOUR_MS
        assert known.ahead_ms == 3 * DAY_MS
        known, quiet = look(known, now, HOUR_MS, now), look(quiet, now, HOUR_MS, NOW)
    assert known == Known(NOW + 6 * DAY_MS)
    assert quiet == Known(NOW + 3 * DAY_MS, 3 * DAY_MS, 3 * DAY_MS)


def test_restarts_under_a_wrong_clock_confirm_nothing() -> None:
    known = Known(NOW)
    for hour in range(1_000):
        now = NOW + 500 * DAY_MS + hour * HOUR_MS
        known = look(known, now, 0, now)
    assert (known.watched_ms, known.ahead_ms) == (0, 500 * DAY_MS)


def test_a_second_jump_is_watched_from_the_beginning() -> None:
    known = look(Known(NOW), NOW + 10 * DAY_MS, 0, 0)
    known = look(known, NOW + 11 * DAY_MS, DAY_MS, 0)
    assert look(known, NOW + 40 * DAY_MS, HOUR_MS, 0) == Known(
        NOW + DAY_MS + HOUR_MS, 39 * DAY_MS - HOUR_MS
    )


def test_a_clock_that_was_far_behind_and_is_right_again_is_believed() -> None:
    behind = look(Known(NOW), 0, 0, 0)
    assert (behind, behind.at(0)) == (Known(NOW), 0)
    assert look(behind, NOW + HOUR_MS, 0, 0) == Known(NOW + HOUR_MS)


def test_the_first_look_goes_by_what_was_recorded_but_not_beyond_the_present() -> None:
    assert first_look(NOW, 0) == Known(NOW)
    assert first_look(NOW + 500 * DAY_MS, NOW) == Known(NOW)
    assert first_look(NOW, NOW + 500 * DAY_MS) == Known(NOW)


steps = st.lists(st.tuples(st.integers(0, 2_000 * DAY_MS), st.integers(0, 10 * DAY_MS)))


@given(steps=steps)
def test_what_is_believed_only_grows_and_no_jump_is_in_it(steps: list[tuple[int, int]]) -> None:
    known, ran_in_all = Known(NOW), 0
    for ahead, ran in steps:
        ran_in_all += ran
        # A clock that jumps about, and every batch says what it said.
        now = NOW + ran_in_all + TOLERATED_MS * 2 + ahead
        before, known = known, look(known, now, ran, now)
        assert known.believed_ms >= before.believed_ms
        if known.ahead_ms:
            assert known.believed_ms + known.ahead_ms == now
        elif before.ahead_ms:
            assert now <= before.believed_ms + ran + TOLERATED_MS or (
                before.watched_ms + ran >= before.ahead_ms
            )
