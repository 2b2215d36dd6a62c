"""Sums beside the rows of a test, and which of them are true; all others are wrong."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agents.classes import agent_of
from domain.calendar import day_of, first_day, month_of_day, year_of
from domain.dimensions import Dimension
from domain.events import Generation, Hour
from domain.stats.selection import site_of
from rows.tables import (
    checkpoints,
    dimension_months,
    page_months,
    page_years,
    rolled_months,
    rollup_generations,
    site_days,
)

Counts = Mapping[Any, int]
Wide = dict[tuple[int, str, int], dict[int, int]]
ROLLED, DUE, BUILDING, NOWHERE = range(4)
_GHOST = "ghost.example/"
ANOTHER = 99
"""A dimension that there is not yet."""
_SOURCE_KEY = ("dimension", "month", "site", "value", "agent")
NO_COUNTS: Counts = {}


class Rolling(NamedTuple):
    """How likely a day is rolled up, drawn from `seed`; are all days listed, do folders mark?"""

    share: float = 0.0
    listed: bool = False
    marked: bool = True
    seed: int = 0


NOTHING = Rolling()
EVERYTHING_ROLLED = Rolling(1.0, listed=True)
ROLLINGS = (
    st.sampled_from([NOTHING, EVERYTHING_ROLLED, EVERYTHING_ROLLED, Rolling(1.0, True, False)])
    | st.builds(Rolling, st.just(0.5) | st.just(0.8), st.booleans(), st.just(True), st.integers())
)  # fmt: skip


async def roll(
    connection: AsyncConnection,
    generation: Generation,
    rows: Counts,
    how: Rolling,
    sources: Counts = NO_COUNTS,
) -> None:
    """In place of all that there was."""
    for table in (
        dimension_months,
        page_months,
        page_years,
        site_days,
        rolled_months,
        rollup_generations,
    ):
        await connection.execute(delete(table))
    await connection.execute(delete(checkpoints).where(checkpoints.c.partition == 99))
    if how == NOTHING:
        return
    draw = Random(how.seed)
    states = dict(_states({day_of(hour) for _, hour, _ in rows}, how, draw))
    months: dict[int, dict[int, int]] = defaultdict(dict)
    for day, state in states.items():
        month = month_of_day(day)[0]
        months[month][day - first_day(month)] = state
    whole = {
        month
        for month, days in months.items()
        if {*days.values()} == {ROLLED} and (how.share == 1 or draw.random() < 0.5)
    }
    for table, wide in _sums(rows, states, whole, how, draw).items():
        letter, first = {"page_months": ("d", 1), "page_years": ("m", 1), "site_days": ("h", 0)}[
            table.name
        ]
        time, name = (column.name for column in list(table.c)[1:3])
        empty = {column.name: None for column in list(table.c)[4:]}
        values = [
            {"generation": generation, time: when, name: what, "agent": agent}
            | empty
            | {f"{letter}{at + first:02}": views for at, views in parts.items()}
            for (when, what, agent), parts in wide.items()
        ]
        if values:
            await connection.execute(insert(table), values)
    of_sources = _sums_of_sources(sources, states, how, draw)
    if of_sources:
        no_days = {f"d{day:02}": None for day in range(1, 32)}
        await connection.execute(
            insert(dimension_months),
            [
                {"generation": generation, **dict(zip(_SOURCE_KEY, key, strict=True))}
                | no_days
                | {f"d{at + 1:02}": views for at, views in parts.items()}
                for key, parts in of_sources.items()
            ],
        )
    masks = [
        {"generation": generation, "month": month, "whole": month in whole}
        | {
            name: sum(1 << at for at, state in days.items() if state == wanted)
            for name, wanted in (("rolled", ROLLED), ("due", DUE), ("building", BUILDING))
        }
        for month, days in months.items()
    ]
    if masks:
        await connection.execute(insert(rolled_months), masks)
    await connection.execute(
        insert(rollup_generations).values(generation=generation, listed=how.listed)
    )
    folded = {"next_offset": 5, "epoch": 3, "marked_epoch": 3 if how.marked else 2}
    nothing = dict.fromkeys(("events", "views", "recorded_ms", "carried_offset"), 0)
    await connection.execute(
        insert(checkpoints).values(generation=generation, partition=99, **folded, **nothing)
    )


def _states(days: set[int], how: Rolling, draw: Random) -> Iterator[tuple[int, int]]:
    others = [DUE, DUE, BUILDING] if how.listed else [DUE, BUILDING, NOWHERE]
    for day in sorted(days):
        state = ROLLED if draw.random() < how.share else draw.choice(others)
        if state != NOWHERE:
            yield day, state


def _sums(
    rows: Counts, states: Mapping[int, int], whole: set[int], how: Rolling, draw: Random
) -> dict[Any, Wide]:
    found: dict[Any, Wide] = {
        table: defaultdict(lambda: defaultdict(int))
        for table in (page_months, page_years, site_days)
    }
    for (page, hour, slot), views in rows.items():
        day, agent = day_of(Hour(hour)), agent_of(slot).value
        month, _ = month_of_day(day)
        year, number = year_of(month)
        rolled = how.marked and states.get(day) == ROLLED
        for table, time, name, at, right in (
            (page_months, month, page, day - first_day(month), rolled),
            (page_years, year, page, number - 1, how.marked and month in whole),
            (site_days, day, site_of(page), hour % 24, rolled),
        ):
            if not right and draw.random() < 0.5:
                found[table][time, _GHOST, 0][at] = 7
            found[table][time, name, agent][at] += views if right else draw.choice([0, 5])
    return found


def _sums_of_sources(
    sources: Counts, states: Mapping[int, int], how: Rolling, draw: Random
) -> dict[tuple[int, int, str, str, int], dict[int, int]]:
    found: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (site, hour, value, _, agent), views in sources.items():
        day = day_of(Hour(hour))
        month, _ = month_of_day(day)
        at = day - first_day(month)
        right = how.marked and states.get(day) == ROLLED
        if not right and draw.random() < 0.5:
            found[Dimension.SOURCE, month, site, _GHOST, 0][at] = 7
        key = (Dimension.SOURCE, month, site, value, agent)
        found[key][at] += views if right else draw.choice([0, 5])
        # Of another dimension, which nobody asks for.
        found[ANOTHER, month, site, value, agent][at] = 9
    return found
