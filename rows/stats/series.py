"""Views of one selection over time."""

from collections.abc import Sequence

from sqlalchemy import func, select

from domain.events import Hour
from domain.stats.answers import Hours, Series
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.buckets import Bucketed
from rows.stats.counted import by_hour, counted
from rows.stats.lookups import looked_up
from rows.stats.snapshot import Snapshot
from rows.stats.spans import Span, spans


async def read_series(
    snapshot: Snapshot, selection: Selection, ranges: Sequence[Sequence[Hour]]
) -> Series:
    """`StatsReader.series`."""
    pages = spans(selection, snapshot.rules)
    return Series(snapshot.standing, [await _views(snapshot, pages, edges) for edges in ranges])


async def read_hours(snapshot: Snapshot, selection: Selection, asked: Range) -> Hours:
    """`StatsReader.hours`."""
    rows = by_hour(snapshot, spans(selection, snapshot.rules), asked).c
    found = await snapshot.rows(
        select(rows.view_hour, func.sum(rows.views)).group_by(rows.view_hour)
    )
    return Hours(snapshot.standing, {Hour(hour): int(views) for hour, views in sorted(found)})


async def _views(snapshot: Snapshot, pages: Sequence[Span], edges: Sequence[Hour]) -> list[int]:
    buckets = Bucketed(snapshot, edges)
    alone = [low for low, high in pages if low == high]
    if len(alone) == len(pages) == 1 and not snapshot.on_postgresql:
        return list((await looked_up(snapshot, alone, buckets.ranges))[0])
    rows = counted(snapshot, pages, buckets.ranges).c
    key = buckets.key(rows.view_hour).label("bucket")
    return buckets.views(await snapshot.rows(select(key, func.sum(rows.views)).group_by(key)))
