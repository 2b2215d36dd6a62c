"""The hourly rows of what is counted beside pages, and whose of them a question is about."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    ColumnCollection,
    ColumnElement,
    Select,
    Subquery,
    and_,
    false,
    func,
    select,
    union_all,
)

from domain.agents.classes import Agent
from domain.dimensions import Dimension
from domain.page_rules import PageRules
from domain.stats.parts import merged
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.stats.counted import within
from rows.stats.rolled import kept
from rows.stats.snapshot import Snapshot
from rows.stats.spans import is_storable, sites
from rows.tables import dimension_views

_rows = dimension_views.c


class Wanted(NamedTuple):
    """Views of `sites` and with `value`, which `agent` made; None: of any."""

    dimension: Dimension
    sites: frozenset[str] | None
    value: str | None
    agent: Agent | None

    @classmethod
    def of(cls, selection: Selection, rules: PageRules) -> Self:
        """Sources, of all or of whole sites."""
        named: frozenset[str] | None = frozenset()
        if is_storable(selection.source or ""):
            found = sites(selection, rules) or []
            named = frozenset(span.low for span in found if span.low == span.high)
            for span in found:
                # All there are, or so many that they have no spans of their own.
                named = span.sites if span.high is None else named
        return cls(Dimension.SOURCE, named, selection.source, selection.agent)

    def among(self, columns: ColumnCollection[str, Any]) -> ColumnElement[bool]:
        """Is the row of a table with these columns one of them? It says not of which sites."""
        found = [columns.dimension == self.dimension.value]
        if self.value is not None:
            found.append(columns.value == self.value)
        if self.agent is not None:
            found.append(columns.agent == self.agent.value)
        return and_(*found)

    def at(self, site: ColumnElement[str]) -> Sequence[ColumnElement[bool]]:
        """Is it one of the sites? Nothing to ask where it may be any."""
        if self.sites is None:
            return []
        return [site.in_(sorted(self.sites)) if self.sites else false()]


def hourly(snapshot: Snapshot, wanted: Wanted, ranges: Sequence[Range]) -> Subquery:
    """Columns `site`, `value`, `view_hour`, `views`; `ranges` may overlap, rows come once."""
    # In the key the site stands before the hour: of all sites each is looked for.
    at = wanted.at(_rows.site) or [_rows.site.in_(_every_site(snapshot, wanted.dimension))]
    chosen = select(_rows.site, _rows.value, _rows.view_hour, _rows.views).where(
        _rows.generation == snapshot.standing.generation, wanted.among(_rows), *at
    )
    # A part for each: SQLite looks for no hours of a key that are in one range or in another.
    parts = [chosen.where(within(_rows.view_hour, part)) for part in kept(snapshot, merged(ranges))]
    if not parts:
        parts = [chosen.where(false())]
    return (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("beside")


def _every_site(snapshot: Snapshot, dimension: Dimension) -> Select[Any]:
    """Hops from site to site instead of reading all rows."""
    of_it = and_(
        _rows.generation == snapshot.standing.generation, _rows.dimension == dimension.value
    )
    hops = select(func.min(_rows.site).label("site")).where(of_it).cte("hops", recursive=True)
    following = select(func.min(_rows.site)).where(of_it, _rows.site > hops.c.site)
    hops = hops.union_all(select(following.scalar_subquery()).where(hops.c.site.is_not(None)))
    return select(hops.c.site).where(hops.c.site.is_not(None))
