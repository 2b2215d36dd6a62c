"""Which words of Plausible's have an answer here, and what to ask in place of the others."""

from collections.abc import Mapping

from domain.stats.ranking import By
from domain.stats.units import Unit
from read_api.plausible.refusing import quoted

METRIC = "pageviews"
PAGE, SOURCE, TIME = "event:page", "visit:source", "time"
NAMED: Mapping[str, By] = {PAGE: By.PAGE, SOURCE: By.SOURCE}
"""What is listed by name."""
UNITS: Mapping[str, Unit | None] = {
    TIME: None,
    "time:hour": Unit.HOUR,
    "time:day": Unit.DAY,
    "time:week": Unit.WEEK,
    "time:month": Unit.MONTH,
}
"""Dimensions of time; None: as the range is long."""
ANY_OF = f": ask for any of {', '.join((*NAMED, *UNITS))}"

_VISITS = "views of pages are counted here, not visitors and visits"
_READING = "how long or how far a page is read is not known here"
_EVENTS = "views of pages are kept here, no other events"
_UNKNOWN_METRICS = {
    **dict.fromkeys(
        (
            "visitors", "visits", "views_per_visit", "bounce_rate", "visit_duration", "percentage",
            "exit_rate", "conversion_rate", "group_conversion_rate",
        ),
        _VISITS,
    ),
    **dict.fromkeys(("scroll_depth", "time_on_page"), _READING),
    **dict.fromkeys(("events", "total_revenue", "average_revenue"), _EVENTS),
}  # fmt: skip
_LISTS = f"ask for {PAGE} or {SOURCE}"
_UNKNOWN_DIMENSIONS = {
    "event:hostname": (
        "the host of a view is not kept beside its site: ask for each site by its site_id"
    ),
    **dict.fromkeys(
        ("event:goal", "event:name", "event:props:"), f"{_EVENTS}: ask for {PAGE}"
    ),
    **dict.fromkeys(
        ("visit:entry_page", "visit:exit_page"), f"{_VISITS}: ask for {PAGE}"
    ),
    **dict.fromkeys(
        ("visit:referrer", "visit:channel", "visit:utm_"),
        f"of where viewers come from one source is kept: ask for {SOURCE}",
    ),
    **dict.fromkeys(
        ("visit:device", "visit:browser", "visit:os", "visit:screen"),
        f"what viewers use is not kept: {_LISTS}, of persons alone with ?agent=person",
    ),
    **dict.fromkeys(
        ("visit:country", "visit:region", "visit:city"),
        f"where viewers are is not kept: {_LISTS}",
    ),
    "segment": "segments are not kept here: write out the filters of this one",
}  # fmt: skip


def metric_fault(metric: object) -> str | None:
    """Why it has no answer, and what to ask instead; None where it has one."""
    if metric == METRIC:
        return None
    why = _UNKNOWN_METRICS.get(metric) if isinstance(metric, str) else None
    if why is None:
        return f"Invalid metric {quoted(metric)}: ask for {METRIC}"
    return f"{metric} cannot be answered, {why}: ask for {METRIC}"


def dimension_fault(dimension: object) -> str | None:
    """The same of a dimension."""
    if isinstance(dimension, str):
        if dimension in NAMED or dimension in UNITS:
            return None
        for beginning, why in _UNKNOWN_DIMENSIONS.items():
            if dimension.startswith(beginning):
                return f"{quoted(dimension)} cannot be answered, {why}"
    return f"Invalid dimension {quoted(dimension)}{ANY_OF}"
