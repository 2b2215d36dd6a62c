"""What is rolled up in a snapshot: a row a month, whatever is asked."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.calendar import day_of, month_of_day
from domain.events import Hour
from domain.stats.parts import (
    Month,
    PageParts,
    Rolled,
    SiteParts,
    day_parts,
    page_parts,
    site_parts,
)
from domain.stats.units import Range
from rows.stats.counted import LAST_HOUR
from rows.stats.snapshot import Snapshot
from rows.tables import rolled_months


async def read_rolled(snapshot: Snapshot, ranges: Sequence[Range]) -> Rolled:
    """The months that `ranges` meet after the horizon: nothing of them where nobody marked."""
    hours = kept(snapshot, ranges)
    if not snapshot.sums.marked or not hours:
        return Rolled()
    first = min(start for start, _ in hours)
    last = min(max(end for _, end in hours) - 1, LAST_HOUR)
    months = rolled_months.c
    found = await snapshot.rows(
        select(months.month, months.rolled, months.due, months.building, months.whole)
        .where(
            months.generation == snapshot.standing.generation,
            months.month >= month_of_day(day_of(first))[0],
            months.month <= month_of_day(day_of(last))[0],
        )
        .order_by(months.month)
    )
    return Rolled(
        [Month(row.month, row.rolled, row.due | row.building, row.whole) for row in found],
        snapshot.sums.listed,
    )


def of_pages(snapshot: Snapshot, ranges: Sequence[Range], rolled: Rolled) -> PageParts:
    """Of `ranges`, which ascend and do not overlap, what is kept."""
    return page_parts(kept(snapshot, ranges), rolled)


def of_values(snapshot: Snapshot, ranges: Sequence[Range], rolled: Rolled) -> PageParts:
    """The same of values of a dimension."""
    return day_parts(kept(snapshot, ranges), rolled)


def of_sites(snapshot: Snapshot, ranges: Sequence[Range], rolled: Rolled) -> SiteParts:
    """Of `ranges`, which ascend and do not overlap, what is kept."""
    return site_parts(kept(snapshot, ranges), rolled)


def kept(snapshot: Snapshot, ranges: Sequence[Range]) -> Sequence[Range]:
    """What of `ranges` is behind the horizon, and there at all."""
    clipped = (
        Range(max(start, snapshot.standing.horizon), Hour(min(end, LAST_HOUR + 1)))
        for start, end in ranges
    )
    return [part for part in clipped if part.start < part.end]
