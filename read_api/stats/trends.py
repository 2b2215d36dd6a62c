"""A range in a number of parts, small enough to be drawn in a row of a list."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from domain.events import Hour
from domain.stats.units import Range, TooMany, Unit, buckets

MAX_PARTS = 100


def parts_of(hours: Range, parts: int, zone: ZoneInfo) -> list[Hour]:
    """The edges of so many parts, of fewer where there are not as many hours.

    Days, weeks or months of the zone where the range begins with one and has as many; parts of
    about equal length else.
    """
    for unit in (Unit.DAY, Unit.WEEK, Unit.MONTH):
        try:
            found = buckets(hours, unit, zone)
        except TooMany:
            continue
        if len(found) == parts and not found.first_cut:
            return found.edges
    count = min(parts, max(hours.hours, 1))
    return [Hour(hours.start + hours.hours * at // count) for at in range(count + 1)]


def sums(edges: Sequence[Hour], views: Sequence[int], wanted: Sequence[Hour]) -> list[int]:
    """Views between `wanted` edges, each of which is one of `edges`, from those between these."""
    before = dict(zip(edges, accumulate(views, initial=0), strict=True))
    return [before[last] - before[first] for first, last in pairwise(wanted)]
