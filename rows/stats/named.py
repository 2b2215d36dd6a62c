"""Views by name in some ranges at once: what a list is sorted from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.parts import PageParts, SiteParts, merged
from domain.stats.units import Range
from rows.stats.counted import apart, by_hour, within
from rows.stats.names import SiteOf
from rows.stats.snapshot import Snapshot
from rows.stats.spans import Span
from rows.stats.sums import DAYS, MONTHS, YEARS, Wide, alike

COLUMNS = ("views", "before")
# Of one kind of sums, of which there are two: SQLite takes 500 in one statement.
_MOST_PARTS = 200
# As many as a selection has, whoever asks.
_FEW = 2


def by_page(
    snapshot: Snapshot, pages: Sequence[Span], agent: Agent | None, parts: Sequence[PageParts]
) -> Subquery:
    """Columns `name` and, for each of `parts`, one of `COLUMNS`; a row of each page with views.

    It may also have pages without any.
    """
    rows = [
        *_of(snapshot, YEARS, pages, agent, [part.months for part in parts]),
        *_of(snapshot, MONTHS, pages, agent, [part.days for part in parts]),
    ]
    hours = [part.hours for part in parts]
    if any(hours) or not rows:
        rows.append(_by_hour(snapshot, pages, agent, hours))
    return added_up(rows, len(parts))


def by_site(
    snapshot: Snapshot,
    sites: Sequence[Span],
    pages: Sequence[Span],
    agent: Agent | None,
    parts: Sequence[SiteParts],
) -> Subquery:
    """The same of each site; `sites` and `pages` hold the same."""
    rows = _of(snapshot, DAYS, sites, agent, [part.days for part in parts])
    hours = [part.hours for part in parts]
    if any(hours) or not rows:
        # By page first: these are in the order of the key, sites are not.
        found = added_up([_by_hour(snapshot, pages, agent, hours)], len(parts))
        rows.append(_named_by_site(found))
    return added_up(rows, len(parts))


def sites_of(found: Subquery) -> Subquery:
    """Pages, as they come from `by_page`, by site."""
    return added_up([_named_by_site(found)], len(found.c) - 1)


def _named_by_site(found: Subquery) -> Select[Any]:
    name, *columns = found.c
    return select(SiteOf(name).label("name"), *columns)


def _of(
    snapshot: Snapshot,
    table: Wide,
    names: Sequence[Span],
    agent: Agent | None,
    bits: Sequence[dict[int, int]],
) -> list[Select[Any]]:
    times_alike = alike(*bits)
    parts = apart(table.name, names)
    if len(parts) > _FEW and len(parts) * len(times_alike) > _MOST_PARTS:
        parts = [or_(*parts)]
    found: list[Select[Any]] = []
    for asked, times in times_alike.items():
        totals = [table.total(part).label(name) for name, part in zip(COLUMNS, asked, strict=False)]
        rows = select(table.name.label("name"), *totals).where(*table.of(snapshot, agent, times))
        found += [rows.where(which) for which in parts]
    return found


def _by_hour(
    snapshot: Snapshot, pages: Sequence[Span], agent: Agent | None, hours: Sequence[Sequence[Range]]
) -> Select[Any]:
    rows = by_hour(snapshot, pages, agent, *merged([part for parts in hours for part in parts])).c
    return in_each(rows.page, rows.view_hour, rows.views, hours)


def in_each(
    name: ColumnElement[str],
    hour: ColumnElement[Hour],
    views: ColumnElement[int],
    hours: Sequence[Sequence[Range]],
) -> Select[Any]:
    """Hourly rows with a column of views for each of `hours`."""
    columns: list[ColumnElement[Any]] = [views]
    if len(hours) > 1:
        columns = [case((within(hour, *parts), views), else_=0) for parts in hours]
    return select(
        name.label("name"),
        *(column.label(name) for name, column in zip(COLUMNS, columns, strict=False)),
    )


def added_up(rows: Sequence[Select[Any]], columns: int) -> Subquery:
    """Rows of names with `columns` of `COLUMNS`: one of each name."""
    found = (rows[0] if len(rows) == 1 else union_all(*rows)).subquery()
    return (
        select(
            found.c.name,
            # PostgreSQL's sum is a numeric, which is slower to sort and to add up again.
            *(cast(func.sum(found.c[name]), BigInteger).label(name) for name in COLUMNS[:columns]),
        )
        .group_by(found.c.name)
        .subquery()
    )


def with_before(found: Subquery) -> Select[Any]:
    """All of it, with nothing `before` where that was not asked for."""
    if COLUMNS[-1] in found.c:
        return select(found)
    return select(found, literal(0, BigInteger).label(COLUMNS[-1]))
