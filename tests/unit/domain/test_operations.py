"""What becomes of a partition and of a rebuild, in a word, from what the rows show."""

import pytest

from domain.calendar import day_of, month_at
from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import NOT_CARRIED, GenerationInfo, State
from domain.hours import HOUR_MS, parse_instant
from domain.operations import (
    NO_DAYS,
    Days,
    MonthDays,
    days_before,
    folding_of,
    phase_of,
    views_of,
)
from domain.ownership import Trouble
from domain.stats.state import UNHELD, Building

JULY = month_at(2025, 7)


def built(state: State, done: int, total: int) -> Building:
    return Building(GenerationInfo(Generation(4), state, "replay", 0), done, total)


@pytest.mark.parametrize(
    ("building", "days", "phase"),
    [
        (built("loading", 3, 9), NO_DAYS, "loading"),
        (built("loading", 9, 9), NO_DAYS, "sorting"),
        (built("catching-up", 8, 9), NO_DAYS, "catching-up"),
        (built("catching-up", 9, 9), NO_DAYS, "comparing"),
        (built("catching-up", 9, 9), Days(1, 3), "adding-up"),
        # Views that come in meanwhile do not make it catch up again.
        (built("catching-up", 8, 9), Days(3, 3), "adding-up"),
    ],
)
def test_a_rebuild_is_where_its_rows_show_it(building: Building, days: Days, phase: str) -> None:
    assert phase_of(building, days) == phase


@pytest.mark.parametrize(
    ("trouble", "behind", "word"),
    [
        (None, 0, "caught-up"),
        (None, 7, "folding"),
        (None, None, "unknown"),
        (Trouble(stopped=True, reason="a batch of format 9"), 7, "stopped"),
        (Trouble(stopped=False, reason="the log is away"), None, "waiting"),
        (UNHELD, 0, "unheld"),
    ],
)
def test_a_partition_has_a_word(trouble: Trouble | None, behind: int | None, word: str) -> None:
    assert folding_of(trouble, behind) == word


def test_days_are_those_that_are_over() -> None:
    today = day_of(Hour(parse_instant("2025-07-03T12:00:00Z") // HOUR_MS))
    months = [
        MonthDays(JULY - 1, rolled=0b11, due=0b100),
        # The first two are over; today is due and never added up, and a clock was ahead.
        MonthDays(JULY, rolled=0b1, due=0b1110),
        MonthDays(JULY + 1, rolled=0, due=0b1),
    ]
    assert days_before(today, months) == Days(3, 5)
    assert days_before(today, []) == NO_DAYS


def test_views_are_what_was_folded_and_carried_over_less_what_expired() -> None:
    folded = [
        Checkpoint(Generation(1), Partition(number), Offset(9), Epoch(1), views=views)
        for number, views in enumerate((40, 2))
    ]
    info = GenerationInfo(
        Generation(1), "live", "replay", 0, carried_before=Hour(9), carried_views=100,
        expired_views=30,
    )  # fmt: skip
    assert views_of(info, folded) == 112
    waiting = GenerationInfo(
        Generation(1), "loading", "replay", 0, carried_before=Hour(9), carried_views=NOT_CARRIED
    )
    assert views_of(waiting, folded) == 42
