"""What the parameters of GET /api/v1/stats/... say."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from domain.stats.ranking import By
from domain.stats.units import Range, Unit
from read_api.plausible.filters import Filter, leaves
from read_api.plausible.legacy_filters import NAME, read_legacy_filters
from read_api.plausible.moments import NoRange
from read_api.plausible.query import joined_fault
from read_api.plausible.ranges import (
    day_of,
    day_range,
    days_before,
    month_of,
    months_before,
    two_dates,
)
from read_api.plausible.refusing import quoted, wrong_parameter
from read_api.plausible.words import METRIC, NAMED, metric_fault
from read_api.stats.given import Given

SHARED = ("site_id", "period", "date", "metrics", NAME, "with_imported", "agent")
AGGREGATE = (*SHARED, "compare")
TIMESERIES = (*SHARED, "interval")
BREAKDOWN = (*SHARED, "property", "limit", "page")

PERIODS = ("day", "7d", "30d", "month", "6mo", "12mo", "custom")
INTERVALS: Mapping[str, Unit] = {"day": Unit.DAY, "date": Unit.DAY, "month": Unit.MONTH}
DEFAULT_PERIOD, BY_MONTH = "30d", ("6mo", "12mo")
DEFAULT_LIMIT, MOST_LIMIT, MOST_PAGE = 100, 1_000, 1_000_000
PREVIOUS = "previous_period"
_IMPORTED = ("true", "false")


class Legacy(Struct, frozen=True):
    """What all three of them share."""

    period: str
    hours: Range
    filters: Sequence[Filter]

    @property
    def by(self) -> By | None:
        """What has to be gone through by name."""
        return next((NAMED[leaf.dimension] for leaf in leaves(self.filters)), None)


def read_legacy(given: Given, now: int, *dimensions: str) -> Legacy:
    """Raises `RequestRefused` for the first parameter that is wrong."""
    given.refuse_faults()
    _check_metrics(given.text("metrics"))
    if (imported := given.text("with_imported")) not in (None, *_IMPORTED):
        raise wrong_parameter("with_imported", f"{quoted(imported)} is neither true nor false")
    period = given.text("period") or DEFAULT_PERIOD
    hours = _hours(period, given.text("date"), now)
    filters = read_legacy_filters(given.text(NAME) or "")
    if fault := joined_fault([*dimensions, *(leaf.dimension for leaf in leaves(filters))]):
        raise wrong_parameter(NAME, fault)
    return Legacy(period, hours, filters)


def _check_metrics(text: str | None) -> None:
    if text is None:
        sentence = f"left out it means visitors, which are not known here: send metrics={METRIC}"
        raise wrong_parameter("metrics", sentence)
    metrics = text.split(",")
    for metric in metrics:
        if fault := metric_fault(metric.strip()):
            raise wrong_parameter("metrics", fault)
    if len(metrics) > 1:
        raise wrong_parameter("metrics", f"{METRIC} is there twice")


def _hours(period: str, text: str | None, now: int) -> Range:
    if period not in PERIODS:
        raise wrong_parameter("period", f"{quoted(period)} is none of {', '.join(PERIODS)}")
    try:
        if period == "custom":
            if text is None:
                raise NoRange("period=custom needs it: send two dates with a comma between")
            return two_dates(text)
        return _of_period(period, day_of(text, now))
    except NoRange as error:
        raise wrong_parameter("date", str(error)) from None


def _of_period(period: str, day: date) -> Range:
    match period:
        case "day":
            return day_range(day)
        case "month":
            return month_of(day)
        case _ if period.endswith("d"):
            return days_before(day, int(period.removesuffix("d")))
        case _:
            return months_before(day, int(period.removesuffix("mo")))
