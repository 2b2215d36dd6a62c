"""What statistics are answered with, as the rows hold it."""

from collections.abc import Mapping, Sequence
from typing import Self

from msgspec import Struct

from domain.events import MIN_AT_MS, Generation, Hour
from domain.hours import hour_of
from domain.reports import Watermark


class Standing(Struct, frozen=True):
    """What the numbers of an answer are of: read in the snapshot that they come from.

    Hours before `horizon` are past and left out; pages are named by `rules`. `complete_ms` and
    `now_ms` are as in `domain.reports.Watermark`. `folded` are sums over the checkpoints: where
    these are the same, so are the rows of a generation. None: the numbers are of several states.
    """

    generation: int
    horizon: Hour
    rules: str = ""
    complete_ms: int = 0
    now_ms: int = 0
    folded: tuple[int, ...] | None = ()

    @property
    def watermark(self) -> Watermark:
        """How complete the numbers are."""
        return Watermark(Generation(self.generation), self.complete_ms, self.now_ms)

    @property
    def open_hour(self) -> Hour:
        """The first hour that is not complete; the first of all where nothing is known."""
        return hour_of(self.complete_ms or MIN_AT_MS)

    def same_rows(self, other: Self) -> bool:
        """The same generation, named alike and from the same horizon on?"""
        return (self.generation, self.horizon, self.rules) == (
            other.generation,
            other.horizon,
            other.rules,
        )

    def asked_alike(self, other: Self) -> bool:
        """Would the same hours be asked for?"""
        return self.same_rows(other) and self.open_hour == other.open_hour


class Series(Struct, frozen=True):
    """Views of one selection between edges, as many as there are buckets, for each range asked."""

    standing: Standing
    views: Sequence[Sequence[int]]


class Hours(Struct, frozen=True):
    """Views of one selection by hour; hours without any are left out."""

    standing: Standing
    views: Mapping[Hour, int]


class Ranked(Struct, frozen=True):
    """A page, a site or a source: its views in the range, and in the range that is compared.

    `trend` are those between the edges that were asked for, as many as there are buckets.
    """

    name: str
    views: int
    before: int
    trend: Sequence[int] = ()


class Coverage(Struct, frozen=True):
    """Of `of_views` in the range it is of `known` where their viewers came from, or that from
    nowhere.
    """

    known: int
    of_views: int


class Ranking(Struct, frozen=True):
    """Rows in their order from where they were asked.

    `rank` is that of the first row; `more` says that others follow. `names` and `total` are of all
    in the list, whatever part of it this is. `total_before` also has the views of names that had
    them only in the range that is compared, and so does a list by change in `names`. A list of
    sources has its `coverage`, whatever is searched for.
    """

    standing: Standing
    rows: Sequence[Ranked]
    rank: int
    more: bool
    names: int
    total: int
    total_before: int
    coverage: Coverage | None = None


class Movers(Struct, frozen=True):
    """The largest rises and falls, the largest first; ties in the order of names.

    `total` and `total_before` are of all names, whether they moved or not.
    """

    standing: Standing
    risers: Sequence[Ranked]
    fallers: Sequence[Ranked]
    total: int
    total_before: int


class First(Struct, frozen=True):
    """The first hour with views, None where there are none."""

    standing: Standing
    hour: Hour | None


class Bounds(Struct, frozen=True):
    """How much there is: the first and the last hour with views, None where there are none.

    `rows` are those that lie there: one for each page, hour and shard. `total` are their views.
    `pages` and `rows` are None where they were not to be counted.
    """

    standing: Standing
    first: Hour | None
    last: Hour | None
    pages: int | None
    sites: int
    rows: int | None
    total: int
