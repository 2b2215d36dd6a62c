"""Ranges of whole hours in parts of an hour, a day, a week or a month of a zone.

Rows are whole UTC hours. Where a zone's days begin within one, they are cut at its start: the
buckets say so.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.events import Hour
from domain.stats.zones import date_at, start_of

MAX_BUCKETS = 10_000
_HOUR = 3_600
_LAST_DAY = date(9999, 12, 31)
# The fewest hours that one of them takes: a day lost an hour at most but for dates left out.
_HOURS_AT_LEAST = {"hour": 1, "day": 23, "week": 7 * 23, "month": 28 * 23}


class Unit(Enum):
    """What a bucket is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday on (ISO 8601)."""
    MONTH = "month"


class Cut(Enum):
    """Why a bucket is less than a whole unit."""

    RANGE = "range"
    HORIZON = "horizon"


class Range(NamedTuple):
    """Whole hours from `start` up to, not including, `end`."""

    start: Hour
    end: Hour

    @property
    def hours(self) -> int:
        """How many there are."""
        return max(self.end - self.start, 0)


class Buckets(Struct, frozen=True):
    """`edges` in ascending order, one more than there are buckets: each ends where the next begins.

    `first_cut` and `last_cut`: the range begins or ends within a unit. `on_the_hour`: every edge
    is where the unit begins, not only the hour before.
    """

    edges: list[Hour]
    first_cut: bool = False
    last_cut: bool = False
    on_the_hour: bool = True

    def __len__(self) -> int:
        return len(self.edges) - 1


class TooMany(ValueError):
    """More than `MAX_BUCKETS`; `fits` is the smallest unit that makes no more, if any does."""

    def __init__(self, fits: Unit | None) -> None:
        super().__init__(fits)
        self.fits = fits


def buckets(asked: Range, unit: Unit, zone: ZoneInfo) -> Buckets:
    """The range in parts. Raises `TooMany`."""
    if asked.hours // _HOURS_AT_LEAST[unit.value] > 2 * MAX_BUCKETS:
        raise TooMany(_fitting(asked, zone))
    found = _buckets(asked, unit, zone)
    if len(found) > MAX_BUCKETS:
        raise TooMany(_fitting(asked, zone))
    return found


def first_day(day: date, unit: Unit) -> date:
    """The first day of the week or month that holds `day`."""
    match unit:
        case Unit.WEEK:
            return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
        case Unit.MONTH:
            return day.replace(day=1)
        case _:
            return day


def next_day(day: date, unit: Unit) -> date:
    """The first day after the unit that begins with `day`, or the last there is."""
    match unit:
        case Unit.MONTH:
            year, month = day.year + day.month // 12, day.month % 12 + 1
            return date(year, month, 1) if year <= _LAST_DAY.year else _LAST_DAY
        case Unit.WEEK:
            return date.fromordinal(min(day.toordinal() + 7, _LAST_DAY.toordinal()))
        case _:
            return date.fromordinal(min(day.toordinal() + 1, _LAST_DAY.toordinal()))


def hour_at(seconds: int) -> Hour:
    """The whole UTC hour that holds an instant."""
    return Hour(seconds // _HOUR)


def _buckets(asked: Range, unit: Unit, zone: ZoneInfo) -> Buckets:
    if unit is Unit.HOUR:
        return Buckets([Hour(hour) for hour in range(asked.start, asked.end + 1)])
    edges, starts = [asked.start], list(_starts(asked, unit, zone))
    edges += [
        hour for hour in dict.fromkeys(map(hour_at, starts)) if asked.start < hour < asked.end
    ]
    edges.append(asked.end)
    hours = {hour_at(start) for start in starts}
    return Buckets(
        edges,
        first_cut=asked.start not in hours,
        last_cut=asked.end not in hours,
        on_the_hour=not any(
            start % _HOUR for start in starts if asked.start <= hour_at(start) <= asked.end
        ),
    )


def _starts(asked: Range, unit: Unit, zone: ZoneInfo) -> Iterator[int]:
    """Where units begin, from that of the first hour to one that is at the end or beyond."""
    day = first_day(date_at(asked.start * _HOUR, zone), unit)
    while True:
        start = start_of(day, zone)
        yield start
        following = next_day(day, unit)
        if hour_at(start) >= asked.end or following == day:
            return
        day = following


def _fitting(asked: Range, zone: ZoneInfo) -> Unit | None:
    for unit in Unit:
        few = asked.hours // _HOURS_AT_LEAST[unit.value] <= 2 * MAX_BUCKETS
        if few and len(_buckets(asked, unit, zone)) <= MAX_BUCKETS:
            return unit
    return None
