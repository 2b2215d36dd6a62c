"""Days and months that sums are kept of, as numbers: all UTC. Nothing here knows the present.

A day is whole days since 1970-01-01, a month whole months since January 1970, both negative before;
days of a month are a mask, bit 0 the first.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache

from domain.events import MAX_AT_MS, Hour

DAY_HOURS = 24
DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_YEAR = 1970
_LAST_DAY = MAX_AT_MS // DAY_MS


def day_of(hour: Hour | int) -> int:
    """The day that holds the hour."""
    return hour // DAY_HOURS


def month_at(year: int, month: int) -> int:
    """The month 1 … 12 of a year of our era."""
    return (year - _EPOCH_YEAR) * 12 + month - 1


def year_of(month: int) -> tuple[int, int]:
    """The year of our era, and which month of it: 1 … 12."""
    years, rest = divmod(month, 12)
    return _EPOCH_YEAR + years, rest + 1


@lru_cache(maxsize=4_096)
def month_of_day(day: int) -> tuple[int, int]:
    """The month that holds the day, and the day's bit in its mask."""
    found = date.fromordinal(day + _EPOCH)
    return month_at(found.year, found.month), 1 << (found.day - 1)


def first_day(month: int) -> int:
    """The first day of the month, also of the one after the last there can be."""
    year, number = year_of(month)
    if year > date.max.year:
        return _LAST_DAY + 1
    return date(year, number, 1).toordinal() - _EPOCH


def month_hours(month: int) -> tuple[Hour, Hour]:
    """Its first hour, and the first after it."""
    return Hour(first_day(month) * DAY_HOURS), Hour(first_day(month + 1) * DAY_HOURS)


def days_in(mask: int) -> Iterator[int]:
    """Which days of the month a mask means, 1 … 31, ascending."""
    return (bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1)


def masks_of(hours: Iterable[Hour]) -> dict[int, int]:
    """The days that hold these hours: a mask by month, months ascending."""
    masks: dict[int, int] = {}
    for day in sorted({hour // DAY_HOURS for hour in hours}):
        month, bit = month_of_day(day)
        masks[month] = masks.get(month, 0) | bit
    return masks


def days_within(month: int, first: Hour, end_ms: int) -> int:
    """The mask of its days that begin at `first` or later and are over at `end_ms`."""
    start, after = first_day(month), first_day(month + 1)
    low = max(0, -(-first // DAY_HOURS) - start)
    high = min(after, end_ms // DAY_MS) - start
    return ((1 << high) - 1) >> low << low if high > low else 0
