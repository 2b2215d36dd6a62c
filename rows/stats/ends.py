"""The first and the last hour with views of whole sites, without a look at all between them."""

from collections.abc import Sequence

from sqlalchemy import func, select

from domain.events import MAX_AT_MS, MIN_AT_MS, Hour
from domain.hours import hour_of
from domain.stats.parts import SiteParts
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.counted import by_hour
from rows.stats.series import asked_of
from rows.stats.snapshot import Snapshot
from rows.stats.spans import sites, spans
from rows.stats.sums import sums_of_sites

ALWAYS = Range(hour_of(MIN_AT_MS), Hour(hour_of(MAX_AT_MS) + 1))
# The first and the last day that are rolled up have views, of somebody: each time that these are of
# others, twice as many are looked at.
_DAYS_AT_ONCE = 8


async def first_of_days(snapshot: Snapshot, parts: SiteParts, selection: Selection) -> list[Hour]:
    """Of days that are rolled up, none where these have no views; nothing of `parts.hours`."""
    return [min(hours) for hours in await _some(snapshot, parts, sorted(parts.days), selection)]


async def last_of_days(snapshot: Snapshot, parts: SiteParts, selection: Selection) -> list[Hour]:
    """The same of the last."""
    days = sorted(parts.days, reverse=True)
    return [max(hours) for hours in await _some(snapshot, parts, days, selection)]


async def ends_of_hours(
    snapshot: Snapshot, left: Sequence[Range], selection: Selection
) -> list[Hour]:
    """Both, of hourly rows."""
    if not left:
        return []
    rows = by_hour(snapshot, spans(selection, snapshot.rules), selection.agent, *left).c
    ((first, last),) = await snapshot.rows(
        select(func.min(rows.view_hour), func.max(rows.view_hour))
    )
    return [] if first is None else [Hour(first), Hour(last)]


async def _some(
    snapshot: Snapshot, parts: SiteParts, days: Sequence[int], selection: Selection
) -> Sequence[Sequence[Hour]]:
    """The hours with views of some days, of which one is the first of `days` that has any."""
    asked = asked_of(sites(selection, snapshot.rules) or (), selection.agent)
    left, number = days, _DAYS_AT_ONCE
    while left:
        some = SiteParts({day: parts.days[day] for day in left[:number]})
        left, number = left[number:], 2 * number
        sums = await sums_of_sites(snapshot, asked, some, lambda *_: False)
        if sums:
            return [[hour for _, hour, _ in sums]]
    return []
