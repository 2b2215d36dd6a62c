"""The ledger that the tests of losses hold the rows to notices what is too low or too high."""

from collections import Counter

import pytest

from tests.acceptance.ledger import HOUR, Attempt, Ledger, Outcome, Row

PAGE = Row("example.com/1", HOUR)
OTHER_HOUR = Row("example.com/1", "2025-07-16T11:00:00Z")
OTHER = Row("example.com/2", HOUR)


@pytest.fixture
def ledger() -> Ledger:
    """Five confirmed, two unknown, three refused of a page and hour."""
    found = Ledger()
    sent: list[tuple[Outcome, int]] = [("confirmed", 5), ("unknown", 2), ("refused", 3)]
    for outcome, views in sent:
        found.note(Attempt(0.0, 0.0, outcome), {PAGE: views})
    return found


@pytest.mark.parametrize("views", [5, 6, 7])
def test_what_was_confirmed_and_any_part_of_the_unknown_is_right(
    ledger: Ledger, views: int
) -> None:
    assert ledger.wrong(Counter({PAGE: views})) == []


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({PAGE: 4}, "example.com/1 at 2025-07-16T10:00:00Z: 4 counted, 5 confirmed, 2 unknown"),
        # What was refused is not counted.
        ({PAGE: 8}, "example.com/1 at 2025-07-16T10:00:00Z: 8 counted, 5 confirmed, 2 unknown"),
        ({}, "example.com/1 at 2025-07-16T10:00:00Z: 0 counted, 5 confirmed, 2 unknown"),
        (
            {PAGE: 5, OTHER_HOUR: 1},
            "example.com/1 at 2025-07-16T11:00:00Z: 1 counted, 0 confirmed, 0 unknown",
        ),
        (
            {PAGE: 5, OTHER: 1},
            "example.com/2 at 2025-07-16T10:00:00Z: 1 counted, 0 confirmed, 0 unknown",
        ),
    ],
)
def test_a_row_that_is_too_low_or_too_high_is_told(
    ledger: Ledger, counted: dict[Row, int], told: str
) -> None:
    assert ledger.wrong(counted) == [told]
