"""Lists of pages, sites or sources by their views."""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from domain.events import Hour
from domain.stats.selection import EVERYTHING, Selection
from domain.stats.units import Range

MAX_LIMIT = 1_000


class By(Enum):
    """What is listed."""

    PAGE = "page"
    SITE = "site"
    SOURCE = "source"
    """Where viewers came from, `domain.dimensions.NONE` for those who came from nowhere."""


class Order(Enum):
    """What comes first. Ties are in the order of names, by their bytes in UTF-8."""

    VIEWS = "views"
    """Most views first."""
    CHANGE = "change"
    """The largest rise in views first, the largest fall last."""
    NAME = "page"
    """By name."""


class After(Struct, frozen=True, array_like=True):
    """Where a list goes on: behind the row with this value of its order and this name.

    `rank` is that of this row. `value` is views, or the difference in views, or 0 where the order
    is by name. So a page that comes in between moves nobody to another place of the list.
    """

    rank: int
    value: int
    name: str


class Listing(Struct, frozen=True):
    """Which rows of a list: those of `selection` in `asked` whose name holds `search`.

    `search` is plain text, in which only the letters A to Z are as good as a to z. Names without
    views in the range are left out, but for those that had some in `before` where the order is by
    change. Between the edges `trend`, which ascend and may repeat, each row is also told in parts.
    """

    by: By
    asked: Range
    selection: Selection = EVERYTHING
    before: Range | None = None
    order: Order = Order.VIEWS
    search: str = ""
    limit: int = 10
    after: After | None = None
    trend: Sequence[Hour] = ()
