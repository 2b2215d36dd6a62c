"""Pages, sites or sources with their views, of which a list shows a part."""

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from domain.stats.answers import Coverage, Movers, Ranked, Ranking
from domain.stats.joined import of_sources
from domain.stats.parts import PageParts, Rolled
from domain.stats.ranking import After, By, Listing, Order
from domain.stats.units import Range
from rows.stats.named import by_page, by_site, sites_of, with_before
from rows.stats.names import Place
from rows.stats.rolled import of_pages, of_sites, read_rolled
from rows.stats.series import read_views
from rows.stats.snapshot import Snapshot
from rows.stats.sources import by_name, views_between
from rows.stats.spans import is_storable, sites, spans, storable
from rows.stats.trends import with_trends

# A list that says more comes from nobody: what a value can be in the database.
_MOST = 2**63 - 1
# Of the hours of a range, one in so many.
_FEW = 8
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


async def read_ranking(snapshot: Snapshot, listing: Listing) -> Ranking:
    """`StatsReader.ranking`."""
    rolled = await _rolled(snapshot, listing)
    found = await snapshot.rows(_page_of(await _names(snapshot, listing, rolled), listing))
    names, total, total_before = found[0][:3]
    rows = [_ranked(row) for row in found if row.name is not None]
    return Ranking(
        snapshot.standing,
        await with_trends(snapshot, listing, rows[: listing.limit], rolled),
        rank=listing.after.rank + 1 if listing.after else 1,
        more=len(rows) > listing.limit,
        names=names,
        total=int(total or 0),
        total_before=int(total_before or 0),
        coverage=await _coverage(snapshot, listing, rolled) if listing.by is By.SOURCE else None,
    )


async def read_movers(snapshot: Snapshot, listing: Listing) -> Movers:
    """`StatsReader.movers`."""
    rolled = await _rolled(snapshot, listing)
    names = await _names(snapshot, listing, rolled)
    rise = names.c.views - names.c.before
    sides = [
        select(names).where(which).order_by(first, names.c.name).limit(listing.limit).subquery(side)
        for side, which, first in (("up", rise > 0, rise.desc()), ("down", rise < 0, rise))
    ]
    up, down = sides
    moved = select(up).union_all(select(down)).subquery("moved")
    totals = select(func.sum(names.c.views), func.sum(names.c.before)).subquery("totals")
    read = await snapshot.rows(select(totals, moved).select_from(totals.outerjoin(moved, true())))
    total, total_before = read[0][:2]
    found = [_ranked(row) for row in read if row.name is not None]
    found = list(await with_trends(snapshot, listing, found, rolled))
    found.sort(key=lambda row: (-abs(row.views - row.before), row.name))
    return Movers(
        snapshot.standing,
        risers=[row for row in found if row.views > row.before],
        fallers=[row for row in found if row.views < row.before],
        total=int(total or 0),
        total_before=int(total_before or 0),
    )


async def _rolled(snapshot: Snapshot, listing: Listing) -> Rolled:
    trend = [Range(listing.trend[0], listing.trend[-1])] if listing.trend else []
    return await read_rolled(snapshot, [*_ranges(listing), *trend])


def _ranges(listing: Listing) -> Sequence[Range]:
    return [listing.asked] if listing.before is None else [listing.asked, listing.before]


async def _coverage(snapshot: Snapshot, listing: Listing, rolled: Rolled) -> Coverage:
    whole, edges = listing.selection._replace(source=None), listing.asked
    (known,) = await views_between(snapshot, whole, edges, rolled)
    (of_views,) = await read_views(snapshot, whole, edges, rolled)
    return Coverage(known, of_views)


async def _names(snapshot: Snapshot, listing: Listing, rolled: Rolled) -> CTE:
    """All that have views in one of the ranges and hold what is searched for."""
    found = await _found(snapshot, listing, rolled)
    names = with_before(found).cte("found")
    # By name and not by row: before they were added up there were many more of them.
    return select(names).where(_searched(names.c.name, listing.search)).cte("names")


async def _found(snapshot: Snapshot, listing: Listing, rolled: Rolled) -> Subquery:
    selection = listing.selection
    if of_sources(selection, listing.by):
        return by_name(snapshot, listing, _ranges(listing), rolled)
    pages = spans(selection, snapshot.rules)
    of_whole_sites = sites(selection, snapshot.rules)
    ranges = [[asked] for asked in _ranges(listing)]
    if listing.by is By.SITE and of_whole_sites is not None:
        of_days = [of_sites(snapshot, asked, rolled) for asked in ranges]
        return by_site(snapshot, of_whole_sites, pages, selection.agent, of_days)
    parts = [of_pages(snapshot, asked, rolled) for asked in ranges]
    if all(_mostly_sums(part, asked) for part, (asked,) in zip(parts, ranges, strict=True)):
        await snapshot.in_order_of_names()
    found = by_page(snapshot, pages, selection.agent, parts)
    return sites_of(found) if listing.by is By.SITE else found


def _mostly_sums(parts: PageParts, asked: Range) -> bool:
    left = sum(part.hours for part in parts.hours)
    return bool(parts.months or parts.days) and left <= asked.hours // _FEW


def _page_of(names: CTE, listing: Listing) -> Select[Any]:
    """Rows of the list from where it goes on, one more than asked, beside the totals of all."""
    value = _value(names, listing.order)
    listed = names.c.views > 0
    if listing.order is Order.CHANGE:
        listed = or_(listed, names.c.before > 0)
    part = (
        select(names, value.label("value"))
        .where(listed, _behind(listing.after, value, names.c.name))
        .order_by(value.desc(), names.c.name)
        .limit(listing.limit + 1)
        .subquery("part")
    )
    totals = select(
        func.count().filter(listed).label("names"),
        func.sum(names.c.views).label("total"),
        func.sum(names.c.before).label("total_before"),
    ).select_from(names)
    both = totals.subquery("totals")
    return (
        select(both, part)
        .select_from(both.outerjoin(part, true()))
        .order_by(part.c.value.desc(), part.c.name)
    )


def _value(names: CTE, order: Order) -> ColumnElement[Any]:
    match order:
        case Order.VIEWS:
            return names.c.views
        case Order.CHANGE:
            return names.c.views - names.c.before
        case Order.NAME:
            return literal(0, BigInteger)


def _behind(
    after: After | None, value: ColumnElement[Any], name: ColumnElement[str]
) -> ColumnElement[bool]:
    if after is None:
        return true()
    reached = literal(min(max(after.value, -_MOST), _MOST), BigInteger)
    return or_(value < reached, and_(value == reached, name > storable(after.name)))


def _searched(name: ColumnElement[str], search: str) -> ColumnElement[bool]:
    if not is_storable(search):
        return false()
    if not search:
        return true()
    # Both databases know no other letters by their case here: SQLite never, PostgreSQL in the
    # collation of pages.
    return Place(func.lower(name), search.translate(_LOWER)) > 0


def _ranked(row: Any) -> Ranked:
    return Ranked(row.name, int(row.views), int(row.before))
