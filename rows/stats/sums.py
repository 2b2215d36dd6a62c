"""Sums beside the hourly rows: a row of theirs has a column for each part of its time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, select

from domain.agents.classes import Agent
from domain.calendar import DAY_HOURS, first_day, month_at
from domain.events import Hour
from domain.stats.parts import ALL_HOURS, PageParts, SiteParts
from rows.stats.snapshot import Snapshot
from rows.tables import dimension_months, page_months, page_years, site_days


class Wide:
    """One of the tables: `name` says of which page or site, `time` of which year, month or day."""

    def __init__(
        self, columns: Sequence[ColumnElement[int]], hour: Callable[[int, int], Hour]
    ) -> None:
        self.generation, self.time, _, self.agent, *self.parts = columns
        self.name: ColumnElement[Any] = columns[2]
        self.hour = hour
        """Where the part at a place of a time begins."""

    def total(self, bits: int) -> ColumnElement[int]:
        """Of a row, the parts whose bits are set."""
        found = [func.coalesce(part, 0) for at, part in enumerate(self.parts) if bits >> at & 1]
        return reduce(add, found) if found else literal(0, BigInteger)

    def of(
        self, snapshot: Snapshot, agent: Agent | None, times: Sequence[int]
    ) -> Sequence[ColumnElement[bool]]:
        """Is it a row of the generation, of the agent and of one of these times?"""
        # Of one time the rows can be had in the order of their names.
        when = self.time == times[0] if len(times) == 1 else self.time.in_(times)
        who = [] if agent is None else [self.agent == agent]
        return [self.generation == snapshot.standing.generation, when, *who]


YEARS = Wide([*page_years.c], lambda year, at: Hour(first_day(month_at(year, at + 1)) * DAY_HOURS))
MONTHS = Wide([*page_months.c], lambda month, at: Hour((first_day(month) + at) * DAY_HOURS))
_OF_VALUES = dimension_months.c
VALUES = Wide(
    [
        _OF_VALUES.generation,
        _OF_VALUES.month,
        _OF_VALUES.value,
        _OF_VALUES.agent,
        *(column for column in _OF_VALUES if not column.primary_key),
    ],
    MONTHS.hour,
)
"""By value of a dimension, and by site too: which of both are meant, `Asked` says."""
DAYS = Wide([*site_days.c], lambda day, at: Hour(day * DAY_HOURS + at))


class Sum(NamedTuple):
    """Views of the name, where one was asked for, in the part of time that begins with `hour`."""

    name: str
    hour: Hour
    views: int


Which = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Is the page or site, which stands in this column, asked for?"""
Naming = Callable[[ColumnElement[str]], ColumnElement[str]]
"""What sums are told apart by, from this column."""


class Asked(NamedTuple):
    """Whose sums: all together, or by what `naming` makes of a page or site."""

    agent: Agent | None
    which: Which
    naming: Naming = lambda _: literal("")


async def sums_of_pages(snapshot: Snapshot, asked: Asked, parts: PageParts) -> list[Sum]:
    """By month and day as they are in `parts`."""
    years = await _read(snapshot, YEARS, asked, parts.months)
    return [*years, *await _read(snapshot, MONTHS, asked, parts.days)]


async def sums_of_values(snapshot: Snapshot, asked: Asked, parts: PageParts) -> list[Sum]:
    """By day as they are in `parts`."""
    return list(await _read(snapshot, VALUES, asked, parts.days))


async def sums_of_sites(
    snapshot: Snapshot, asked: Asked, parts: SiteParts, together: Callable[[Hour, Hour], bool]
) -> list[Sum]:
    """By hour; but of a day altogether where the first and the last hour belong `together`."""
    whole, cut = {}, {}
    for day, bits in parts.days.items():
        start = DAYS.hour(day, 0)
        if bits == ALL_HOURS and together(start, DAYS.hour(day, 23)):
            whole[day] = bits
        else:
            cut[day] = bits
    days = await _read(snapshot, DAYS, asked, whole, at_once=True)
    return [*days, *await _read(snapshot, DAYS, asked, cut)]


def alike(*parts: Mapping[int, int]) -> Mapping[tuple[int, ...], Sequence[int]]:
    """Times of which the same bits are asked for, in each of `parts` some."""
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for time in sorted({*(time for part in parts for time in part)}):
        found[tuple(part.get(time, 0) for part in parts)].append(time)
    return found


async def _read(
    snapshot: Snapshot,
    table: Wide,
    asked: Asked,
    times: Mapping[int, int],
    *,
    at_once: bool = False,
) -> Iterator[Sum]:
    if not times:
        return iter(())
    columns = [table.total(ALL_HOURS)] if at_once else table.parts
    name = asked.naming(table.name).label("name")
    found = await snapshot.rows(
        # PostgreSQL's sum is a numeric, which takes as long to read as all the rest.
        select(name, table.time, *(cast(func.sum(column), BigInteger) for column in columns))
        .where(*table.of(snapshot, asked.agent, list(times)), asked.which(table.name))
        .group_by(table.time, "name")
    )
    return (
        Sum(name, table.hour(time, at), views)
        for name, time, *values in found
        for at, views in enumerate(values)
        if views and times[time] >> at & 1
    )
