"""What is compared of two generations, for each roll-up."""

from typing import NamedTuple

from domain.events import Generation, Hour
from rows.rollups import AGENT, DIMENSIONS, HOURLY, Rollup

# What has classed both sides alike is told apart by class as well.
_ANY_CLASS = "0"


class Sides(NamedTuple):
    """New against old, from hour `first` on; `alike` where rows may well be the same one by one."""

    new: Generation
    old: Generation
    first: Hour
    by_class: bool
    alike: bool


class Totals(NamedTuple):
    """Of both sides; what one is ahead counts among its views."""

    old_rows: int
    new_rows: int
    old_views: int
    new_views: int


class Compared(NamedTuple):
    """A roll-up, compared by `kept` and class: what differs comes into the table `differing`.

    `hashed` is a 64-bit hash of all that is kept but the hour, by seeds that differ between
    classes; `agent` is the class of a row, and `part` the key that rows lie together by in SQLite.
    """

    rollup: Rollup
    kept: str
    agent: str
    hashed: str
    part: str
    ahead: str
    differing: str

    def sql(self, template: str, sides: Sides, **more: str) -> str:
        """The names of the roll-up and these, and `more`, at their places in `template`."""
        names = {
            "kept": self.kept,
            "agent": self.agent if sides.by_class else _ANY_CLASS,
            "part": self.part,
            "ahead": self.ahead,
            "differing": self.differing,
        }
        return self.rollup.sql(template, **(names | more))


PAGES = Compared(
    HOURLY,
    kept="page, view_hour",
    agent=AGENT,
    hashed="hashtextextended(page, 2 * ({agent}) + {seed})",
    part="page",
    ahead="ahead",
    differing="differing",
)
BESIDE = Compared(
    DIMENSIONS,
    kept="dimension, site, view_hour, value",
    agent="agent",
    hashed="hashtextextended(value, hashtextextended(site, "
    "16 * dimension::bigint + 2 * ({agent}) + {seed}))",
    part="site",
    ahead="ahead_beside",
    differing="differing_beside",
)
