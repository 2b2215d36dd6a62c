"""The range that another is compared with, bucket by bucket."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from domain.events import Hour
from domain.stats.units import Range, hour_at
from domain.stats.zones import date_at, instant_of, local, start_of

_HOUR = 3_600

Shift = Callable[[Hour], Hour]
"""From an hour of a range to the hour it is compared with. Never runs backward."""


class Compare(Enum):
    """With what a range is compared."""

    PREVIOUS = "previous"
    """As long a range right before: as many days where it is whole days of its zone, else as many
    hours."""
    YEAR = "year"
    """The same dates a year before; of 29 February there is none."""


def shift_of(compare: Compare, asked: Range, zone: ZoneInfo) -> Shift:
    """How the hours of `asked` are compared."""
    if compare is Compare.YEAR:
        return lambda hour: _a_year_before(hour, zone)
    days = _whole_days(asked, zone)
    if days is None:
        return lambda hour: Hour(hour - asked.hours)
    return lambda hour: _days_before(hour, days, zone)


def compared(edges: Sequence[Hour], shift: Shift) -> list[Hour]:
    """The edges of the buckets that those between `edges` are compared with."""
    return [shift(edge) for edge in edges]


def whole_hours(asked: Range, shift: Shift, open_hour: Hour, horizon: Hour) -> tuple[Range, Range]:
    """The hours of a range that can be compared, and those they are compared with.

    Whole hours, so none from the open one on, and none that is no longer kept on either side.
    """
    first, end = max(asked.start, horizon), min(asked.end, open_hour)
    gone = bisect_left(range(first, end), horizon, key=lambda hour: shift(Hour(hour)))
    start = Hour(first + gone)
    if start >= end:
        return Range(asked.start, asked.start), Range(shift(asked.start), shift(asked.start))
    return Range(start, end), Range(shift(start), shift(end))


def change(now: int, before: int) -> float | None:
    """The change as a fraction of what was before, None where that was nothing."""
    return (now - before) / before if before else None


def _whole_days(asked: Range, zone: ZoneInfo) -> int | None:
    """How many days of the zone the range is, None where it is none."""
    first, last = _day_from(asked.start, zone), _day_from(asked.end, zone)
    return None if first is None or last is None else (last - first).days


def _day_from(hour: Hour, zone: ZoneInfo) -> date | None:
    """The day that begins in the hour, as rows are cut."""
    day = date_at((hour + 1) * _HOUR - 1, zone)
    return day if hour_at(start_of(day, zone)) == hour else None


def _days_before(hour: Hour, days: int, zone: ZoneInfo) -> Hour:
    day = _day_from(hour, zone)
    if day is not None:
        return hour_at(start_of(day - timedelta(days=days), zone))
    clock = local(hour * _HOUR, zone).replace(tzinfo=None, fold=0) - timedelta(days=days)
    return _at(clock, zone)


def _a_year_before(hour: Hour, zone: ZoneInfo) -> Hour:
    day = _day_from(hour, zone)
    if day is not None:
        return hour_at(start_of(_year_before(day), zone))
    clock = local(hour * _HOUR, zone).replace(tzinfo=None, fold=0)
    earlier = _year_before(clock.date())
    if (earlier.month, earlier.day) != (clock.month, clock.day):
        return hour_at(start_of(earlier, zone))
    return _at(datetime.combine(earlier, clock.time()), zone)


def _at(clock: datetime, zone: ZoneInfo) -> Hour:
    return hour_at(instant_of(clock, zone))


def _year_before(day: date) -> date:
    """29 February becomes 1 March: nothing lies between that and the next day's."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 3, 1)
