"""Ranges of time as they are asked for: words, two dates, two moments. All of UTC."""

import re
from datetime import UTC, date, datetime, timedelta

from domain.calendar import DAY_HOURS, first_day, month_at
from domain.events import Hour
from domain.stats.units import Range, hour_at
from read_api.plausible.moments import NoRange, begins, date_of, ends, is_date, is_moment
from read_api.plausible.refusing import quoted

ALL = "all"
WORDS = ("day", "24h", "7d", "28d", "30d", "91d", "month", "6mo", "12mo", "year", ALL)
"""The words that there are names for; any other `Nd` and `Nmo` will do as well."""

_HOUR = 3_600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_BEGINNING = 1 - _EPOCH_DAY
_SO_MANY = re.compile(r"([1-9][0-9]{0,6})(d|mo)").fullmatch
_HOW = (
    f"send any of {', '.join(WORDS)}, or a list of two dates such as 2025-07-01, or of two moments "
    "with an offset such as 2025-07-01T12:00:00Z"
)


def read_range(value: object, now: int) -> Range | None:
    """The hours that are asked for at `now`, in seconds since 1970; None: all there are.

    Raises `NoRange`.
    """
    if isinstance(value, str):
        return None if value == ALL else _of_word(value, now)
    if not isinstance(value, list):
        raise NoRange(f"Invalid date range {quoted(value)}: {_HOW}")
    if len(value) != len(("first", "last")):
        raise NoRange(f"a list of {len(value)} is no range: {_HOW}")
    first, last = value
    if is_date(first) and is_date(last):
        return _ascending(Range(day_start(date_of(first)), day_range(date_of(last)).end))
    if is_moment(first) and is_moment(last):
        return _ascending(Range(begins(first), ends(last)))
    raise NoRange(f"{quoted(value)} cannot be read: {_HOW}")


def all_hours(first: Hour | None, now: int) -> Range:
    """From the first hour with views to the end of the day that is not over."""
    end = Hour(day_start(_today(now)) + DAY_HOURS)
    begin = Hour(end - DAY_HOURS) if first is None else first
    return Range(min(begin, Hour(end - 1)), end)


def two_dates(text: str) -> Range:
    """Of dates with a comma between, the last one included. Raises `NoRange`."""
    dates = text.split(",")
    if len(dates) != len(("first", "last")) or not all(map(is_date, dates)):
        raise NoRange(f"{quoted(text)} is no range: send 2025-07-01,2025-07-31")
    first, last = map(date_of, dates)
    return _ascending(Range(day_start(first), day_range(last).end))


def day_of(text: str | None, now: int) -> date:
    """A date, that of `now` where none is sent. Raises `NoRange`."""
    if text is None:
        return _today(now)
    if not is_date(text):
        raise NoRange(f"{quoted(text)} is no date: send one such as 2025-07-01")
    return date_of(text)


def day_range(day: date) -> Range:
    """Its hours."""
    return Range(day_start(day), Hour(day_start(day) + DAY_HOURS))


def day_start(day: date) -> Hour:
    """Its first hour."""
    return Hour((day.toordinal() - _EPOCH_DAY) * DAY_HOURS)


def days_before(day: date, days: int) -> Range:
    """So many whole days, the last of them before `day`. Raises `NoRange`."""
    return _kept(day.toordinal() - _EPOCH_DAY - days, day.toordinal() - _EPOCH_DAY)


def months_before(day: date, months: int) -> Range:
    """So many whole months, the last of them before that of `day`. Raises `NoRange`."""
    this = month_at(day.year, day.month)
    if this - months < month_at(1, 1):
        raise NoRange("it begins before the year 1: ask for less")
    return _kept(first_day(this - months), first_day(this))


def range_before(hours: Range) -> Range:
    """As many hours, all of them before these whole days. Raises `NoRange`."""
    return _kept((hours.start - hours.hours) // DAY_HOURS, hours.start // DAY_HOURS)


def month_of(day: date) -> Range:
    """The whole month that `day` is in."""
    this = month_at(day.year, day.month)
    return _kept(first_day(this), first_day(this + 1))


def kept_of(hours: Range, horizon: Hour) -> Range:
    """What of it is still kept. Raises `NoRange` where nothing is."""
    if hours.end <= horizon:
        kept = (_EPOCH + timedelta(hours=horizon)).isoformat()
        raise NoRange(f"views before {kept} are no longer kept: ask for what is later")
    return Range(max(hours.start, horizon), hours.end)


def told_range(hours: Range) -> list[str]:
    """The first moment of it and the last, to the second."""
    first = _EPOCH + timedelta(hours=hours.start)
    last = _EPOCH + timedelta(hours=hours.end - 1, seconds=_HOUR - 1)
    return [first.isoformat(), last.isoformat()]


def _of_word(word: str, now: int) -> Range:
    today, open_hour = _today(now), hour_at(now)
    match word:
        case "24h":
            return Range(Hour(open_hour - DAY_HOURS + 1), Hour(open_hour + 1))
        case "day":
            return day_range(today)
        case "month":
            return month_of(today)
        case "year":
            return _kept(first_day(month_at(today.year, 1)), first_day(month_at(today.year + 1, 1)))
    found = _SO_MANY(word)
    if found is None:
        raise NoRange(f"Invalid date range {quoted(word)}: {_HOW}")
    before = days_before if found[2] == "d" else months_before
    return before(today, int(found[1]))


def _kept(first: int, end: int) -> Range:
    if first < _BEGINNING:
        raise NoRange("it begins before the year 1: ask for less")
    return Range(Hour(first * DAY_HOURS), Hour(end * DAY_HOURS))


def _ascending(hours: Range) -> Range:
    if hours.end <= hours.start:
        raise NoRange("it ends before it begins: send the earlier first")
    return hours


def _today(now: int) -> date:
    return date.fromordinal(now // (DAY_HOURS * _HOUR) + _EPOCH_DAY)
