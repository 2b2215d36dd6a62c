"""What footfall roll-up says of what it did."""

import pytest

from cli.verbs.roll_up import said_of
from domain.aggregates import RolledUp


@pytest.mark.parametrize(
    ("done", "begins"),
    [
        (RolledUp(), ["nothing is due"]),
        (RolledUp(listed=True, days=2, months=1), ["added up: 2 days, 1 whole months"]),
        (RolledUp(unmarked=True), ["no sum is made where a projector of a version before 0.3.0"]),
        (RolledUp(days=1, unmarked=True), ["added up: 1 days", "no sum is made"]),
    ],
)
def test_what_was_done_is_said_and_why_nothing_was(done: RolledUp, begins: list[str]) -> None:
    lines = said_of(done).splitlines()
    assert [line[: len(words)] for line, words in zip(lines, begins, strict=True)] == begins
