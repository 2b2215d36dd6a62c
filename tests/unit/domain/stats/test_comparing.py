"""What a range is compared with."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Hour
from domain.stats.comparing import Compare, change, compared, shift_of, whole_hours
from domain.stats.units import Range, Unit, buckets, hour_at
from domain.stats.zones import local

ZONES = sorted(available_timezones() - {"localtime"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
ten_years = st.integers(420_000, 420_000 + 10 * 8_766)


def hour(text: str) -> Hour:
    return hour_at(int(datetime.fromisoformat(text).timestamp()))


def shown(at: Hour, zone: str) -> str:
    return local(at * 3_600, ZoneInfo(zone)).isoformat(timespec="minutes")


def before(start: str, end: str, compare: Compare, zone: str) -> tuple[str, str]:
    asked = Range(hour(start), hour(end))
    shift = shift_of(compare, asked, ZoneInfo(zone))
    return shown(shift(asked.start), zone), shown(shift(asked.end), zone)


@given(ten_years, st.integers(1, 3_000), st.sampled_from(Compare), st.sampled_from(Unit), zones)
def test_a_comparison_never_runs_backward(
    start: int, hours: int, compare: Compare, unit: Unit, zone: ZoneInfo
) -> None:
    asked = Range(Hour(start), Hour(start + hours))
    shift = shift_of(compare, asked, zone)
    found = compared(buckets(asked, unit, zone).edges, shift)
    assert found == sorted(found)
    assert found[-1] <= asked.end


@given(ten_years, st.integers(1, 3_000), zones)
def test_the_previous_range_ends_where_this_begins(start: int, hours: int, zone: ZoneInfo) -> None:
    asked = Range(Hour(start), Hour(start + hours))
    assert shift_of(Compare.PREVIOUS, asked, zone)(asked.end) == asked.start


def test_as_many_days_before_whatever_their_hours() -> None:
    # The week after the clocks went forward against the one in which they did.
    assert before("2025-03-30T22:00Z", "2025-04-06T22:00Z", Compare.PREVIOUS, "Europe/Berlin") == (
        "2025-03-24T00:00+01:00",
        "2025-03-31T00:00+02:00",
    )


def test_as_many_hours_before_where_it_is_not_whole_days() -> None:
    assert before("2025-07-16T10:00Z", "2025-07-17T09:00Z", Compare.PREVIOUS, "UTC") == (
        "2025-07-15T11:00+00:00",
        "2025-07-16T10:00+00:00",
    )


def test_the_same_dates_a_year_before() -> None:
    assert before("2024-02-28T23:00Z", "2024-02-29T23:00Z", Compare.YEAR, "Europe/Berlin") == (
        "2023-03-01T00:00+01:00",
        "2023-03-01T00:00+01:00",
    )
    assert before("2025-07-16T10:00Z", "2025-07-17T09:00Z", Compare.YEAR, "UTC") == (
        "2024-07-16T10:00+00:00",
        "2024-07-17T09:00+00:00",
    )


@pytest.mark.parametrize(
    ("now", "then", "expected"), [(12, 10, 0.2), (0, 10, -1.0), (5, 0, None), (0, 0, None)]
)
def test_a_change_is_a_fraction_of_before(now: int, then: int, expected: float | None) -> None:
    assert change(now, then) == expected


@given(
    ten_years, st.integers(1, 3_000), st.sampled_from(Compare), zones, st.integers(-50, 3_050),
    st.integers(-9_000, 3_050),
)  # fmt: skip
def test_what_is_compared_is_whole_and_kept_on_both_sides(
    start: int, hours: int, compare: Compare, zone: ZoneInfo, opened: int, kept: int
) -> None:
    asked, open_hour, horizon = (
        Range(Hour(start), Hour(start + hours)),
        Hour(start + opened),
        Hour(start + kept),
    )
    shift = shift_of(compare, asked, zone)
    now, before = whole_hours(asked, shift, open_hour, horizon)
    can = [
        hour
        for hour in range(asked.start, asked.end)
        if hour < open_hour and hour >= horizon and shift(Hour(hour)) >= horizon
    ]
    assert list(range(now.start, now.end)) == can
    if can:
        assert before == (shift(now.start), shift(now.end))
    else:
        assert before.hours == 0
