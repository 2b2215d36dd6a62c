"""Numbered complete copies of the rows, and what one of them is made of.

loading ──▶ catching-up ──▶ live ──▶ previous ──▶ dropping ──▶ dropped
   └─────────────┴──────────────────────▲
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from domain.agents.classes import Agent
from domain.checkpoint import Checkpoint
from domain.dimensions import Dimension
from domain.events import Generation, Hour, Offset, Partition
from domain.hours import HOUR_MS, hour_of

State = Literal["loading", "catching-up", "live", "previous", "dropping", "dropped"]
BUILDING: tuple[State, ...] = ("loading", "catching-up")

# How much earlier than its hour an event may be recorded (the clock skew ingest allows), and as
# much again for clocks of ingest hosts that differ.
RECORDED_BEFORE_MS = 2 * HOUR_MS


NOT_CARRIED = -1


class Carry(Struct, frozen=True):
    """Hours before `before` were copied from an older generation that had folded up to `offset`.

    What the log holds of them below `offset` is in the copy already. Hours before `since` were not
    copied: rows of them had been dropped there, which the log may still give back.
    """

    before: Hour
    offset: Offset
    since: Hour | None = None

    def covers(self, hour: Hour | int) -> bool:
        """Was the hour copied?"""
        return hour < self.before and (self.since is None or hour >= self.since)


class GenerationInfo(Struct, frozen=True):
    """A generation. `purpose` says which command builds it: replay, verify or rollback.

    Hours before `carried_before` are copied, not folded (None: none are); `carried_views` were,
    NOT_CARRIED as long as that is still to be done. `expired_views` were dropped by retention. A
    previous generation is kept until `kept_until_ms`.

    Every batch that was confirmed before `complete_ms`, by the database's clock, is folded: the
    least of its partitions while it was live, 0 before that is known.

    `agent_lists` are the versions of the lists by which its rows were classed: a line each.

    `carried_dimension_views` and `expired_dimension_views` are the same of what is counted beside
    pages (`domain.dimensions`).
    """

    generation: Generation
    state: State
    purpose: str
    created_ms: int
    page_rules: str = ""
    carried_before: Hour | None = None
    carried_views: int = 0
    expired_views: int = 0
    kept_until_ms: int = 0
    complete_ms: int = 0
    agent_lists: str = ""
    carried_dimension_views: int = 0
    expired_dimension_views: int = 0

    @property
    def building(self) -> bool:
        return self.state in BUILDING

    @property
    def to_carry(self) -> bool:
        return self.carried_before is not None and self.carried_views == NOT_CARRIED


class HourDifference(Struct, frozen=True):
    """Views of a page and hour in two generations, by `agent` (None: by anybody)."""

    page: str
    hour: Hour
    old: int
    new: int
    agent: Agent | None = None


class DimensionDifference(Struct, frozen=True):
    """Views of a value of a dimension in two generations, in an hour of a site, by `agent` (None:
    by anybody).
    """

    dimension: Dimension
    site: str
    hour: Hour
    value: str
    old: int
    new: int
    agent: Agent | None = None


class Diff(Struct, frozen=True):
    """Two generations compared by page and hour at the same offsets.

    Compared are the hours from `first_hour` on; `largest` holds the largest differences. They are
    compared `by_class` of viewers too where one list has classed both, as `old_lists` and
    `new_lists` say. What is counted beside pages is compared as well: `differing_beside` are values
    of a site and hour.
    """

    old: Generation
    new: Generation
    first_hour: Hour
    old_rows: int
    new_rows: int
    old_views: int
    new_views: int
    differing: int
    largest: Sequence[HourDifference]
    by_class: bool = False
    old_lists: str = ""
    new_lists: str = ""
    differing_beside: int = 0
    largest_beside: Sequence[DimensionDifference] = ()

    @property
    def differs(self) -> bool:
        """Does anything?"""
        return bool(self.differing or self.differing_beside)


class Audit(Struct, frozen=True):
    """A generation's rows against what its checkpoints say was folded into them."""

    generation: Generation
    rows_views: int
    expired_views: int
    folded_views: int
    carried_views: int
    beside: "Audit | None" = None
    """The same of what is counted beside pages, where there is anything."""

    @property
    def difference(self) -> int:
        """Views in the rows that nothing accounts for; negative: views that are missing."""
        return self.rows_views + self.expired_views - self.folded_views - self.carried_views

    @property
    def is_wrong(self) -> bool:
        """Is anything not accounted for?"""
        return bool(self.difference or (self.beside and self.beside.difference))


def complete_from(truncated_recorded_ms: Iterable[int]) -> Hour | None:
    """The first hour all of whose events the log still holds, None where nothing was deleted.

    `truncated_recorded_ms`: for each partition that lost its beginning, when its first entry
    was recorded.
    """
    latest = max(truncated_recorded_ms, default=None)
    return None if latest is None else Hour(hour_of(latest + RECORDED_BEFORE_MS) + 1)


def behind(live: Iterable[Checkpoint], new: Mapping[Partition, Checkpoint]) -> list[Partition]:
    """The partitions whose checkpoint would step back if `new` were promoted."""
    return [
        found.partition
        for found in live
        if (found.partition not in new and found.next_offset > 0)
        or (found.partition in new and new[found.partition].next_offset < found.next_offset)
    ]
