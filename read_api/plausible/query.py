"""The body of a question: every field is looked at, and there are no others."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from domain.pages import page_fault
from domain.stats.units import Range
from read_api.plausible.body import escaped, members_of
from read_api.plausible.filters import Filter, leaves, read_filters
from read_api.plausible.matching import test_of
from read_api.plausible.moments import NoRange
from read_api.plausible.ranges import read_range
from read_api.plausible.refusing import quoted, wrong
from read_api.plausible.words import (
    METRIC,
    PAGE,
    SOURCE,
    UNITS,
    dimension_fault,
    metric_fault,
)

MOST_ROWS = 10_000
"""Of an answer."""
REQUIRED = ("site_id", "metrics", "date_range")
FIELDS = (*REQUIRED, "dimensions", "filters", "order_by", "include", "pagination")
INCLUDED = ("imports", "time_labels", "total_rows")
_PAGING = {"limit": 1, "offset": 0}
"""Their least."""
_PAIR = 2

Order = Sequence[tuple[str, str]]


class Query(Struct, frozen=True):
    """What is asked; `hours` None: all there are. `said` is as it was written."""

    site_id: str
    hours: Range | None
    dimensions: Sequence[str]
    filters: Sequence[Filter]
    order_by: Order
    include: Mapping[str, bool]
    limit: int
    offset: int
    said: Mapping[str, Any]


def read_query(body: bytes, now: int) -> Query:
    """Raises `RequestRefused` for the first field that is wrong."""
    said = members_of(body)
    if missing := [name for name in REQUIRED if name not in said]:
        raise wrong("", f"Required properties {', '.join(missing)} were not present.")
    for name in said:
        if name not in FIELDS:
            raise wrong(f"/{escaped(name)}", f"there is no such field, only {', '.join(FIELDS)}")
    site_id = said["site_id"]
    if fault := site_fault(site_id):
        raise wrong("/site_id", fault)
    _check_metrics(said["metrics"])
    hours = _hours(said["date_range"], now)
    dimensions = _dimensions(said.get("dimensions", []))
    filters = read_filters(said.get("filters", []))
    # A pattern that is none is told before anybody waits.
    test_of(filters, str)
    if fault := joined_fault([*dimensions, *(leaf.dimension for leaf in leaves(filters))]):
        raise wrong("/filters" if filters else "/dimensions", fault)
    include = _include(said.get("include", {}), dimensions)
    order_by = _order(said.get("order_by", []), dimensions)
    limit, offset = _paging(said.get("pagination", {}))
    return Query(site_id, hours, dimensions, filters, order_by, include, limit, offset, said)


def site_fault(value: object) -> str | None:
    """Why it is no name of a site, None where it is."""
    if value is None:
        return "it is needed: send the name of a site"
    if not isinstance(value, str):
        return f"Invalid site {quoted(value)}: send the name of a site"
    if "/" in value:
        return "it has a slash: send what stands before a page's first one"
    fault = page_fault(value)
    return fault and fault.replace("page", "it").partition(":")[0]


def joined_fault(dimensions: Sequence[str]) -> str | None:
    """Why pages cannot be asked for by their sources, None where nobody does."""
    if PAGE not in dimensions or SOURCE not in dimensions:
        return None
    return (
        f"{PAGE} and {SOURCE} are counted apart, so that nobody can be made out by both: ask for "
        "one of them, in what is listed and in filters"
    )


def _listed(value: object, place: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise wrong(place, f"Invalid {place[1:]} {quoted(value)}: send a list")
    return value


def _check_metrics(value: object) -> None:
    metrics = _listed(value, "/metrics")
    if not metrics:
        raise wrong("/metrics", f"at least one metric is needed: ask for {METRIC}")
    for at, metric in enumerate(metrics):
        if fault := metric_fault(metric):
            raise wrong(f"/metrics/{at}", fault)
        if at:
            raise wrong(f"/metrics/{at}", f"{METRIC} is there twice")


def _hours(value: object, now: int) -> Range | None:
    try:
        return read_range(value, now)
    except NoRange as error:
        raise wrong("/date_range", str(error)) from None


def _dimensions(value: object) -> Sequence[str]:
    found: list[str] = []
    for at, dimension in enumerate(_listed(value, "/dimensions")):
        place = f"/dimensions/{at}"
        if fault := dimension_fault(dimension):
            raise wrong(place, fault)
        if dimension in found:
            raise wrong(place, f"{dimension} is there twice")
        if dimension in UNITS and any(each in UNITS for each in found):
            raise wrong(place, "it is a second dimension of time: ask for one")
        found.append(str(dimension))
    return found


def _include(value: object, dimensions: Sequence[str]) -> Mapping[str, bool]:
    if not isinstance(value, dict):
        raise wrong("/include", f"Invalid include {quoted(value)}: send an object")
    for name, wanted in value.items():
        place = f"/include/{escaped(name)}"
        if name not in INCLUDED:
            raise wrong(place, f"there is no such member, only {', '.join(INCLUDED)}")
        if not isinstance(wanted, bool):
            raise wrong(place, "it is true or false")
    if value.get("time_labels") and not any(each in UNITS for each in dimensions):
        times = ", ".join(UNITS)
        raise wrong("/include/time_labels", f"it needs one of the dimensions {times}")
    return value


def _order(value: object, dimensions: Sequence[str]) -> Order:
    known = (METRIC, *dimensions)
    found = []
    for at, each in enumerate(_listed(value, "/order_by")):
        place = f"/order_by/{at}"
        if not isinstance(each, list) or len(each) != _PAIR:
            raise wrong(place, f'Invalid order {quoted(each)}: send ["{METRIC}", "desc"]')
        if each[0] not in known:
            raise wrong(place, f"{quoted(each[0])} is not asked for: {', '.join(known)} may be")
        if each[1] not in ("asc", "desc"):
            raise wrong(place, f"Invalid direction {quoted(each[1])}: send asc or desc")
        found.append((each[0], each[1]))
    return found


def _paging(value: object) -> tuple[int, int]:
    if not isinstance(value, dict):
        raise wrong("/pagination", f"Invalid pagination {quoted(value)}: send an object")
    for name, number in value.items():
        place = f"/pagination/{escaped(name)}"
        if name not in _PAGING:
            raise wrong(place, f"there is no such member, only {', '.join(_PAGING)}")
        if not isinstance(number, int) or isinstance(number, bool) or number < _PAGING[name]:
            raise wrong(place, f"it is no whole number from {_PAGING[name]} on")
    if value.get("limit", MOST_ROWS) > MOST_ROWS:
        raise wrong("/pagination/limit", f"it is over {MOST_ROWS:,}: ask for the rest by offset")
    return value.get("limit", MOST_ROWS), value.get("offset", 0)
