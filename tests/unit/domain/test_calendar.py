"""Days and months as numbers, held against `datetime`."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    DAY_MS,
    day_of,
    days_in,
    days_within,
    first_day,
    masks_of,
    month_at,
    month_hours,
    month_of_day,
    year_of,
)
from domain.events import MAX_AT_MS, MIN_AT_MS, Hour
from domain.hours import HOUR_MS, hour_of

EPOCH = date(1970, 1, 1)
FIRST, LAST = MIN_AT_MS // HOUR_MS, MAX_AT_MS // HOUR_MS
hours = st.integers(FIRST, LAST).map(Hour)
months = st.integers(month_at(1, 1), month_at(9999, 12))


def as_date(hour: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).date()


@given(hours)
def test_an_hour_is_in_its_day_and_month(hour: Hour) -> None:
    found = as_date(hour)
    assert EPOCH + timedelta(days=day_of(hour)) == found
    month, bit = month_of_day(day_of(hour))
    assert year_of(month) == (found.year, found.month)
    assert [*days_in(bit)] == [found.day]
    start, end = month_hours(month)
    assert start <= hour < end


@given(months)
def test_months_follow_each_other(month: int) -> None:
    start, end = month_hours(month)
    assert end == month_hours(month + 1)[0]
    assert month_at(*year_of(month)) == month
    assert 28 <= first_day(month + 1) - first_day(month) <= 31
    assert (end - start) % 24 == 0


def test_the_last_month_ends_with_the_last_hour_there_is() -> None:
    assert month_hours(month_at(9999, 12))[1] == hour_of(MAX_AT_MS) + 1


@given(st.sets(hours, max_size=20))
def test_masks_hold_the_days_of_hours_and_no_others(chosen: set[Hour]) -> None:
    masks = masks_of(chosen)
    assert [*masks] == sorted(masks)
    days = {first_day(month) + day - 1 for month, mask in masks.items() for day in days_in(mask)}
    assert days == {day_of(hour) for hour in chosen}


@given(months, hours, st.integers(MIN_AT_MS, MAX_AT_MS + DAY_MS))
def test_days_within_begin_and_end_in_time(month: int, first: Hour, end_ms: int) -> None:
    start = first_day(month)
    wanted = {
        day - start + 1
        for day in range(start, first_day(month + 1))
        if day * 24 >= first and (day + 1) * DAY_MS <= end_ms
    }
    assert {*days_in(days_within(month, first, end_ms))} == wanted


@pytest.mark.parametrize(
    ("moment", "month"), [(date(1970, 1, 1), 0), (date(1969, 12, 31), -1), (date(2025, 7, 5), 666)]
)
def test_months_are_counted_from_1970(moment: date, month: int) -> None:
    assert month_of_day((moment - EPOCH).days) == (month, 1 << (moment.day - 1))
