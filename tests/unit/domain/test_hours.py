import calendar
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Hour
from domain.hours import as_text, from_datetime, hour_of, parse_instant, report_window, to_datetime

TEN = 1_752_660_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2025-07-16T10:00:00Z",
        "2025-07-16T10:00:00",
        "2025-07-16_10:00:00Z",
        "2025-07-16 10:00:00+00",
        "2025-07-16T12:00:00+02:00",
        "2025-07-16T15:30:00.000+05:30",
        "2025-07-16T10:00",
        "2025-07-16T10",
        "2025-07-16T10Z",
        "2025-07-16T10:00:00z",
        "2025-07-16t10:00:00Z",
        "2025-07-16t10:00:00.000z",
        "2025-07-16 10:00:00z",
        "2025-07-16T10:00:00,0004Z",
        "2025-07-16T10:00:00.00012345678901234567Z",
        "2025-07-16T12+02",
        "2025-07-16T12:00:00+0200",
        "2025-07-16T10:00:30+00:00:30",
        "2025-07-16T10:00:30.5+00:00:30.5",
        "2025-07-16T10:00:00-00:00",
        "2025-07-16T09:59:60Z",
        "2025-07-16T09:59:60.000999z",
        "2025-07-16_11:59:60+02:00",
        "2025-07-16T1000Z",
        "2025-07-16T120000.0+0200",
    ],
)
def test_the_same_moment_can_be_written_in_many_ways(text: str) -> None:
    assert parse_instant(text) == TEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-07-16",
        "1752660000",
        "2025-13-01T00:00:00Z",
        "2025-07-16T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "2025-07-16T10:00:00Z" + " " * 30,
        "16/Jul/2025:10:00:00 +0000",
        # Each was read by one Python or another.
        "2025-07-16T10:00:001Z",
        "2025-07-16T10:00:00x+00:00",
        "2025-07-16T10Q+00:00",
        "2025-07-16T10:00:00Q+00:00",
        "2025-07-16T100Z",
        "2025-07-16T100",
        "2025-07-16T10000Z",
        "2025-07-16T10:00:00:15Z",
        "2025-W29-3T10:00:00Z",
        "2025-W29-3_10:00",
        "2025-197T10:00:00Z",
        "2025-07-16T10.5Z",
        "2025-07-16T10:00.5Z",
        "2025-07-16T10:00:00.Z",
        "2025-07-16T10:00:00,+02:00",
        "2025-07-16T10:00:00 +02:00",
        "2025-07-16T10:00:00 Z",
        "2025-07-16T10:00:00+02:60",
        "2025-07-16T10:00:00+02:99",
        "2025-07-16T10:00:00+24:00",
        "2025-07-16T10:00:00+2",
        "2025-07-16T10:00:00+020",
        "2025-07-16T10:00:00+02:",
        "2025-07-16T10:00:00+02:00:00:00",
        "2025-07-16T10:00:00Z+00:00",
        "2025-07-16T10:00:00ZZ",
        "2025-07-16T10:00:00+Z",
        "2025-07-16T10:0Z",
        "2025-07-16T10:00:0Z",
        "2025-07-16T10:0000Z",
        "2025-07-16T1000:00Z",
        "2025-07-16T10:00:61Z",
        "2025-07-16T10:60:00Z",
        "2025-07-16T24:00:00Z",
        "2025-07-16T24:00Z",
        "2025-07-16TT10:00:00Z",
        "2025-07-16x10:00:00Z",
        "2025-07-1610:00:00Z",
        "2025-07-16T",
        "20250716T100000Z",
        "2025-0716T10:00:00Z",
        "2025-02-29T10:00:00Z",
        "0000-07-16T10:00:00Z",
        "+2025-07-16T10:00:00Z",
        "12025-07-16T10:00:00Z",
        "9999-12-31T23:59:60Z",
        "2025-07-16T10:00:00Z\n",
        " 2025-07-16T10:00:00Z",
        "2025-07-16T10:00:00\x00Z",
        "2025-07-16T10:00:00\N{MINUS SIGN}02:00",
        "２025-07-16T10:00:00Z",
        "2025-07-16T1٣:00:00Z",
        "2025-07-16T10:00:00." + "0" * 21 + "Z",
        "2025-07-16T10:00:00." + "0" * 9_999 + "Z",
        "2025-07-16T10:00:00+02:00[Europe/Paris]",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_instant(text)


def test_milliseconds_are_kept() -> None:
    assert parse_instant("2025-07-16T10:00:00.123456Z") == TEN + 123


def test_the_second_that_is_put_in_is_the_first_of_the_next_minute() -> None:
    after = parse_instant("2017-01-01T00:00:00Z")
    assert parse_instant("2016-12-31T23:59:60Z") == after
    assert parse_instant("2017-01-01T05:29:60.250+05:30") == after + 250


# Within a day of the ends an offset leads out of the years that there are.
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001
offsets = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59))


@given(moments, st.none() | st.just(timedelta()) | offsets)
def test_what_python_writes_is_read_as_the_same(moment: datetime, offset: timedelta | None) -> None:
    zone = UTC if offset is None else timezone(offset)
    shown = moment if offset is None else moment.replace(tzinfo=zone)
    since = moment.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)
    for separator in "Tt_ ":
        assert parse_instant(shown.isoformat(separator)) == since // timedelta(milliseconds=1)


@given(
    moments,
    st.sampled_from("Tt_ "),
    st.integers(0, 60),
    st.text("0123456789", max_size=20),
    st.sampled_from(".,"),
    st.sampled_from(["", "Z", "z"]) | st.tuples(st.sampled_from("+-"), st.integers(0, 1_439)),
)
def test_a_moment_is_what_a_calendar_makes_of_its_parts(
    moment: datetime, mark: str, second: int, fraction: str, point: str, zone: str | tuple[str, int]
) -> None:
    text = f"{moment:%Y-%m-%d}".zfill(10) + f"{mark}{moment:%H:%M}:{second:02}"
    text += point + fraction if fraction else ""
    whole = calendar.timegm((*moment.timetuple()[:5], second))
    if isinstance(zone, tuple):
        sign, minutes = zone
        text += f"{sign}{minutes // 60:02}:{minutes % 60:02}"
        whole -= int(f"{sign}{minutes * 60}")
    else:
        text += zone
    assert parse_instant(text) == whole * 1_000 + int((fraction + "000")[:3])


def test_the_report_covers_the_24_hours_before_the_hour_of_now() -> None:
    window = report_window(TEN + 1_800_000)
    assert (len(window), window[-1]) == (24, hour_of(TEN) - 1)


@pytest.mark.parametrize("hour", [0, -1, 486_850, -17_259_888])
def test_an_hour_survives_the_round_trip(hour: int) -> None:
    assert from_datetime(to_datetime(Hour(hour))) == hour


def test_an_hour_is_written_for_people() -> None:
    assert as_text(hour_of(TEN + 1)) == "2025-07-16T10:00Z"


def test_an_hour_before_year_one_is_clamped() -> None:
    assert to_datetime(Hour(-99_999_999)).year == 1
