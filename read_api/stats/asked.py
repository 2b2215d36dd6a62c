"""Which pages in which hours: the part that all questions share."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.errors import Problem, RequestRefused
from domain.events import Hour
from domain.problems import TOO_MANY_BUCKETS
from domain.stats.answers import Standing
from domain.stats.comparing import Compare, Shift, shift_of
from domain.stats.periods import Period, parse_edge, range_of, unit_for
from domain.stats.selection import Selection
from domain.stats.units import MAX_BUCKETS, Buckets, Range, TooMany, Unit, buckets, hour_at
from domain.stats.zones import MIN_SECONDS
from read_api.queries import moment_text
from read_api.stats.given import SELECTION, Given

RANGE = (*SELECTION, "agent", "period", "from", "to", "unit", "tz")
"""The parameters that every question about a range has."""

_HOUR = 3_600
_FIRST = Hour(MIN_SECONDS // _HOUR)


class Asked(Struct, frozen=True):
    """A question as it is understood; `now` in seconds since 1970.

    `moved` are the moments that were sent and do not begin an hour. Where its hours depend on the
    rows, `by` is what these were.
    """

    selection: Selection
    hours: Range
    unit: Unit
    zone: ZoneInfo
    now: int
    compare: Compare | None = None
    moved: tuple[str, ...] = ()
    by: Standing | None = None

    @property
    def open_hour(self) -> Hour:
        """The hour that is not over."""
        return hour_at(self.now)

    def buckets(self) -> Buckets:
        """Its parts. Raises `RequestRefused` where they are too many."""
        try:
            return buckets(self.hours, self.unit, self.zone)
        except TooMany as error:
            what = f"unit={error.fits.value}, which fits" if error.fits else "a shorter range"
            detail = f"unit={self.unit.value} makes more than {MAX_BUCKETS:,} buckets: send {what}"
            raise RequestRefused([Problem("unit", detail)], kind=TOO_MANY_BUCKETS) from None

    def shift(self, compare: Compare) -> Shift:
        """How its hours are compared. Raises `RequestRefused` where that is no time."""
        shift = shift_of(compare, self.hours, self.zone)
        try:
            before = shift(self.hours.start)
        except (ValueError, OverflowError):
            before = Hour(_FIRST - 1)
        if before < _FIRST:
            detail = "what it would be compared with begins before the year 1: ask for less"
            raise RequestRefused([Problem("compare", detail)])
        return shift


class Span(Struct, frozen=True):
    """Which hours, as they were sent: a `period`, or `hours` that were written out."""

    zone: ZoneInfo
    unit: Unit | None
    period: Period | None
    hours: Range
    moved: tuple[str, ...] = ()

    @property
    def begins_with_views(self) -> bool:
        """Whether the first hour with views has to be known."""
        return self.period is Period.ALL

    def range(self, now: int, first: Hour | None) -> Range:
        """The hours, at a moment; `first` is the first hour with views."""
        if self.period is None:
            return self.hours
        return range_of(self.period, self.unit, now, self.zone, first)

    def unit_of(self, hours: Range) -> Unit:
        """What was asked for, or what shows these hours well."""
        return self.unit or unit_for(hours)


def read_span(given: Given, now: int, default: Period) -> Span:
    """The range of a query; what is wrong with it is noted in `given`."""
    zone = given.zone()
    unit = given.choice("unit", {one.value: one for one in Unit})
    period = given.choice("period", {one.value: one for one in Period})
    if "from" not in given and "to" not in given:
        return Span(zone, unit, period or default, Range(Hour(0), Hour(0)))
    if "period" in given:
        given.fault("period", "period and from or to exclude each other: send one or the other")
    if "from" not in given:
        given.fault("from", "from is missing: send it with to, or send period")
    start = _edge(given, "from", zone)
    # As with a period, the open hour is part of it.
    end = _edge(given, "to", zone) if "to" in given else (hour_at(now) + 1) * _HOUR
    hours = Range(hour_at(start or 0), hour_at(end or 0))
    if start is not None and end is not None and hours.end <= hours.start:
        _not_after(given, start, end)
    moved = tuple(name for name in ("from", "to") if _is_moved(given.text(name), zone))
    return Span(zone, unit, None, hours, moved)


def _not_after(given: Given, start: int, end: int) -> None:
    if "to" not in given:
        given.fault("from", "from is in the future: send to as well")
    elif end > start:
        given.fault("to", "to is in the hour of from, and rows are whole hours: send a later one")
    else:
        given.fault("to", "to is not after from: send a later one")


def _edge(given: Given, name: str, zone: ZoneInfo) -> int | None:
    text = given.text(name)
    if text is None:
        return None
    try:
        return parse_edge(moment_text(text), zone)
    except ValueError:
        detail = (
            f"{name} cannot be read: send a date such as 2025-07-16, or an ISO 8601 timestamp such "
            "as 2025-07-16T10:00:00Z"
        )
        given.fault(name, detail)
        return None


def _is_moved(text: str | None, zone: ZoneInfo) -> bool:
    """Whether it is a moment (no date, of which notes on zones tell) that begins no hour."""
    if text is None or len(text) == len("2025-07-16"):
        return False
    try:
        return parse_edge(moment_text(text), zone) % _HOUR != 0
    except ValueError:
        return False
