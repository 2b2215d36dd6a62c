"""The rows that an answer is added up from: what a roll-up would stand beside."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)

from domain.events import MAX_AT_MS, Hour
from domain.hours import hour_of
from domain.stats.units import Range
from rows.stats.snapshot import Snapshot
from rows.stats.spans import Span
from rows.tables import hourly_views

LAST_HOUR = hour_of(MAX_AT_MS)


def counted(snapshot: Snapshot, pages: Sequence[Span], ranges: Sequence[Range]) -> Subquery:
    """Columns `page`, `view_hour`, `views` of what was counted in `ranges`; shards lie apart.

    Of each row only the range that holds its hour counts, not which hour of that it is: whoever
    wants to tell hours apart asks for each, or for `by_hour`. Ranges may overlap, rows come once.
    """
    return by_hour(snapshot, pages, *merged(ranges))


def by_hour(snapshot: Snapshot, pages: Sequence[Span], *ranges: Range) -> Subquery:
    """The same with the hours as they are."""
    # A part for each span: SQLite looks for no end of a key that begins in one of two ways.
    parts = [_part(snapshot, _held(span), ranges) for span in pages]
    if not parts:
        return _part(snapshot, false(), ranges).subquery("counted")
    return (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("counted")


def summed(
    snapshot: Snapshot,
    page: ColumnElement[str],
    start: ColumnElement[Hour],
    end: ColumnElement[Hour],
) -> ScalarSelect[int | None]:
    """SQLite: views of `page` from `start` up to `end`, in a statement that knows their values.

    No other hours bound it: SQLite may take any two of them for the key.
    """
    rows, standing = hourly_views.c, snapshot.standing
    return (
        select(func.sum(rows.views))
        .where(
            rows.generation == standing.generation,
            rows.page == page,
            rows.view_hour >= func.max(start, standing.horizon),
            rows.view_hour < end,
        )
        .scalar_subquery()
    )


def within(column: ColumnElement[Hour], *ranges: Range) -> ColumnElement[bool]:
    """Is the hour in one of them? As values, by which PostgreSQL picks its tables."""
    # Inclusive: behind the last hour there is none to say.
    found = [
        and_(column >= start, column <= min(end - 1, LAST_HOUR))
        for start, end in ranges
        if start < end
    ]
    return or_(*found) if found else false()


def merged(ranges: Sequence[Range]) -> Sequence[Range]:
    """The same hours in as few ranges as there can be, in order."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if found and start <= found[-1].end:
            found[-1] = Range(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Range(start, end))
    return found


def _part(
    snapshot: Snapshot, held: ColumnElement[bool], ranges: Sequence[Range]
) -> Select[tuple[str, Hour, int]]:
    rows, standing = hourly_views.c, snapshot.standing
    kept = [Range(max(start, standing.horizon), end) for start, end in ranges]
    # The generation is a value, not a subquery: so PostgreSQL plans over the tables of one.
    return select(rows.page, rows.view_hour, rows.views).where(
        rows.generation == standing.generation, held, within(rows.view_hour, *kept)
    )


def _held(span: Span) -> ColumnElement[bool]:
    page = hourly_views.c.page
    if span.high == span.low:
        return page == span.low
    # An end that holds nothing back could be the one that SQLite takes for the key.
    low = page >= span.low if span.low else true()
    return low if span.high is None else and_(low, page < span.high)
