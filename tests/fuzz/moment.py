"""A moment, as clients write it."""

import calendar

from domain.hours import parse_instant
from tests.fuzz.grammar import made, raw
from tests.fuzz.grammar import moment as shape

SEEDS = [
    raw(b"2025-07-16T10:00:00Z"),
    raw(b"2025-07-16_12:00:00.123456789+02:00"),
    raw(b"2016-12-31T23:59:60z"),
    raw(b"2025-07-16t10Z"),
    raw(b"2025-07-16T100000,5-0230"),
]


def one(data: bytes) -> None:
    """What a calendar makes of its parts, or a ValueError."""
    text = made(data, shape).decode("utf-8", "surrogateescape")
    try:
        at_ms = parse_instant(text)
    except ValueError:
        return
    assert at_ms == _computed(text), text


def _computed(text: str) -> int:
    date, rest = text[:10], text[11:].upper()
    assert date[4] == date[7] == "-"
    clock, offset, sign = rest.removesuffix("Z"), "", 1
    for mark, is_ in (("+", 1), ("-", -1)):
        if mark in rest:
            clock, offset = rest.split(mark)
            sign = is_
    whole = calendar.timegm((int(date[:4]), int(date[5:7]), int(date[8:]), 0, 0, 0))
    seconds, micros = _clock(clock)
    ahead, ahead_micros = _clock(offset)
    exact = (whole + seconds - sign * ahead) * 1_000_000 + micros - sign * ahead_micros
    return exact // 1_000


def _clock(text: str) -> tuple[int, int]:
    """Its seconds, and millionths of one."""
    assert text.isascii()
    whole, _, fraction = text.replace(",", ".").partition(".")
    digits = whole.replace(":", "").ljust(6, "0")
    assert len(digits) == 6
    hour, minute, second = (int(digits[i : i + 2]) for i in (0, 2, 4))
    return hour * 3_600 + minute * 60 + second, int(fraction[:6].ljust(6, "0"))
