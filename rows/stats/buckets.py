"""Hours in the buckets that they belong to."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
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

    def place(self, hour: int) -> int:
        """Of the bucket that an hour between the edges is in."""
        return self._place[self._starts[bisect_right(self._starts, hour) - 1]]

    def together(self, one: Hour, other: Hour) -> bool:
        """Are both in one bucket?"""
        return self.place(one) == self.place(other)

    def cut(self, ranges: Sequence[Range]) -> Sequence[Range]:
        """`ranges`, which lie between the edges, in parts of which each is in one bucket."""
        found = []
        for start, end in ranges:
            inner = self._starts[bisect_right(self._starts, start) : bisect_left(self._starts, end)]
            found += [Range(*part) for part in pairwise([start, *inner, end])]
        return found

    def key(self, hour: ColumnElement[Hour]) -> ColumnElement[Any]:
        """What to group by, so that few rows come back; `views` takes it.

        SQLite has nothing that finds a bucket: it gives the hours themselves.
        """
        if not self._in_sql:
            return hour
        return func.width_bucket(hour, bindparam(None, self._starts, type_=ARRAY(HOUR)))

    def views(
        self, keyed: Iterable[tuple[Any, Any]], sums: Iterable[tuple[int, int]] = ()
    ) -> list[int]:
        """Of each bucket, from views by key, and by an hour that is in it."""
        found = [0] * max(len(self._edges) - 1, 0)
        for key, views in keyed:
            place = self._place[self._starts[key - 1]] if self._in_sql else self.place(key)
            found[place] += int(views)
        for hour, views in sums:
            found[self.place(hour)] += views
        return found
