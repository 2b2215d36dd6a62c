"""Hours in the buckets that they belong to."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

from domain.events import Hour
from domain.stats.units import Range
from rows.stats.counted import LAST_HOUR
from rows.stats.snapshot import Snapshot
from rows.tables import HOUR


class Bucketed:
    """The buckets between `edges`, which ascend and may repeat."""

    def __init__(self, snapshot: Snapshot, edges: Sequence[Hour]) -> None:
        self._edges = edges
        # Behind the last hour there are none, and it is none that the database could hold.
        self._starts = sorted({edge for edge in edges[:-1] if edge <= LAST_HOUR})
        self._in_sql = snapshot.on_postgresql
        # Where a bucket is empty, the last of those that begin with it has the hours.
        self._place = {edge: place for place, edge in enumerate(edges[:-1])}

    @property
    def ranges(self) -> Sequence[Range]:
        """The hours of each."""
        return [Range(start, end) for start, end in zip(self._edges, self._edges[1:], strict=False)]

    def key(self, hour: ColumnElement[Hour]) -> ColumnElement[Any]:
        """What to group by, so that few rows come back; `views` takes it.

        SQLite has nothing that finds a bucket: it gives the hours themselves.
        """
        if not self._in_sql:
            return hour
        return func.width_bucket(hour, bindparam(None, self._starts, type_=ARRAY(HOUR)))

    def views(self, keyed: Sequence[tuple[Any, Any]]) -> list[int]:
        """Of each bucket, from views by key."""
        found = [0] * max(len(self._edges) - 1, 0)
        for key, views in keyed:
            place = key if self._in_sql else bisect_right(self._starts, key)
            found[self._place[self._starts[place - 1]]] += int(views)
        return found
