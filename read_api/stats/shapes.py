"""The answers, member by member. Names are fixed; further members may come."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType, field


class Question(Struct, kw_only=True):
    """The question as it was understood; moments are ISO 8601 with the zone's offset.

    `selection` has the parameter that named the pages, none where all are meant, and `source` where
    only views from there count; `agent` says whose views count.
    """

    selection: dict[str, str]
    from_: str | None = field(name="from")
    to: str | None
    unit: str | None
    tz: str
    agent: str
    compare: str | UnsetType = UNSET


class Answer(Struct, kw_only=True):
    """What every answer has; `notes` are sentences for people.

    Every view that was confirmed before `complete_until` (UTC) is in it; None: that is not known.
    """

    question: Question
    total: int
    complete_until: str | None
    generation: int
    notes: list[str]


class Bucket(Struct, kw_only=True):
    """Views from a moment up to, not including, another.

    It is `complete` where all of it is before the moment up to which the answer is. `cut` says why
    it is less than a whole unit: `range`, `horizon`.
    """

    from_: str = field(name="from")
    to: str
    views: int
    complete: bool
    cut: list[str] | UnsetType = UNSET


class Compared(Struct, kw_only=True):
    """The range before: `total` is all of it.

    `change` is a fraction, of `views` against `before`: over whole hours that are kept on both
    sides, `hours` of the `of_hours` that are over. None where nothing was before.
    """

    from_: str = field(name="from")
    to: str
    total: int
    change: float | None
    views: int
    before: int
    hours: int
    of_hours: int
    buckets: list[Bucket]


class ComparedRows(Struct, kw_only=True):
    """The hours that changes of rows are against, and the views in them."""

    from_: str = field(name="from")
    to: str
    total: int
    hours: int
    of_hours: int


class Views(Answer, kw_only=True):
    """GET /stats/views"""

    buckets: list[Bucket]
    busiest: Bucket | None
    compare: Compared | UnsetType = UNSET


class PageRow(Struct, kw_only=True):
    """A page in a list; `change` and `before` are over whole hours, None where not compared."""

    rank: int
    page: str
    views: int
    share: float
    change: float | None
    before: int | UnsetType = UNSET
    trend: Sequence[int] | UnsetType = UNSET


class SiteRow(Struct, kw_only=True):
    """A site in a list, the same."""

    rank: int
    site: str
    views: int
    share: float
    change: float | None
    before: int | UnsetType = UNSET
    trend: Sequence[int] | UnsetType = UNSET


class SourceRow(Struct, kw_only=True):
    """A source in a list, the same. `direct`: viewers came from nowhere, and `source` is empty."""

    rank: int
    source: str
    direct: bool
    views: int
    share: float
    change: float | None
    before: int | UnsetType = UNSET
    trend: Sequence[int] | UnsetType = UNSET


class Pages(Answer, kw_only=True):
    """GET /stats/pages; `trend` has the moments between which are the numbers of each row."""

    pages: list[PageRow]
    pages_total: int
    next: str | None
    compare: ComparedRows | UnsetType = UNSET
    trend: list[str] | UnsetType = UNSET


class Sites(Answer, kw_only=True):
    """GET /stats/sites"""

    sites: list[SiteRow]
    sites_total: int
    next: str | None
    compare: ComparedRows | UnsetType = UNSET
    trend: list[str] | UnsetType = UNSET


class Sources(Answer, kw_only=True):
    """GET /stats/sources; of `known` among `of_views` in the range it is known where their viewers
    came from, whatever is searched for. The others are in no row.
    """

    sources: list[SourceRow]
    sources_total: int
    known: int
    of_views: int
    next: str | None
    compare: ComparedRows | UnsetType = UNSET
    trend: list[str] | UnsetType = UNSET


class Mover(Struct, kw_only=True):
    """A page whose views changed by `difference`."""

    page: str
    views: int
    before: int
    difference: int


class Movers(Answer, kw_only=True):
    """GET /stats/movers"""

    risers: list[Mover]
    fallers: list[Mover]
    compare: ComparedRows


class Cell(Struct, kw_only=True):
    """An hour of the week: Monday is 1."""

    weekday: int
    hour: int
    views: int


class HoursOfWeek(Answer, kw_only=True):
    """GET /stats/hours-of-week"""

    cells: list[Cell]


class Bounds(Answer, kw_only=True):
    """GET /stats/bounds: hours in UTC, None where there are none.

    `rows` are those that lie in the database: some for each page and hour, one for each shard.
    `pages` and `rows` are null where they were not to be counted.
    """

    first: str | None
    last: str | None
    horizon: str | None
    pages: int | None
    sites: int
    rows: int | None
