"""Ranges that have a name, and those that were written out."""

import re
from datetime import date, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from domain.events import Hour
from domain.hours import parse_instant
from domain.stats.units import Range, Unit, first_day, hour_at, next_day
from domain.stats.zones import date_at, start_of

_HOUR = 3_600
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
# Up to these many hours a chart shows each hour, or each day.
_BY_HOUR, _BY_DAY = 8 * 24, 800 * 24


class Period(Enum):
    """A range by name. All end with the present: the hour or the day that is open is part of it.

    `24h` and `7d` are 24 and 168 whole hours, the open one the last. The others are whole days of
    the zone, the open one the last: `today` that alone, `30d` thirty, `month` those since the first
    of the month, `12mo` those since the first of the month eleven months ago. `7d` in units of a
    day or longer is seven days. `all` begins with the first hour that has views.
    """

    DAY = "24h"
    TODAY = "today"
    WEEK = "7d"
    DAYS = "30d"
    MONTH = "month"
    YEAR = "12mo"
    ALL = "all"


def range_of(
    period: Period, unit: Unit | None, now: int, zone: ZoneInfo, first: Hour | None
) -> Range:
    """The hours of a period; `now` in seconds since 1970, `first` is the first hour with views."""
    open_hour = hour_at(now)
    match period:
        case Period.DAY:
            return Range(Hour(open_hour - 23), Hour(open_hour + 1))
        case Period.WEEK if unit in (None, Unit.HOUR):
            return Range(Hour(open_hour - 167), Hour(open_hour + 1))
    today = date_at(now, zone)
    end = hour_at(start_of(next_day(today, Unit.DAY), zone))
    if period is Period.ALL:
        return Range(min(open_hour if first is None else first, open_hour), end)
    return Range(hour_at(start_of(_first_day(period, today), zone)), end)


def unit_for(asked: Range) -> Unit:
    """The unit in which a range is shown where none was asked for."""
    if asked.hours <= _BY_HOUR:
        return Unit.HOUR
    return Unit.DAY if asked.hours <= _BY_DAY else Unit.MONTH


def parse_edge(text: str, zone: ZoneInfo) -> int:
    """Seconds since 1970 of a moment, or of the start of a date in the zone.

    A moment without an offset is UTC. Raises `ValueError`.
    """
    if _DATE(text):
        return start_of(date.fromisoformat(text), zone)
    return parse_instant(text) // 1_000


def _first_day(period: Period, today: date) -> date:
    match period:
        case Period.WEEK:
            return today - timedelta(days=6)
        case Period.DAYS:
            return today - timedelta(days=29)
        case Period.MONTH:
            return first_day(today, Unit.MONTH)
        case Period.YEAR:
            month = today.year * 12 + today.month - 1 - 11
            return date(month // 12, month % 12 + 1, 1)
        case _:
            return today
