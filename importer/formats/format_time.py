"""Times in the words of strftime: what they look like in a line, and which moment they are."""

import re
from datetime import date
from functools import lru_cache

from importer.views import HOUR_SECONDS, is_in_calendar

_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS_BEFORE_1970 = date(1970, 1, 1).toordinal()
_UTC = {b"UTC", b"GMT", b"Z", b"UCT"}
_NUMBER = rb"\d{1,2}"
_WORD = rb"[A-Za-z]{1,9}\.?"
# By conversion; what no moment needs has no name. Nothing of it is longer than a few characters.
_PIECES = {
    "Y": rb"(?P<year>\d{4})",
    "y": rb"(?P<short_year>\d\d)",
    "m": rb"(?P<month>\d\d)",
    **dict.fromkeys("bhB", rb"(?P<month_name>[A-Za-z]{3,9})"),
    **dict.fromkeys("de", rb"(?P<day> ?\d{1,2})"),
    **dict.fromkeys("Hk", rb"(?P<hour> ?\d{1,2})"),
    **dict.fromkeys("Il", rb"(?P<half_hour> ?\d{1,2})"),
    **dict.fromkeys("pP", rb"(?P<half>[AaPp])\.?[Mm]\.?"),
    "M": rb"(?P<minute>\d\d)",
    "S": rb"(?P<second>\d\d)",
    "s": rb"(?P<sec>\d{1,11})",
    "z": rb"(?P<offset>[+-]\d\d:?\d\d|Z)",
    "Z": rb"(?P<zone>[A-Za-z]{1,5}|[+-]\d{2,4})",
    "f": rb"\d{1,9}",
    **dict.fromkeys("aA", _WORD),
    **dict.fromkeys("CgUVWuw", _NUMBER),
    "G": rb"\d{4}",
    "j": rb"\d{1,3}",
    "%": rb"%",
    **dict.fromkeys("nt", rb"\s"),
}
_SHORTHANDS = {
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "c": "%a %b %e %H:%M:%S %Y",
}
_CONVERSION = re.compile(r"%[EO_0^#-]?(.)|([^%]+)|(%)", re.DOTALL)
_DIVISORS = {"sec": 1, "msec": 1_000, "usec": 1_000_000}

EPOCHS = {
    "sec": rb"(?P<sec>\d{1,11})",
    "msec": rb"(?P<msec>\d{1,14})",
    "usec": rb"(?P<usec>\d{1,17})",
    "msec_frac": rb"\d{1,3}",
    "usec_frac": rb"\d{1,6}",
}
"""What Apache writes for `%{sec}t` and its kin."""


class Unknown(Exception):
    """A conversion that strftime does not have, as it was written."""


def looks(text: str) -> bytes:
    """The regular expression of what `text`, in the words of strftime, is written as.

    Its groups are the parts of a moment, each name as often as it is in `text`. Raises `Unknown`.
    """
    return b"".join(_look(found) for found in _CONVERSION.finditer(text))


def _look(found: re.Match[str]) -> bytes:
    letter, plain, _ = found.groups()
    if plain:
        return re.escape(plain.encode("utf-8", "surrogateescape"))
    if letter in _SHORTHANDS:
        return looks(_SHORTHANDS[letter])
    if letter not in _PIECES:
        raise Unknown(found[0])
    return _PIECES[letter]


OFFSET = rb"(?: ?" + _PIECES["z"] + rb")?"
COMMON = looks("%d/%b/%Y:%H:%M:%S") + OFFSET
"""As `$time_local` and `%t` have it."""
ISO_8601 = looks("%FT%T") + OFFSET


def are_enough(names: frozenset[str]) -> bool:
    """Whether parts so called tell a moment, to the hour at least."""
    if names & _DIVISORS.keys():
        return True
    return (
        bool(names & {"year", "short_year"})
        and bool(names & {"month", "month_name"})
        and "day" in names
        and ("hour" in names or {"half_hour", "half"} <= names)
    )


@lru_cache(maxsize=8_192)
def seconds_of_parts(names: tuple[str, ...], values: tuple[bytes | None, ...]) -> int | None:
    """Seconds since 1970 UTC, None where they are no moment; UTC where no offset is told."""
    parts = {name: value for name, value in zip(names, values, strict=True) if value}
    for name, divisor in _DIVISORS.items():
        if name in parts:
            return _checked(int(parts[name]) // divisor)
    try:
        day = date(_year(parts), _month(parts), int(parts["day"]))
        return _checked((day.toordinal() - _DAYS_BEFORE_1970) * 86_400 + _within_day(parts))
    except (ValueError, KeyError):
        return None


def _checked(seconds: int) -> int | None:
    return seconds if is_in_calendar(seconds) else None


def _year(parts: dict[str, bytes]) -> int:
    if "year" in parts:
        return int(parts["year"])
    short = int(parts["short_year"])
    # As POSIX has it.
    return short + (1900 if short >= 69 else 2000)


def _month(parts: dict[str, bytes]) -> int:
    if "month" in parts:
        return int(parts["month"])
    return _MONTHS.index(parts["month_name"][:3].lower()) + 1


def _within_day(parts: dict[str, bytes]) -> int:
    """Seconds, of a local time less its offset. Raises `ValueError` and `KeyError`."""
    if "hour" in parts:
        hour = int(parts["hour"])
    else:
        is_late = parts["half"] in b"Pp"
        half_hour = int(parts["half_hour"])
        hour = half_hour % 12 + 12 * is_late if 1 <= half_hour <= 12 else 24
    minute, second = int(parts.get("minute", 0)), int(parts.get("second", 0))
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError
    return hour * HOUR_SECONDS + minute * 60 + second - _ahead(parts)


def _ahead(parts: dict[str, bytes]) -> int:
    """Seconds ahead of UTC. Raises `ValueError` for a zone that only has a name."""
    told = parts.get("offset") or parts.get("zone") or b"Z"
    if told.upper() in _UTC:
        return 0
    if told[:1] not in b"+-":
        raise ValueError
    digits = told[1:].replace(b":", b"").ljust(4, b"0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError
    seconds = hours * HOUR_SECONDS + minutes * 60
    return seconds if told[:1] == b"+" else -seconds
