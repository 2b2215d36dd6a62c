"""GET /api/v1/stats/...: parameters to an answer."""

from collections.abc import Sequence
from typing import Any

from domain.events import Hour
from domain.ports.stats import StatsReader
from domain.stats.comparing import change
from domain.stats.ranking import By
from domain.stats.selection import Selection
from domain.stats.units import Range, Unit
from read_api.plausible.answering import Told
from read_api.plausible.legacy_reading import (
    BY_MONTH,
    DEFAULT_LIMIT,
    INTERVALS,
    MOST_LIMIT,
    MOST_PAGE,
    PREVIOUS,
    read_legacy,
)
from read_api.plausible.moments import NoRange
from read_api.plausible.ranges import kept_of, range_before
from read_api.plausible.reading import Cell, Found, Reading, read
from read_api.plausible.refusing import quoted, wrong_parameter
from read_api.plausible.times import TooManyParts, begun, edges_of, labels_of
from read_api.plausible.words import METRIC, NAMED, dimension_fault
from read_api.stats.given import Given


async def aggregate(reader: StatsReader, given: Given, selection: Selection, now: int) -> Told:
    """One number, and by how many percent it differs from that of as long a range before."""
    asked = read_legacy(given, now)
    compare = given.text("compare")
    if compare not in (None, PREVIOUS):
        raise wrong_parameter("compare", f"{quoted(compare)} is not {PREVIOUS}")
    before = _before(asked.hours) if compare else None
    reading = Reading(selection, asked.hours, asked.by, asked.filters, before=before)
    found = await read(reader, reading)
    _kept(asked.hours, found)
    value = sum(_views(cell) for cell in found.cells)
    told: dict[str, Any] = {"value": value}
    if before:
        told["change"] = _percent(value, found, before)
    return Told({"results": {METRIC: told}}, found.standing)


async def timeseries(reader: StatsReader, given: Given, selection: Selection, now: int) -> Told:
    """Views by day or month; where there are none, 0. None of what has not begun."""
    asked = read_legacy(given, now)
    unit = _interval(given.text("interval"), asked.period)
    edges = _edges(asked.hours, unit)
    reading = Reading(selection, asked.hours, asked.by, asked.filters, edges)
    found = await read(reader, reading)
    views = [sum(cell.views[at] for cell in found.cells) for at in range(len(edges) - 1)]
    labels, told = labels_of(edges, unit), begun(edges, _kept(asked.hours, found), now)
    rows = [{"date": labels[at], METRIC: views[at]} for at in told]
    return Told({"results": rows}, found.standing)


async def breakdown(reader: StatsReader, given: Given, selection: Selection, now: int) -> Told:
    """Names by their views, the most first."""
    named = _property(given.text("property"))
    limit = given.number("limit", DEFAULT_LIMIT, MOST_LIMIT)
    page = given.number("page", 1, MOST_PAGE)
    asked = read_legacy(given, now, named)
    by = NAMED[named]
    in_order = by is By.PAGE and not asked.filters
    part = limit * page if in_order else None
    found = await read(reader, Reading(selection, asked.hours, by, asked.filters, part=part))
    _kept(asked.hours, found)
    cells = sorted(found.cells, key=lambda cell: (-_views(cell), cell.name))
    key = named.rpartition(":")[2]
    rows = [
        {key: cell.name, METRIC: _views(cell)} for cell in cells[limit * (page - 1) : limit * page]
    ]
    return Told({"results": rows}, found.standing)


def _views(cell: Cell) -> int:
    return sum(cell.views)


def _kept(hours: Range, found: Found) -> Range:
    try:
        return kept_of(hours, found.standing.horizon)
    except NoRange as error:
        raise wrong_parameter("period", str(error)) from None


def _percent(value: int, found: Found, before: Range) -> int | None:
    """None where there was nothing before, or not all of it is kept."""
    if before.start < found.standing.horizon:
        return None
    by = change(value, sum(cell.before for cell in found.cells))
    return None if by is None else round(by * 100)


def _before(hours: Range) -> Range:
    try:
        return range_before(hours)
    except NoRange as error:
        raise wrong_parameter("compare", str(error)) from None


def _interval(text: str | None, period: str) -> Unit:
    if text is None:
        return Unit.MONTH if period in BY_MONTH else Unit.DAY
    if text not in INTERVALS:
        raise wrong_parameter("interval", f"{quoted(text)} is neither day nor month")
    return INTERVALS[text]


def _edges(hours: Range, unit: Unit) -> Sequence[Hour]:
    try:
        return edges_of(hours, unit)
    except TooManyParts as error:
        raise wrong_parameter("interval", str(error)) from None


def _property(text: str | None) -> str:
    known = " or ".join(NAMED)
    if text is None:
        raise wrong_parameter("property", f"it is needed: send {known}")
    if text not in NAMED:
        raise wrong_parameter("property", dimension_fault(text) or f"{text} is not {known}")
    return text
