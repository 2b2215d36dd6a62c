"""Moments as logs write them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from domain.hours import parse_instant
from importer.views import HOUR_SECONDS, is_in_calendar

_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}

_MOST_BYTES = 64
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:[.,]\d{1,20})?"
_OFFSET = r"(?: ?(?:[Zz]|UTC|GMT|([+-])([01]\d|2[0-3]):?([0-5]\d)(?: [A-Z]{3,4})?))?"
# As C's ctime, Apache's error log and the program date have it: put in the order of the others.
_OF_C = re.compile(
    rf"(?:[A-Z][a-z]{{2}} )?([A-Z][a-z]{{2}}) {{1,2}}(\d{{1,2}}) ({_CLOCK}{_OFFSET}) (\d{{4}})",
    re.ASCII,
)
_OF_LOGS = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2})[/ -]([A-Za-z]{3})[/ -](\d{4})[: ]" + _CLOCK + _OFFSET, re.ASCII
)
_WITH_SLASHES = re.compile(r"(\d{4})/(\d\d)/(\d\d)[ T:](\d\d:.+)", re.ASCII)
# A blank before the offset, and what Go writes behind it.
_BLANK_OFFSET = re.compile(
    r"([\d-]{10}[ Tt_][\d:.,]{4,30}) (?:([Zz]|UTC|GMT)|([+-]\d\d:?\d\d)(?: [A-Z]{3,4})?)", re.ASCII
)
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{0,20})?(?:[Ee]\+?\d{1,2})?", re.ASCII)

# Less would be how long something took; so many seconds are the year 1973 and the year 5138, so
# many ms, µs and ns the same again.
_FEWEST, _MOST = 10**8, 10**11
_UNITS = (1, 10**3, 10**6, 10**9)


@lru_cache(maxsize=8_192)
def seconds_of(text: bytes) -> int | None:
    """Whole seconds since 1970 UTC, None where the text is no moment.

    Read are ISO 8601 and RFC 3339 with dashes or slashes in the date, `16/Jul/2025:10:00:00 +0000`,
    each with a fraction, in brackets or without, HTTP's dates and C's, and numbers as
    `seconds_of_number` takes them. UTC where no offset is told.
    """
    if len(text) > _MOST_BYTES or not text.isascii():
        return None
    moment = text.decode("ascii").strip().removeprefix("[").removesuffix("]").strip()
    if _NUMBER.fullmatch(moment):
        return _whole_seconds(Decimal(moment))
    if found := _OF_C.fullmatch(moment):
        moment = f"{found[2]} {found[1]} {found[found.re.groups]} {found[3]}"
    if found := _OF_LOGS.fullmatch(moment):
        return _of_log(*found.groups())
    if found := _WITH_SLASHES.fullmatch(moment):
        moment = "{}-{}-{} {}".format(*found.groups())
    if found := _BLANK_OFFSET.fullmatch(moment):
        moment = found[1] + (found[3] or "Z")
    try:
        return parse_instant(moment) // 1_000
    except ValueError:
        return None


def seconds_of_number(value: float) -> int | None:
    """Whole seconds since 1970 UTC of seconds, ms, µs or ns, told apart by how many there are.

    None where that would be a moment before 1973 or after the year 5138.
    """
    return _whole_seconds(value)


def _whole_seconds(value: float | Decimal) -> int | None:
    for unit in _UNITS:
        if _FEWEST * unit <= value < _MOST * unit:
            return int(value // unit)
    return None


def _of_log(
    day: str,
    name: str,
    year: str,
    hour: str,
    minute: str,
    second: str,
    sign: str | None,
    ahead_hours: str | None,
    ahead_minutes: str | None,
) -> int | None:
    month = _MONTHS.get(name.capitalize(), 0)
    try:
        local = datetime(int(year), month, int(day), int(hour), int(minute), tzinfo=UTC)
    except ValueError:
        return None
    ahead = int(ahead_hours or 0) * HOUR_SECONDS + int(ahead_minutes or 0) * 60
    seconds = int(local.timestamp()) + int(second) - (-ahead if sign == "-" else ahead)
    return seconds if is_in_calendar(seconds) else None
