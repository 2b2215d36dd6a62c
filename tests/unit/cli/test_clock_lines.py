"""What `footfall check` and `footfall retain` say of clocks and of a horizon."""

import pytest

from cli.output.clocks import Seen, clock_lines, held_line, reset_lines
from domain.clocks import Known
from domain.events import Hour
from domain.hours import HOUR_MS, hour_of, parse_instant
from domain.retention import NOTHING_PAST, horizon
from projector.housekeeping.reset import Reset

DAY_MS = 24 * HOUR_MS
NOW = parse_instant("2025-07-16T10:20:00Z")
KEPT = horizon(NOW, 10) or NOTHING_PAST


def seen(
    host_ms: int = NOW,
    database_ms: int = NOW,
    known: Known | None = None,
    kept: int = KEPT,
) -> Seen:
    return Seen(host_ms, database_ms, known or Known(NOW), Hour(kept))


@pytest.mark.parametrize(
    ("found", "days"),
    [
        (seen(), 10),
        (seen(kept=NOTHING_PAST), 0),
        (seen(kept=hour_of(NOW) - 24), 1),
        (seen(database_ms=NOW + 30_000, known=Known(NOW + HOUR_MS)), 10),
    ],
)
def test_where_all_is_well_there_is_nothing_to_say(found: Seen, days: int) -> None:
    assert list(clock_lines(found, days)) == []


@pytest.mark.parametrize(
    ("found", "begins"),
    [
        (seen(host_ms=NOW + DAY_MS), "WARN  clocks: this host is 24 h ahead of the database: "),
        (seen(database_ms=NOW + 120_000), "WARN  clocks: this host is 2 min behind the database: "),
        (
            seen(known=Known(NOW - 500 * DAY_MS, 500 * DAY_MS)),
            "WARN  clocks: the clock is 500 days ahead of 2024-03-03T10:00Z, the last moment that ",
        ),
        (
            seen(known=Known(NOW + 3 * DAY_MS)),
            "WARN  clocks: 3 days behind 2025-07-19T10:00Z, which was believed already: ",
        ),
        (
            seen(kept=hour_of(NOW) + 100 * 24),
            "ERROR horizon: hours before 2025-10-24T10:00Z are in no report and are dropped, and ",
        ),
        (
            seen(kept=KEPT + 100),
            "NOTE  horizon: the oldest hour kept is 2025-07-10T14:00Z, RETENTION_DAYS=10 means ",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(found: Seen, begins: str) -> None:
    (line,) = clock_lines(found, 10)
    assert line.startswith(begins)
    assert any(word in line for word in ("set", "footfall retain --reset-horizon"))


def test_without_retention_a_horizon_of_before_is_told() -> None:
    (line,) = clock_lines(seen(), 0)
    assert "RETENTION_DAYS=0 means all are kept" in line


def test_what_is_held_back_says_how_it_ends() -> None:
    line = held_line(Known(NOW, 60 * DAY_MS, 3 * DAY_MS))
    assert "60 days ahead of 2025-07-16T10:00Z" in line
    assert "3 days of running have confirmed it" in line
    assert line.endswith("footfall retain --accept-clock")


def test_what_a_reset_brings_is_shown() -> None:
    wrong = Hour(KEPT + 500 * 24)
    lines = list(reset_lines(Reset(NOW, wrong, KEPT, 1_234, 5_678, NOW - DAY_MS, whole=False)))
    assert lines == [
        "by the clocks it is 2025-07-16T10:00Z",
        "oldest hour kept: 2026-11-18T10:00Z now, 2025-07-06T10:00Z afterwards",
        "hours between are accepted again, and in reports with the rows that are still there",
        "rows with 1,234 views were dropped since the first was counted",
        "the log holds 5,678 entries, the oldest recorded 2025-07-15T10:00Z; older ones were "
        "deleted",
        "footfall replay --accept-diff counts again what it holds of these hours (where it asks "
        "for --carry-over, with that)",
    ]
    lines = list(reset_lines(Reset(NOW, KEPT, KEPT, 0, 0, None, whole=True)))
    assert lines[1:] == [
        "oldest hour kept: 2025-07-06T10:00Z, RETENTION_DAYS does not mean an earlier one"
    ]
