"""Since when there are views, without a look at all of them."""

from collections.abc import AsyncIterator
from itertools import pairwise

from sqlalchemy import func, select

from domain.calendar import DAY_HOURS, days_in, first_day
from domain.events import Generation, Hour
from domain.hours import from_datetime
from domain.stats.answers import First
from domain.stats.selection import EVERYTHING
from domain.stats.units import Range
from rows.postgresql.months import month_end, months
from rows.stats.counted import by_hour
from rows.stats.ends import ALWAYS, ends_of_hours, first_of_days
from rows.stats.rolled import of_sites, read_rolled
from rows.stats.series import read_hours
from rows.stats.snapshot import Snapshot
from rows.stats.spans import spans
from rows.tables import rolled_months


async def read_first(snapshot: Snapshot, sites: frozenset[str] | None) -> First:
    """`StatsReader.first`: of the first day that is written down, else of the first table."""
    if sites is not None:
        return First(snapshot.standing, await _first_of(snapshot, sites))
    # Of days that somebody has not marked nobody knows.
    if snapshot.sums.marked and snapshot.sums.listed:
        async for day in _days(snapshot):
            hours = Range(Hour(day * DAY_HOURS), Hour((day + 1) * DAY_HOURS))
            found = (await read_hours(snapshot, EVERYTHING, hours)).views
            # None are left of the day where the horizon is in it.
            if found:
                return First(snapshot.standing, min(found))
        return First(snapshot.standing, None)
    async for part in _parts(snapshot):
        rows = by_hour(snapshot, spans(EVERYTHING, snapshot.rules), None, part).c
        ((first,),) = await snapshot.rows(select(func.min(rows.view_hour)))
        if first is not None:
            return First(snapshot.standing, first)
    return First(snapshot.standing, None)


async def _first_of(snapshot: Snapshot, sites: frozenset[str]) -> Hour | None:
    """Of some sites: what days are written down is of all."""
    selection = EVERYTHING.within(sites)
    parts = of_sites(snapshot, [ALWAYS], await read_rolled(snapshot, [ALWAYS]))
    found = [
        *await first_of_days(snapshot, parts, selection),
        *await ends_of_hours(snapshot, parts.hours, selection),
    ]
    return min(found, default=None)


async def _days(snapshot: Snapshot) -> AsyncIterator[int]:
    """All that have rows and are not past, as days since 1970."""
    standing, known = snapshot.standing, rolled_months.c
    days = known.rolled.bitwise_or(known.due).bitwise_or(known.building)
    for month, mask in await snapshot.rows(
        select(known.month, days)
        .where(known.generation == standing.generation)
        .order_by(known.month)
    ):
        for day in days_in(mask):
            since_1970 = first_day(month) + day - 1
            if (since_1970 + 1) * DAY_HOURS > standing.horizon:
                yield since_1970


async def _parts(snapshot: Snapshot) -> AsyncIterator[Range]:
    """All hours, oldest first, in parts that can be read without the others."""
    if not snapshot.on_postgresql:
        yield ALWAYS
        return
    tables = await months(snapshot.connection, Generation(snapshot.standing.generation))
    ends = [from_datetime(month_end(month)) for month in tables[:-1]]
    for start, end in pairwise([ALWAYS.start, *ends, ALWAYS.end]):
        yield Range(start, end)
