"""Rows of a list in parts."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, func, select

from domain.stats.answers import Ranked
from domain.stats.joined import of_sources
from domain.stats.parts import Rolled
from domain.stats.ranking import By, Listing
from domain.stats.units import Range
from rows.stats.buckets import Bucketed
from rows.stats.counted import counted
from rows.stats.lookups import looked_up
from rows.stats.names import SiteOf
from rows.stats.rolled import of_pages, of_sites
from rows.stats.series import asked_of
from rows.stats.snapshot import Snapshot
from rows.stats.sources import Keyed, in_parts
from rows.stats.spans import Span, sites, spans
from rows.stats.sums import Asked, Sum, sums_of_pages, sums_of_sites


async def with_trends(
    snapshot: Snapshot, listing: Listing, rows: Sequence[Ranked], rolled: Rolled
) -> Sequence[Ranked]:
    """`rows` with their views between the edges `listing.trend`, where there are any."""
    if not rows or not listing.trend:
        return rows
    buckets = Bucketed(snapshot, listing.trend)
    names = [row.name for row in rows]
    read = in_parts if of_sources(listing.selection, listing.by) else _in_parts
    keyed, summed = await read(snapshot, listing, buckets, names, rolled)
    return [
        replace(row, trend=buckets.views(keyed.get(row.name, ()), summed.get(row.name, ())))
        for row in rows
    ]


async def _in_parts(
    snapshot: Snapshot,
    listing: Listing,
    buckets: Bucketed,
    names: Sequence[str],
    rolled: Rolled,
) -> tuple[dict[str, Keyed], dict[str, Keyed]]:
    """Views of pages or sites, by the buckets' key, and by an hour of the bucket."""
    sums, left = await _sums(snapshot, listing, buckets, names, rolled)
    summed: dict[str, Keyed] = defaultdict(list)
    for name, hour, views in sums:
        summed[name].append((hour, views))
    return await _of_hours(snapshot, listing, buckets, names, left), summed


async def _sums(
    snapshot: Snapshot, listing: Listing, buckets: Bucketed, names: Sequence[str], rolled: Rolled
) -> tuple[Sequence[Sum], Sequence[Range]]:
    """Of the names, and the hours that these do not have."""
    agent = listing.selection.agent
    of_whole_sites = sites(listing.selection, snapshot.rules)
    if listing.by is By.SITE and of_whole_sites is not None:
        parts = of_sites(snapshot, buckets.ranges, rolled)
        whose = Asked(agent, lambda site: site.in_(names), lambda site: site)
        return await sums_of_sites(snapshot, whose, parts, buckets.together), parts.hours
    of_days = of_pages(snapshot, buckets.ranges, rolled)
    whose = Asked(agent, lambda page: page.in_(names), lambda page: page)
    if listing.by is By.SITE:
        held = asked_of(spans(listing.selection, snapshot.rules), agent).which

        def of_sites_named(page: ColumnElement[str]) -> ColumnElement[bool]:
            return and_(held(page), SiteOf(page).in_(names))

        whose = Asked(agent, of_sites_named, SiteOf)
    return await sums_of_pages(snapshot, whose, of_days), of_days.hours


async def _of_hours(
    snapshot: Snapshot,
    listing: Listing,
    buckets: Bucketed,
    names: Sequence[str],
    left: Sequence[Range],
) -> dict[str, Keyed]:
    """Hourly rows, by the buckets' key."""
    found: dict[str, Keyed] = defaultdict(list)
    if not left:
        return found
    agent = listing.selection.agent
    if listing.by is By.PAGE and not snapshot.on_postgresql:
        each = buckets.cut(left)
        looked = await looked_up(snapshot, names, each, agent)
        return {
            known: [(part.start, number) for part, number in zip(each, views, strict=True)]
            for known, views in zip(names, looked, strict=True)
        }
    everything = [Span("", None)]
    by_page = listing.by is By.PAGE
    pages = everything if by_page else spans(listing.selection, snapshot.rules)
    rows = counted(snapshot, pages, left, agent).c
    name: ColumnElement[str] = rows.page if by_page else SiteOf(rows.page)
    key = buckets.key(rows.view_hour).label("bucket")
    for row in await snapshot.rows(
        select(name.label("name"), key, func.sum(rows.views).label("views"))
        .where(name.in_(names))
        .group_by("name", "bucket")
    ):
        found[row.name].append((row.bucket, row.views))
    return found
