"""Pages or sites with their views, of which a list shows a part."""

from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from domain.stats.answers import Movers, Ranked, Ranking
from domain.stats.ranking import After, By, Listing, Order
from rows.stats.counted import counted, within
from rows.stats.names import Place, SiteOf
from rows.stats.snapshot import Snapshot
from rows.stats.spans import is_storable, spans, storable
from rows.stats.trends import with_trends

# A list that says more comes from nobody: what a value can be in the database.
_MOST = 2**63 - 1
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


async def read_ranking(snapshot: Snapshot, listing: Listing) -> Ranking:
    """`StatsReader.ranking`."""
    found = await snapshot.rows(_page_of(_names(snapshot, listing), listing))
    names, total, total_before = found[0][:3]
    rows = [_ranked(row) for row in found if row.name is not None]
    return Ranking(
        snapshot.standing,
        await with_trends(snapshot, listing, rows[: listing.limit]),
        rank=listing.after.rank + 1 if listing.after else 1,
        more=len(rows) > listing.limit,
        names=names,
        total=int(total or 0),
        total_before=int(total_before or 0),
    )


async def read_movers(snapshot: Snapshot, listing: Listing) -> Movers:
    """`StatsReader.movers`."""
    names = _names(snapshot, listing)
    rise = names.c.views - names.c.before
    sides = [
        select(names).where(which).order_by(first, names.c.name).limit(listing.limit).subquery(side)
        for side, which, first in (("up", rise > 0, rise.desc()), ("down", rise < 0, rise))
    ]
    up, down = sides
    found = [_ranked(row) for row in await snapshot.rows(select(up).union_all(select(down)))]
    found = list(await with_trends(snapshot, listing, found))
    found.sort(key=lambda row: (-abs(row.views - row.before), row.name))
    return Movers(
        snapshot.standing,
        risers=[row for row in found if row.views > row.before],
        fallers=[row for row in found if row.views < row.before],
    )


def _names(snapshot: Snapshot, listing: Listing) -> CTE:
    """All that have views in one of the ranges and hold what is searched for."""
    ranges = [listing.asked] if listing.before is None else [listing.asked, listing.before]
    rows = counted(snapshot, spans(listing.selection, snapshot.rules), ranges).c
    pages = select(
        rows.page.label("name"),
        *(
            func.coalesce(func.sum(rows.views).filter(within(rows.view_hour, span)), 0).label(name)
            for name, span in zip(("views", "before"), ranges, strict=False)
        ),
    ).group_by(rows.page)
    if listing.before is None:
        pages = pages.add_columns(literal(0, BigInteger).label("before"))
    found = pages.cte("found")
    if listing.by is By.SITE:
        found = _sites(found)
    # By name and not by row: before they were added up there were many more of them.
    return select(found).where(_searched(found.c.name, listing.search)).cte("names")


def _sites(pages: CTE) -> CTE:
    """Added up from pages: these are in the order of the key, sites are not."""
    site = SiteOf(pages.c.name)
    return (
        select(
            site.label("name"),
            func.sum(pages.c.views).label("views"),
            func.sum(pages.c.before).label("before"),
        )
        .group_by(site)
        .cte("sites")
    )


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
