"""Views of one selection over time."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import false, func, or_, select

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.answers import Hours, Series
from domain.stats.joined import of_sources
from domain.stats.parts import Rolled, merged
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.buckets import Bucketed
from rows.stats.counted import apart, by_hour, counted
from rows.stats.lookups import looked_up
from rows.stats.rolled import of_pages, of_sites, read_rolled
from rows.stats.snapshot import Snapshot
from rows.stats.sources import views_between, views_by_hour
from rows.stats.spans import Span, sites, spans
from rows.stats.sums import Asked, Sum, sums_of_pages, sums_of_sites


async def read_series(
    snapshot: Snapshot, selection: Selection, ranges: Sequence[Sequence[Hour]]
) -> Series:
    """`StatsReader.series`."""
    rolled = await read_rolled(snapshot, [Range(edges[0], edges[-1]) for edges in ranges])
    read = views_between if of_sources(selection) else read_views
    views = [await read(snapshot, selection, edges, rolled) for edges in ranges]
    return Series(snapshot.standing, views)


async def read_hours(snapshot: Snapshot, selection: Selection, asked: Range) -> Hours:
    """`StatsReader.hours`."""
    if of_sources(selection):
        known = await views_by_hour(snapshot, selection, asked)
        return Hours(snapshot.standing, {Hour(hour): int(views) for hour, views in known})
    found: dict[int, int] = defaultdict(int)
    left: Sequence[Range] = [asked]
    of_whole_sites = sites(selection, snapshot.rules)
    if of_whole_sites is not None:
        parts = of_sites(snapshot, left, await read_rolled(snapshot, left))
        whose = asked_of(of_whole_sites, selection.agent)
        for _, hour, views in await sums_of_sites(snapshot, whose, parts, lambda *_: False):
            found[hour] += views
        left = parts.hours
    if left:
        rows = by_hour(snapshot, spans(selection, snapshot.rules), selection.agent, *left).c
        for hour, views in await snapshot.rows(
            select(rows.view_hour, func.sum(rows.views)).group_by(rows.view_hour)
        ):
            found[hour] += int(views)
    return Hours(snapshot.standing, {Hour(hour): found[hour] for hour in sorted(found)})


def asked_of(which: Sequence[Span], agent: Agent | None) -> Asked:
    """Sums of all that the spans hold."""
    return Asked(agent, lambda name: or_(false(), *apart(name, which)))


async def read_views(
    snapshot: Snapshot, selection: Selection, edges: Sequence[Hour], rolled: Rolled
) -> Sequence[int]:
    """Views of pages in each bucket."""
    buckets = Bucketed(snapshot, edges)
    pages, agent = spans(selection, snapshot.rules), selection.agent
    if not pages:
        return buckets.views([])
    of_whole_sites = sites(selection, snapshot.rules)
    sums: list[Sum]
    if of_whole_sites is not None:
        # By the hour, so that buckets need not be told apart before they are filled.
        parts = of_sites(snapshot, merged(buckets.ranges), rolled)
        whose = asked_of(of_whole_sites, agent)
        sums = await sums_of_sites(snapshot, whose, parts, buckets.together)
        left = parts.hours
    else:
        of_days = of_pages(snapshot, buckets.ranges, rolled)
        sums = await sums_of_pages(snapshot, asked_of(pages, agent), of_days)
        left = of_days.hours
    rows = await _of_hours(snapshot, pages, buckets, left, agent)
    return buckets.views(rows, ((hour, views) for _, hour, views in sums))


async def _of_hours(
    snapshot: Snapshot,
    pages: Sequence[Span],
    buckets: Bucketed,
    left: Sequence[Range],
    agent: Agent | None,
) -> Sequence[tuple[int, int]]:
    """Hourly rows, by the buckets' key."""
    if not left:
        return []
    alone = [span.low for span in pages if span.low == span.high]
    if len(alone) == len(pages) == 1 and not snapshot.on_postgresql:
        each = buckets.cut(left)
        (views,) = await looked_up(snapshot, alone, each, agent)
        return [(part.start, number) for part, number in zip(each, views, strict=True)]
    rows = counted(snapshot, pages, left, agent).c
    key = buckets.key(rows.view_hour).label("bucket")
    return await snapshot.rows(select(key, func.sum(rows.views)).group_by(key))
