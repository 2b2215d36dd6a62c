"""Dates and moments as they are written in questions."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeGuard

from domain.events import Hour
from domain.stats.units import hour_at
from domain.stats.zones import MAX_SECONDS, MIN_SECONDS
from read_api.plausible.refusing import quoted

_HOUR = 3_600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_LIKE, _MOMENT_LIKE = "2025-07-01", "2025-07-01T12:00:00Z"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
).fullmatch


class NoRange(ValueError):
    """Why what was sent is none, and what to send instead."""


def is_date(value: object) -> TypeGuard[str]:
    """Is it written like a date?"""
    return isinstance(value, str) and _DATE(value) is not None


def is_moment(value: object) -> TypeGuard[str]:
    """Is it written like a moment with an offset?"""
    return isinstance(value, str) and _MOMENT(value) is not None


def begins(text: str) -> Hour:
    """The hour that a moment is the first of. Raises `NoRange`."""
    moment = _moment(text)
    if moment % _HOUR or _fraction(text):
        raise NoRange(_within(text, "begin at the start of an hour, such as 2025-07-01T12:00:00Z"))
    return hour_at(moment)


def ends(text: str) -> Hour:
    """The first hour after a moment that is the last second of one. Raises `NoRange`."""
    moment = _moment(text)
    if moment % _HOUR != _HOUR - 1:
        what = (
            "end with the last second of an hour, such as 2025-07-01T12:59:59Z (the end is part of "
            "the range)"
        )
        raise NoRange(_within(text, what))
    return Hour(hour_at(moment) + 1)


def _within(text: str, what: str) -> str:
    return f"{quoted(text)} is within an hour, and views are counted by whole hours of UTC: {what}"


def _moment(text: str) -> int:
    """Seconds since 1970; what is less than one is dropped."""
    try:
        found = datetime.fromisoformat(text[:19].upper().replace(" ", "T") + _offset(text))
    except ValueError:
        raise NoRange(f"{quoted(text)} is no moment: send one such as {_MOMENT_LIKE}") from None
    seconds = (found - _EPOCH) // timedelta(seconds=1)
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise NoRange(f"{quoted(text)} is not in the years 1 to 9999 of UTC: send another")
    return seconds


def _fraction(text: str) -> int:
    """Of a second, in digits of any number."""
    found = _MOMENT(text)
    return int(found[1][1:]) if found and found[1] else 0


def _offset(text: str) -> str:
    return "+00:00" if text[-1] in "Zz" else text[-6:]


def date_of(text: str) -> date:
    """What is written like one. Raises `NoRange`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoRange(f"{quoted(text)} is no date: send one such as {_DATE_LIKE}") from None
