"""What is wrong with partitions, for people."""

from typing import NamedTuple

import pytest

from cli.output.troubles import trouble_lines


class Row(NamedTuple):
    partition: int
    error: str | None = None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([Row(0), Row(1)], []),
        ([Row(0), Row(3, "gone")], ["partition 3: gone"]),
        ([Row(p, "gone") for p in range(10)], ["partitions 0 to 9: gone"]),
        (
            [Row(0, "gone"), Row(1, "late"), Row(2, "gone"), Row(3, "gone"), Row(7, "gone")],
            ["partitions 0, 2 to 3, 7: gone", "partition 1: late"],
        ),
    ],
    ids=["nothing", "one", "all", "some"],
)
def test_one_thing_is_said_once(rows: list[Row], says: list[str]) -> None:
    assert list(trouble_lines(rows)) == says
