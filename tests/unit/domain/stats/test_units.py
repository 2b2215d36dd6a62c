"""Buckets and days, held against the clocks of every zone."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Hour
from domain.stats.units import MAX_BUCKETS, Range, TooMany, Unit, buckets, first_day, hour_at
from domain.stats.zones import date_at, local, start_of

ZONES = sorted(available_timezones() - {"localtime"})
_HOUR = 3_600
ten_years = st.integers(420_000, 420_000 + 10 * 8_766)
days = st.dates(date(2015, 1, 1), date(2026, 12, 31))
odd_days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
zones = st.sampled_from(ZONES).map(ZoneInfo)


def hour(text: str) -> Hour:
    return hour_at(int(datetime.fromisoformat(text).timestamp()))


def edges(start: str, end: str, unit: Unit, zone: str) -> list[int]:
    return list(buckets(Range(hour(start), hour(end)), unit, ZoneInfo(zone)).edges)


def lengths(start: str, end: str, zone: str) -> list[int]:
    found = edges(start, end, Unit.DAY, zone)
    return [b - a for a, b in pairwise(found)]


@given(odd_days, zones)
def test_a_day_begins_with_the_first_instant_that_has_its_date(day: date, zone: ZoneInfo) -> None:
    start = start_of(day, zone)
    assert date_at(start, zone) >= day
    assert date_at(start - 1, zone) < day


@given(ten_years, st.integers(0, 5_000), st.sampled_from(Unit), zones)
def test_buckets_are_the_range_without_gap_or_overlap(
    start: int, hours: int, unit: Unit, zone: ZoneInfo
) -> None:
    found = buckets(Range(Hour(start), Hour(start + hours)), unit, zone)
    assert (found.edges[0], found.edges[-1]) == (start, start + hours)
    assert all(a < b for a, b in pairwise(found.edges)) or not hours


@given(ten_years, st.integers(1, 5_000), st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]), zones)
def test_every_hour_lies_in_the_bucket_of_its_date(
    start: int, hours: int, unit: Unit, zone: ZoneInfo
) -> None:
    found = buckets(Range(Hour(start), Hour(start + hours)), unit, zone)
    for first, end in pairwise(found.edges):
        # The last minute of each hour: a day that begins within an hour has it whole.
        names = {
            first_day(local((at + 1) * _HOUR - 1, zone).date(), unit)
            for at in {first, (first + end) // 2, end - 1}
        }
        assert len(names) == 1


@pytest.mark.parametrize(
    ("zone", "start", "end", "hours"),
    [
        ("Europe/Berlin", "2025-03-28T23:00Z", "2025-03-31T22:00Z", [24, 23, 24]),
        ("Europe/Berlin", "2025-10-24T22:00Z", "2025-10-27T23:00Z", [24, 25, 24]),
        ("America/New_York", "2025-11-01T04:00Z", "2025-11-03T05:00Z", [24, 25]),
        ("Australia/Lord_Howe", "2025-04-04T13:00Z", "2025-04-06T13:00Z", [24, 24]),
        ("Pacific/Apia", "2011-12-28T10:00Z", "2011-12-31T10:00Z", [24, 24, 24]),
        ("America/Sao_Paulo", "2018-11-03T03:00Z", "2018-11-05T02:00Z", [24, 23]),
    ],
)
def test_days_of_23_and_25_hours(zone: str, start: str, end: str, hours: list[int]) -> None:
    assert lengths(start, end, zone) == hours


def test_a_day_that_was_left_out_has_no_bucket() -> None:
    # Apia went from the 29th to the 31st of December 2011.
    zone = ZoneInfo("Pacific/Apia")
    found = edges("2011-12-29T10:00Z", "2011-12-31T10:00Z", Unit.DAY, "Pacific/Apia")
    assert [local(at * _HOUR, zone).day for at in found] == [29, 31, 1]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_days_that_begin_within_an_hour_are_cut_before_and_say_so(zone: str) -> None:
    found = buckets(
        Range(hour("2025-07-01T00:00Z"), hour("2025-07-04T00:00Z")), Unit.DAY, ZoneInfo(zone)
    )
    assert not found.on_the_hour
    assert len(found) == 4


@given(ten_years, st.integers(25, 3_000))
def test_days_of_casablanca_are_on_the_hour(start: int, hours: int) -> None:
    zone = ZoneInfo("Africa/Casablanca")
    found = buckets(Range(Hour(start), Hour(start + hours)), Unit.DAY, zone)
    assert found.on_the_hour
    assert all(local(at * _HOUR, zone).hour in {0, 1} for at in found.edges[1:-1])


def test_what_is_not_a_whole_unit_is_said() -> None:
    utc = ZoneInfo("UTC")
    week = buckets(Range(hour("2025-07-07T00:00Z"), hour("2025-07-20T00:00Z")), Unit.WEEK, utc)
    assert (week.first_cut, week.last_cut, len(week)) == (False, True, 2)
    month = buckets(Range(hour("2025-07-02T00:00Z"), hour("2025-09-01T00:00Z")), Unit.MONTH, utc)
    assert (month.first_cut, month.last_cut, len(month)) == (True, False, 2)


@pytest.mark.parametrize(
    ("hours", "unit", "fits"),
    [
        (MAX_BUCKETS + 1, Unit.HOUR, Unit.DAY),
        (24 * MAX_BUCKETS + 24, Unit.DAY, Unit.WEEK),
        (24 * 7 * MAX_BUCKETS + 168, Unit.HOUR, Unit.MONTH),
    ],
)
def test_more_buckets_than_anybody_can_read_are_refused_with_the_unit_that_fits(
    hours: int, unit: Unit, fits: Unit
) -> None:
    with pytest.raises(TooMany) as found:
        buckets(Range(Hour(0), Hour(hours)), unit, ZoneInfo("UTC"))
    assert found.value.fits is fits


def test_the_most_buckets_are_taken() -> None:
    assert len(buckets(Range(Hour(5), Hour(5 + MAX_BUCKETS)), Unit.HOUR, ZoneInfo("UTC"))) == 10_000


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("unit", list(Unit))
def test_the_ends_of_the_calendar_are_no_error(zone: str, unit: Unit) -> None:
    first, last = hour("0001-01-01T00:00Z"), hour("9999-12-31T23:00Z")
    for start, end in ((first, first + 2_000), (last - 2_000, last + 1)):
        found = buckets(Range(Hour(start), Hour(end)), unit, ZoneInfo(zone))
        assert (found.edges[0], found.edges[-1]) == (start, end)


def test_weeks_begin_on_monday() -> None:
    found = edges("2025-01-01T00:00Z", "2025-02-01T00:00Z", Unit.WEEK, "UTC")
    starts = [datetime.fromtimestamp(at * _HOUR, ZoneInfo("UTC")) for at in found[1:-1]]
    assert {at.weekday() for at in starts} == {0}
    assert starts[1] - starts[0] == timedelta(days=7)
