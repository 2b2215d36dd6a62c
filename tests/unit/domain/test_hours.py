import pytest

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
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_instant(text)


def test_milliseconds_are_kept() -> None:
    assert parse_instant("2025-07-16T10:00:00.123456Z") == TEN + 123


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
