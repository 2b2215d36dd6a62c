"""Sources of views: lists of them and of what they brought, and the views of one over time."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Select, Subquery, and_, func, select, true

from domain.events import Hour
from domain.stats.parts import PageParts, Rolled
from domain.stats.ranking import By, Listing
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.buckets import Bucketed
from rows.stats.dimensions import Wanted, hourly
from rows.stats.named import COLUMNS, added_up, in_each
from rows.stats.rolled import of_values
from rows.stats.snapshot import Snapshot
from rows.stats.sums import VALUES, Asked, alike, sums_of_values
from rows.tables import dimension_months

_sums = dimension_months.c
Keyed = list[tuple[Any, int]]
"""Views by a bucket's key."""


async def views_between(
    snapshot: Snapshot, selection: Selection, edges: Sequence[Hour], rolled: Rolled
) -> Sequence[int]:
    """Of a source, or of all where the selection names none, in each bucket."""
    wanted, buckets = Wanted.of(selection, snapshot.rules), Bucketed(snapshot, edges)
    parts = of_values(snapshot, buckets.ranges, rolled)
    sums = await sums_of_values(snapshot, _asked(wanted), parts)
    rows: Sequence[Any] = []
    if parts.hours:
        found = hourly(snapshot, wanted, parts.hours).c
        key = buckets.key(found.view_hour).label("bucket")
        rows = await snapshot.rows(select(key, func.sum(found.views)).group_by(key))
    return buckets.views(rows, ((hour, views) for _, hour, views in sums))


async def views_by_hour(
    snapshot: Snapshot, selection: Selection, asked: Range
) -> Sequence[tuple[int, int]]:
    """Hours with views of a source, and how many. There are no sums of hours."""
    rows = hourly(snapshot, Wanted.of(selection, snapshot.rules), [asked]).c
    return await snapshot.rows(
        select(rows.view_hour, func.sum(rows.views))
        .group_by(rows.view_hour)
        .order_by(rows.view_hour)
    )


def by_name(
    snapshot: Snapshot, listing: Listing, ranges: Sequence[Range], rolled: Rolled
) -> Subquery:
    """Columns `name` and, for each of `ranges`, one of `COLUMNS`: sources, or sites of a source."""
    wanted = Wanted.of(listing.selection, snapshot.rules)
    parts = [of_values(snapshot, [asked], rolled) for asked in ranges]
    rows = _of_sums(snapshot, wanted, listing.by, parts)
    hours = [part.hours for part in parts]
    if any(hours) or not rows:
        found = hourly(snapshot, wanted, [part for each in hours for part in each]).c
        rows.append(in_each(_named(found, listing.by), found.view_hour, found.views, hours))
    return added_up(rows, len(ranges))


async def in_parts(
    snapshot: Snapshot,
    listing: Listing,
    buckets: Bucketed,
    names: Sequence[str],
    rolled: Rolled,
) -> tuple[dict[str, Keyed], dict[str, Keyed]]:
    """Views of these names, by the buckets' key, and by an hour of the bucket."""
    wanted = Wanted.of(listing.selection, snapshot.rules)
    parts = of_values(snapshot, buckets.ranges, rolled)
    keyed: dict[str, Keyed] = defaultdict(list)
    summed: dict[str, Keyed] = defaultdict(list)
    for name, hour, views in await sums_of_values(
        snapshot, _asked(wanted, listing.by, names), parts
    ):
        summed[name].append((hour, views))
    if parts.hours:
        rows = hourly(snapshot, wanted, parts.hours).c
        key, named = buckets.key(rows.view_hour).label("bucket"), _named(rows, listing.by)
        for name, bucket, views in await snapshot.rows(
            select(named.label("name"), key, func.sum(rows.views))
            .where(named.in_(names))
            .group_by("name", "bucket")
        ):
            keyed[name].append((bucket, views))
    return keyed, summed


def _named(columns: ColumnCollection[str, Any], by: By) -> ColumnElement[Any]:
    """What a list is of."""
    name: ColumnElement[Any] = columns.site if by is By.SITE else columns.value
    return name


def _asked(wanted: Wanted, by: By | None = None, names: Sequence[str] = ()) -> Asked:
    """All together, or by name."""
    held = and_(true(), wanted.among(_sums), *wanted.at(_sums.site))
    if by is None:
        return Asked(wanted.agent, lambda _: held)
    name = _named(_sums, by)
    return Asked(wanted.agent, lambda _: and_(held, name.in_(names)), lambda _: name)


def _of_sums(
    snapshot: Snapshot, wanted: Wanted, by: By, parts: Sequence[PageParts]
) -> list[Select[Any]]:
    found: list[Select[Any]] = []
    for asked, months in alike(*(part.days for part in parts)).items():
        views = [
            VALUES.total(bits).label(column) for column, bits in zip(COLUMNS, asked, strict=False)
        ]
        held = VALUES.of(snapshot, wanted.agent, months)
        found.append(
            select(_named(_sums, by).label("name"), *views).where(
                *held, wanted.among(_sums), *wanted.at(_sums.site)
            )
        )
    return found
