"""The hourly rows that an answer is added up from, or what of it no sums beside them have."""

import json
from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    Text,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from domain.agents.classes import SLOTS, Agent
from domain.events import MAX_AT_MS, Hour
from domain.hours import hour_of
from domain.stats.parts import merged
from domain.stats.units import Range
from rows.stats.names import Among, SiteOf
from rows.stats.snapshot import Snapshot
from rows.stats.spans import Span
from rows.tables import hourly_views

LAST_HOUR = hour_of(MAX_AT_MS)
_SEVERAL = 2


def counted(
    snapshot: Snapshot, pages: Sequence[Span], ranges: Sequence[Range], agent: Agent | None
) -> Subquery:
    """Columns `page`, `view_hour`, `views` of what `agent` (None: anybody) looked at in `ranges`.

    Of each row only the range that holds its hour counts, not which hour of that it is: whoever
    wants to tell hours apart asks for each, or for `by_hour`. Ranges may overlap, rows come once.
    """
    return by_hour(snapshot, pages, agent, *merged(ranges))


def by_hour(
    snapshot: Snapshot, pages: Sequence[Span], agent: Agent | None, *ranges: Range
) -> Subquery:
    """The same with the hours as they are; shards lie apart."""
    parts = [
        _part(snapshot, and_(which, made_by(agent)), ranges)
        for which in apart(hourly_views.c.page, pages)
    ]
    if not parts:
        return _part(snapshot, false(), ranges).subquery("counted")
    return (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("counted")


def summed(
    snapshot: Snapshot,
    page: ColumnElement[str],
    start: ColumnElement[Hour],
    end: ColumnElement[Hour],
    agent: Agent | None,
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
            made_by(agent),
        )
        .scalar_subquery()
    )


def made_by(agent: Agent | None) -> ColumnElement[bool]:
    """Does the hourly row hold views that `agent` made?"""
    return true() if agent is None else hourly_views.c.shard.between(*SLOTS[agent])


def within(column: ColumnElement[Hour], *ranges: Range) -> ColumnElement[bool]:
    """Is the hour in one of them? As values, by which PostgreSQL picks its tables."""
    # Inclusive: behind the last hour there is none to say.
    found = [
        and_(column >= start, column <= min(end - 1, LAST_HOUR))
        for start, end in ranges
        if start < end
    ]
    return or_(*found) if found else false()


def _part(
    snapshot: Snapshot, held: ColumnElement[bool], ranges: Sequence[Range]
) -> Select[tuple[str, Hour, int]]:
    rows, standing = hourly_views.c, snapshot.standing
    kept = [Range(max(start, standing.horizon), end) for start, end in ranges]
    # The generation is a value, not a subquery: so PostgreSQL plans over the tables of one.
    return select(rows.page, rows.view_hour, rows.views).where(
        rows.generation == standing.generation, held, within(rows.view_hour, *kept)
    )


def apart(name: ColumnElement[str], spans: Sequence[Span]) -> Sequence[ColumnElement[bool]]:
    """Is it one of the spans? As parts, which have nothing in common.

    One for each: SQLite looks for no end of a key that begins in one of two ways. But all that are
    of one page are looked up in one.
    """
    alone = [span.low for span in spans if span.low == span.high]
    if len(alone) < _SEVERAL:
        return [held(name, span) for span in spans]
    return [name.in_(alone), *(held(name, span) for span in spans if span.low != span.high)]


def held(name: ColumnElement[str], span: Span) -> ColumnElement[bool]:
    """Is it one of the span?"""
    if span.high == span.low:
        return name == span.low
    # An end that holds nothing back could be the one that SQLite takes for the key.
    low = name >= span.low if span.low else true()
    found = low if span.high is None else and_(low, name < span.high)
    if span.sites is None:
        return found
    return and_(found, Among(SiteOf(name), literal(json.dumps(sorted(span.sites)), Text)))
