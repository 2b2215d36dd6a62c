"""POST /api/v2/query: from a question that was read to its answer."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.ports.stats import StatsReader
from domain.stats.answers import Standing
from domain.stats.ranking import By
from domain.stats.ranking import Order as Listed
from domain.stats.selection import Selection
from domain.stats.units import Range
from read_api.plausible.filters import leaves
from read_api.plausible.moments import NoRange
from read_api.plausible.query import Order, Query
from read_api.plausible.ranges import all_hours, kept_of, told_range
from read_api.plausible.reading import Found, Reading, in_turn, read
from read_api.plausible.refusing import wrong
from read_api.plausible.times import TooManyParts, begun, edges_of, labels_of, unit_for
from read_api.plausible.words import METRIC, NAMED, SOURCE, UNITS

_DOWN, _UP = "desc", "asc"


class Told(NamedTuple):
    """An answer, and what its numbers are of."""

    content: Mapping[str, Any]
    standing: Standing


class Row(NamedTuple):
    """Values of the dimensions in the order asked, and views."""

    dimensions: tuple[str, ...]
    views: int


async def answered(reader: StatsReader, query: Query, selection: Selection, now: int) -> Told:
    """Views of `selection`, the site. Raises `RequestRefused`, `StoreUnavailable`."""
    hours = query.hours or await hours_of_all(reader, selection, now)
    plan = _Plan(query, hours, now)
    found = await read(reader, plan.reading(selection))
    try:
        kept = kept_of(hours, found.standing.horizon)
    except NoRange as error:
        raise wrong("/date_range", str(error)) from None
    rows = await in_turn(len(found.cells) * (plan.parts or 1), plan.rows, found)
    total = found.names if plan.is_part else len(rows)
    content = {
        "results": [
            {"metrics": [row.views], "dimensions": row.dimensions}
            for row in rows[query.offset : query.offset + query.limit]
        ],
        "meta": plan.meta(total, kept),
        "query": plan.told(kept),
    }
    return Told(content, found.standing)


async def hours_of_all(reader: StatsReader, selection: Selection, now: int) -> Range:
    """From the first views of the site on, as they are before it is asked for them."""
    first = await reader.first(frozenset({selection.value}))
    return all_hours(first.hour, now)


class _Plan:
    """What a query takes in a range that is known."""

    def __init__(self, query: Query, hours: Range, now: int) -> None:
        self._query, self._hours, self._now = query, hours, now
        asked = query.dimensions
        self._time = next((each for each in asked if each in UNITS), None)
        self._named = next((each for each in asked if each in NAMED), None)
        unit = UNITS[self._time] if self._time else None
        self._unit = unit or unit_for(hours)
        self._edges = self._parts() if self._time else []
        self._order = query.order_by or self._usual_order()

    @property
    def parts(self) -> int:
        """How many each name is told in; 0: it is told as a whole."""
        return max(len(self._edges) - 1, 0)

    @property
    def is_part(self) -> bool:
        """Is the list of the rows in the order that is asked for, so that its beginning will do?"""
        return self._listed() is not None

    def reading(self, selection: Selection) -> Reading:
        """What has to be read."""
        listed = self._listed()
        return Reading(
            selection,
            self._hours,
            self._by(),
            self._query.filters,
            self._edges,
            None if listed is None else self._query.offset + self._query.limit,
            listed or Listed.VIEWS,
        )

    def rows(self, found: Found) -> Sequence[Row]:
        """All that have views, in their order; without dimensions the one there is."""
        if not self._query.dimensions:
            return [Row((), sum(sum(cell.views) for cell in found.cells))]
        rows = [Row(key, views) for key, views in self._summed(found).items() if views]
        rows.sort()
        for name, direction in reversed(self._order):
            rows.sort(key=self._key(name), reverse=direction == _DOWN)
        return rows

    def meta(self, total: int, kept: Range) -> Mapping[str, Any]:
        """What `include` asks for; labels are of hours that are kept."""
        wanted, meta = self._query.include, dict[str, Any]()
        if wanted.get("imports"):
            meta["imports_included"] = False
        if wanted.get("time_labels"):
            labels = labels_of(self._edges, self._unit)
            meta["time_labels"] = [labels[at] for at in begun(self._edges, kept, self._now)]
        if wanted.get("total_rows"):
            meta["total_rows"] = total
        return meta

    def told(self, kept: Range) -> Mapping[str, Any]:
        """The question as it was understood, of what is kept."""
        query = self._query
        return {
            "site_id": query.site_id,
            "metrics": [METRIC],
            "date_range": told_range(kept),
            "filters": query.said.get("filters", []),
            "dimensions": query.dimensions,
            "order_by": self._order,
            "include": query.include,
            "pagination": {"offset": query.offset, "limit": query.limit},
        }

    def _by(self) -> By | None:
        names = [leaf.dimension for leaf in leaves(self._query.filters)]
        named = self._named or next(iter(names), None)
        return NAMED[named] if named else None

    def _listed(self) -> Listed | None:
        """The order of the list itself that is the one asked for, None where none is."""
        query = self._query
        # A source has another name in the answer than in the list.
        if query.filters or self._time or self._named in (None, SOURCE):
            return None
        match [tuple(each) for each in self._order]:
            case [(first, way), *rest] if first == METRIC and way == _DOWN:
                return Listed.VIEWS if rest in ([], [(self._named, _UP)]) else None
            case [(_, way), *_] if way == _UP and self._order[0][0] == self._named:
                return Listed.NAME
            case _:
                return None

    def _usual_order(self) -> Order:
        return [*([(self._time, _UP)] if self._time else []), (METRIC, _DOWN)]

    def _parts(self) -> Sequence[Any]:
        try:
            return edges_of(self._hours, self._unit)
        except TooManyParts as error:
            at = list(self._query.dimensions).index(self._time or "")
            raise wrong(f"/dimensions/{at}", str(error)) from None

    def _summed(self, found: Found) -> Mapping[tuple[str, ...], int]:
        asked = self._query.dimensions
        labels = labels_of(self._edges, self._unit) if self._time else [""]
        sums: dict[tuple[str, ...], int] = {}
        for cell in found.cells:
            for label, views in zip(labels, cell.views, strict=True):
                key = tuple(label if each in UNITS else cell.name for each in asked)
                sums[key] = sums.get(key, 0) + views
        return sums

    def _key(self, name: str) -> Any:
        if name == METRIC:
            return lambda row: row.views
        at = list(self._query.dimensions).index(name)
        return lambda row: row.dimensions[at]
