"""How much there is."""

from sqlalchemy import func, select

from domain.events import MAX_AT_MS, MIN_AT_MS, Hour
from domain.hours import hour_of
from domain.stats.answers import Bounds
from domain.stats.selection import EVERYTHING
from domain.stats.units import Range
from rows.stats.counted import by_hour
from rows.stats.names import SiteOf
from rows.stats.snapshot import Snapshot
from rows.stats.spans import spans

_ALWAYS = Range(hour_of(MIN_AT_MS), Hour(hour_of(MAX_AT_MS) + 1))


async def read_bounds(snapshot: Snapshot) -> Bounds:
    """`StatsReader.bounds`: in one pass over all rows."""
    rows = by_hour(snapshot, spans(EVERYTHING, snapshot.rules), _ALWAYS).c
    pages = (
        select(
            rows.page,
            func.count().label("rows"),
            func.min(rows.view_hour).label("first"),
            func.max(rows.view_hour).label("last"),
        )
        .group_by(rows.page)
        .subquery("pages")
        .c
    )
    ((first, last, number, sites, stored),) = await snapshot.rows(
        select(
            func.min(pages.first),
            func.max(pages.last),
            func.count(),
            func.count(SiteOf(pages.page).distinct()),
            func.sum(pages.rows),
        )
    )
    return Bounds(snapshot.standing, first, last, number, sites, int(stored or 0))
