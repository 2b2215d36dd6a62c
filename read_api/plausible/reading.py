"""What a question needs of the rows, in one read, so that it is of one snapshot."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import NamedTuple, TypeVar

from msgspec import Struct

from domain.events import Hour
from domain.page_rules import PageRules
from domain.ports.stats import StatsReader
from domain.stats.answers import Ranked, Ranking, Standing
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import Kind, Selection
from domain.stats.units import Range
from read_api.plausible.filters import Filter, Leaf, leaves
from read_api.plausible.matching import test_of
from read_api.plausible.naming import Names
from read_api.plausible.refusing import wrong
from read_api.plausible.words import PAGE

MOST_NAMES = 50_000
"""That are looked at to filter or to sort them otherwise than by views."""
MOST_IN_TIME = 5_000
"""The same where each is told in parts of the range."""
MOST_CELLS = 250_000
"""Names times parts of the range."""
LONGEST_SECONDS = 5.0
"""So long filters may take."""
# Fewer are gone through at once, more in a thread, so that other questions go on meanwhile.
_FEW = 1_000


Made = TypeVar("Made")


class Reading(Struct, frozen=True):
    """What is read: views of `selection`, a site, in `hours`.

    `by` names in all of their rows, or in the first `part` in the `order` of the rows; None: of the
    site altogether, and then there are no `filters`. Between `edges`, where there are any, each is
    told in parts. `before` is a range to compare with. Filters may take so many `seconds`.
    """

    selection: Selection
    hours: Range
    by: By | None = None
    filters: Sequence[Filter] = ()
    edges: Sequence[Hour] = ()
    part: int | None = None
    order: Order = Order.VIEWS
    before: Range | None = None
    seconds: float = LONGEST_SECONDS


class Cell(NamedTuple):
    """Views of a name, as it is told, in each part of the range; `before` in all of that."""

    name: str
    views: Sequence[int]
    before: int = 0


class Found(Struct, frozen=True):
    """`names` are all there are, whatever part of them this is."""

    standing: Standing
    cells: Sequence[Cell]
    names: int


async def read(reader: StatsReader, asked: Reading) -> Found:
    """Raises `RequestRefused` where it takes to look at too many names."""
    if asked.by is None:
        return await _of_the_site(reader, asked)
    ranking = await reader.ranking(_listing(asked, asked.by))
    if ranking.more and (asked.part or MOST_NAMES + 1) > MOST_NAMES:
        raise _too_many(asked)
    many = len(ranking.rows) * _tests(asked)
    return await in_turn(many, _passed, ranking, asked, asked.by)


async def in_turn(many: int, make: Callable[..., Made], *given: object) -> Made:
    """What `make` makes of so many things, in a thread where these are more than a few."""
    return make(*given) if many <= _FEW else await asyncio.to_thread(make, *given)


def _tests(asked: Reading) -> int:
    """To how many values each name is held; to a pattern may take as long as to many."""
    return 1 + sum(
        _FEW if each.how == "matches" else len(each.values) for each in leaves(asked.filters)
    )


async def _of_the_site(reader: StatsReader, asked: Reading) -> Found:
    edges = asked.edges or [*asked.hours]
    ranges = [edges, [*asked.before]] if asked.before else [edges]
    series = await reader.series(asked.selection, ranges)
    before = sum(series.views[1]) if asked.before else 0
    return Found(series.standing, [Cell("", series.views[0], before)], 1)


def _listing(asked: Reading, by: By) -> Listing:
    limit = min(asked.part or MOST_NAMES, MOST_NAMES)
    if asked.edges:
        limit = most_in_time(len(asked.edges) - 1)
    # In the order of changes those are listed, too, that have views in the range before alone.
    order = asked.order if asked.before is None else Order.CHANGE
    selection, search = _narrowed(asked)
    return Listing(
        by, asked.hours, selection, asked.before, order, search, limit, trend=asked.edges
    )


def most_in_time(parts: int) -> int:
    """How many names may be told in so many parts."""
    return min(MOST_IN_TIME, max(MOST_CELLS // max(parts, 1), 1))


def _narrowed(asked: Reading) -> tuple[Selection, str]:
    """Less than the site and a text to search for, where a filter that has to hold says so.

    It only saves work: all filters are asked of what is found.
    """
    selection, search = asked.selection, ""
    for each in asked.filters:
        if not isinstance(each, Leaf) or each.inverted or not each.case_sensitive:
            continue
        if len(each.values) != 1 or each.dimension != PAGE:
            continue
        (value,) = each.values
        if each.how == "is" and value.startswith("/"):
            selection = selection._replace(kind=Kind.PAGE, value=asked.selection.value + value)
        elif each.how == "contains" and value != "/":
            # That one may be told of a page whose name has none.
            search = value
    return selection, search


def _passed(ranking: Ranking, asked: Reading, by: By) -> Found:
    names = Names(by, asked.selection.value, PageRules(ranking.standing.rules))
    test = test_of(asked.filters, names.counted)
    cells, ends = [], monotonic() + asked.seconds
    for row in ranking.rows:
        name = names.told(row.name)
        if test(name):
            cells.append(Cell(name, _views(row, asked), row.before))
        if monotonic() > ends:
            raise wrong("/filters", f"they take over {asked.seconds:g} s: write simpler ones")
    return Found(ranking.standing, cells, len(cells) if asked.part is None else ranking.names)


def _views(row: Ranked, asked: Reading) -> Sequence[int]:
    return row.trend if asked.edges else [row.views]


def _too_many(asked: Reading) -> Exception:
    most = MOST_NAMES if not asked.edges else most_in_time(len(asked.edges) - 1)
    sentence = (
        f"the site has over {most:,} names in this range, more than can be gone through: ask for a "
        f'shorter range or longer parts of it, or filter by ["contains", "{PAGE}", ["…"]] first'
    )
    return wrong("/dimensions", sentence)
