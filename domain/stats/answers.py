"""What statistics are answered with, as the rows hold it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from domain.events import Hour


class Standing(Struct, frozen=True):
    """What the numbers of an answer are of: read in the snapshot that they come from.

    Hours before `horizon` are past and left out.
    """

    generation: int
    horizon: Hour


class Series(Struct, frozen=True):
    """Views of one selection between edges, as many as there are buckets, for each range asked."""

    standing: Standing
    views: Sequence[Sequence[int]]


class Hours(Struct, frozen=True):
    """Views of one selection by hour; hours without any are left out."""

    standing: Standing
    views: Mapping[Hour, int]


class Ranked(Struct, frozen=True):
    """A page or a site: its views in the range, and in the range that is compared.

    `trend` are those between the edges that were asked for, as many as there are buckets.
    """

    name: str
    views: int
    before: int
    trend: Sequence[int] = ()


class Ranking(Struct, frozen=True):
    """Rows in their order from where they were asked.

    `rank` is that of the first row; `more` says that others follow. `names` and `total` are of all
    in the list, whatever part of it this is. `total_before` also has the views of names that had
    them only in the range that is compared, and so does a list by change in `names`.
    """

    standing: Standing
    rows: Sequence[Ranked]
    rank: int
    more: bool
    names: int
    total: int
    total_before: int


class Movers(Struct, frozen=True):
    """The largest rises and falls, the largest first; ties in the order of names."""

    standing: Standing
    risers: Sequence[Ranked]
    fallers: Sequence[Ranked]


class Bounds(Struct, frozen=True):
    """How much there is: the first and the last hour with views, None where there are none.

    `rows` are those that lie there: one for each page, hour and shard.
    """

    standing: Standing
    first: Hour | None
    last: Hour | None
    pages: int
    sites: int
    rows: int
