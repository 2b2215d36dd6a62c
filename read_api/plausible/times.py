"""A range in hours, days, weeks or months, and what each of these is called."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from domain.events import Hour
from domain.hours import to_datetime
from domain.stats.units import MAX_BUCKETS, Range, TooMany, Unit, buckets, first_day
from domain.stats.zones import zone_of

_HOUR = 3_600
_UTC = zone_of("UTC")
# Up to so many hours a range is told by hour, and by day, where the unit is left to us.
_BY_HOUR, _BY_DAY = 2 * 24, 92 * 24


class TooManyParts(ValueError):
    """Why, and what to ask instead."""


def unit_for(hours: Range) -> Unit:
    """What `time` is in a range of that length."""
    if hours.hours <= _BY_HOUR:
        return Unit.HOUR
    return Unit.DAY if hours.hours <= _BY_DAY else Unit.MONTH


def edges_of(hours: Range, unit: Unit) -> Sequence[Hour]:
    """Where parts of the range begin, and its end. Raises `TooManyParts`."""
    try:
        return buckets(hours, unit, _UTC).edges
    except TooMany as error:
        what = f"time:{error.fits.value}, which fits, or " if error.fits else ""
        sentence = (
            f"a {unit.value} makes more than {MAX_BUCKETS:,} parts of this range: ask for {what}a "
            "shorter range"
        )
        raise TooManyParts(sentence) from None


def labels_of(edges: Sequence[Hour], unit: Unit) -> Sequence[str]:
    """What the parts between the edges are called, in their order."""
    return [_LABELS[unit](edge) for edge in edges[:-1]]


def begun(edges: Sequence[Hour], kept: Range, now: int) -> range:
    """Which of the parts have hours that are kept, and have begun at `now`, seconds since 1970."""
    gone = sum(edge <= kept.start for edge in edges[1:])
    return range(gone, sum(edge * _HOUR <= now for edge in edges[:-1]))


def _date(hour: Hour) -> date:
    return to_datetime(hour).date()


_LABELS: Mapping[Unit, Callable[[Hour], str]] = {
    Unit.HOUR: lambda hour: f"{_date(hour).isoformat()} {hour % 24:02}:00:00",
    Unit.DAY: lambda hour: _date(hour).isoformat(),
    # The first may be cut, and is called by where the range begins.
    Unit.WEEK: lambda hour: _date(hour).isoformat(),
    Unit.MONTH: lambda hour: first_day(_date(hour), Unit.MONTH).isoformat(),
}
