"""Rows of a list in parts."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import func, select

from domain.stats.answers import Ranked
from domain.stats.ranking import By, Listing
from rows.stats.buckets import Bucketed
from rows.stats.counted import counted
from rows.stats.lookups import looked_up
from rows.stats.names import SiteOf
from rows.stats.snapshot import Snapshot
from rows.stats.spans import Span, spans

_Keyed = list[tuple[Any, Any]]


async def with_trends(
    snapshot: Snapshot, listing: Listing, rows: Sequence[Ranked]
) -> Sequence[Ranked]:
    """`rows` with their views between the edges `listing.trend`, where there are any."""
    if not rows or not listing.trend:
        return rows
    buckets = Bucketed(snapshot, listing.trend)
    names = [row.name for row in rows]
    if listing.by is By.PAGE and not snapshot.on_postgresql:
        found = await looked_up(snapshot, names, buckets.ranges)
        return [replace(row, trend=views) for row, views in zip(rows, found, strict=True)]
    keyed = await _grouped(snapshot, listing, buckets, names)
    return [replace(row, trend=buckets.views(keyed[row.name])) for row in rows]


async def _grouped(
    snapshot: Snapshot, listing: Listing, buckets: Bucketed, names: Sequence[str]
) -> dict[str, _Keyed]:
    everything = [Span("", None)]
    by_page = listing.by is By.PAGE
    pages = everything if by_page else spans(listing.selection, snapshot.rules)
    rows = counted(snapshot, pages, buckets.ranges).c
    name = rows.page if by_page else SiteOf(rows.page)
    key = buckets.key(rows.view_hour).label("bucket")
    found: dict[str, _Keyed] = defaultdict(list)
    for row in await snapshot.rows(
        select(name.label("name"), key, func.sum(rows.views).label("views"))
        .where(name.in_(names))
        .group_by("name", "bucket")
    ):
        found[row.name].append((row.bucket, row.views))
    return found
