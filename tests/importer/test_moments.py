"""Moments as logs write them, to seconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.moments import seconds_of, seconds_of_number

TEN = 1_752_660_000  # 2025-07-16T10:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        b"2025-07-16T10:00:00Z",
        b"2025-07-16t10:00:00z",
        b"2025-07-16 10:00:00",
        b"2025-07-16 12:00:00+0200",
        b"2025-07-16 12:00:00 +0200",
        b"2025-07-16T12:00:00.123456789+02:00",
        b"2025-07-16T12:00:00.123+0200",
        b"2025-07-16T10:00:00,5Z",
        b"2025-07-16 10:00:00 UTC",
        b"2025-07-16 12:00:00.5 +0200 CEST",
        b"2025-07-16T09:59:60Z",
        b"2025/07/16 10:00:00",
        b"2025/07/16 10:00:00.000000001",
        b"2025/07/16T12:00:00+02:00",
        b"16/Jul/2025:10:00:00 +0000",
        b"[16/Jul/2025:10:00:00 +0000]",
        b"16/jul/2025:12:00:00.123 +0200",
        b"16/Jul/2025:12:00:00 +02:00",
        b"16/Jul/2025 05:30:00 -0430",
        b"16/Jul/2025:10:00:00",
        b"16/Jul/2025:09:59:60 +0000",
        b"Wed, 16 Jul 2025 10:00:00 GMT",
        b"16 Jul 2025 12:00:00 +0200",
        b" 2025-07-16T10:00:00Z ",
        b"Wed Jul 16 10:00:00 2025",
        b"[Wed Jul 16 10:00:00.123456 2025]",
        b"Wed Jul 16 12:00:00 +0200 2025",
        b"Wed Jul 16 10:00:00 UTC 2025",
        b"Jul 16 10:00:00 2025",
        b"1752660000",
        b"1752660000.999",
        b"1752660000.",
        b"1.75266e9",
        b"1.75266E+09",
        b"1752660000000",
        b"1752660000000.5",
        b"1752660000000000",
        b"1752660000000000000",
        b"1.75266e18",
    ],
)
def test_one_moment_in_many_words(text: bytes) -> None:
    assert seconds_of(text) == TEN


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"",
            b"-",
            b"[]",
            b"x",
            b"null",
            b"true",
            b"nan",
            b"inf",
            b"-1752660000",
            b"1_752_660_000",
        ),
        *(b"0", b"0.003", b"12", b"99999999", b"1e99", b"1" * 21, b"9" * 5_000, b"1752660000e99"),
        *(b"2025-07-16T10:00:001Z", b"2025-07-16T10:00:00x+00:00", b"2025-07-16T10Q+00:00"),
        *(b"2025-W29-3T10:00:00Z", b"2025-02-29T10:00:00Z", b"2025-07-16T24:00:00Z"),
        *(b"0001-01-01T00:00:00+01:00", b"9999-12-31T23:00:00-02:00", b"0000-01-01T00:00:00Z"),
        *(b"16/Foo/2025:10:00:00 +0000", b"32/Jul/2025:10:00:00 +0000", b"16/Jul/0000:10:00:00"),
        *(
            b"16/Jul/2025:24:00:00 +0000",
            b"16/Jul/2025:10:60:00 +0000",
            b"01/Jan/0001:00:00:00 +0100",
        ),
        *(b"Wed Jul 16 10:00:00 CEST 2025", b"Wed Jul 32 10:00:00 2025", b"Wed Jul 16 2025"),
        *(b"16/Jul/2025:10:00:00 +2400", b"16/Jul/2025:10:00:00 +0060", b"16/Jul/2025:10:00:61"),
        *(
            "1752660000".translate({ord("1"): "١"}).encode(),
            b"\xff",
            b"2025-07-16T10:00:00Z" + b" " * 64,
        ),
    ],
)
def test_what_is_no_moment_is_none(text: bytes) -> None:
    assert seconds_of(text) is None


@pytest.mark.parametrize(
    "value", [0, 1.5, -1.0, float("nan"), float("inf"), -float("inf"), 1e21, 10**400]
)
def test_numbers_that_are_no_moment_are_none(value: float) -> None:
    assert seconds_of_number(value) is None


@given(st.integers(10**8, 10**11 - 1), st.integers(-23 * 60, 23 * 60), st.integers(0, 999_999_999))
def test_each_way_of_writing_a_moment_gives_its_second(
    expected: int, ahead: int, fraction: int
) -> None:
    moment = datetime.fromtimestamp(expected, timezone(timedelta(minutes=ahead)))
    nanoseconds = expected * 10**9 + fraction
    for text in (
        f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:09}{moment:%z}",
        f"{moment:%Y-%m-%d %H:%M:%S %z}",
        moment.isoformat(),
        f"{moment:%d/%b/%Y:%H:%M:%S %z}",
        f"[{moment:%d/%b/%Y:%H:%M:%S}.{fraction:09} {moment:%z}]",
        f"{moment.astimezone(UTC):%Y/%m/%d %H:%M:%S}",
        f"{expected}.{fraction:09}",
        str(nanoseconds // 10**6),
        str(nanoseconds // 10**3),
        str(nanoseconds),
    ):
        assert seconds_of(text.encode()) == expected, text


@given(st.binary(max_size=80) | st.text("0123456789-/:.,TZ+ eEJul[]", max_size=40).map(str.encode))
def test_no_bytes_raise(text: bytes) -> None:
    found = seconds_of(text)
    assert found is None or isinstance(found, int)
