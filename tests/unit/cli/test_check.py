"""What `footfall check` says of partitions and projectors."""

from typing import Any

import pytest
from msgspec.structs import replace

from cli.verbs.check import backlog_lines, fold_lines, kept_lines, rules_lines
from cli.verbs.status import number_lines
from domain.events import Generation
from domain.generations import GenerationInfo
from projector.status import PartitionStatus, Status

NOW_MS = 1_800_000_000_000


def row(  # type: ignore[no-untyped-def]
    partition: int,
    lag: int = 0,
    owner: str | None = "a",
    error: str | None = None,
    written: float | None = None,
):
    """One that was written so many seconds ago, None: never."""
    recorded = 0 if written is None else NOW_MS - int(written * 1_000)
    return PartitionStatus(
        partition, 0, lag, 0, lag, 0.0, 0, 0, 1, owner, error, recorded_ms=recorded
    )


def lines(rows: list[PartitionStatus], written: int, entered: int | None = None) -> list[str]:
    projectors = sorted({found.owner for found in rows if found.owner})
    known = range(len(rows) if entered is None else entered)
    return list(fold_lines(status(rows, projectors), known, written, NOW_MS))


def status(rows: list[PartitionStatus], projectors: list[str], page_rules: str = "") -> Status:
    live = GenerationInfo(Generation(1), "live", "first", 0, page_rules=page_rules)
    return Status(Generation(1), [live], None, rows, projectors, 0, 0, 0)


def test_rules_that_the_rows_are_not_counted_by_are_told() -> None:
    assert list(rules_lines(status([], [], "lower-host"), "lower-host")) == []
    assert list(rules_lines(status([], []), "lower-host")) == [
        "NOTE  page rules: PAGE_RULES is lower-host, the rows are counted by none: "
        "footfall replay --accept-diff applies it to all of them"
    ]


def test_whole_user_agents_in_the_log_are_told() -> None:
    assert [*kept_lines("label"), *kept_lines("class")] == []
    (line,) = kept_lines("full")
    assert line.startswith("NOTE  user agents: KEEP_USER_AGENTS is full")


def test_all_is_well() -> None:
    assert lines([row(0), row(1, owner="b")], 2) == ["OK    partitions (2)", "OK    projectors (2)"]


def test_a_larger_number_than_the_database_knows_needs_a_migration() -> None:
    assert lines([row(p) for p in range(4)], 4, entered=2) == [
        "ERROR partitions: NUM_PARTITIONS here is 4, the database knows 2 of them: run footfall "
        "migrate where 4 is right, or else set what the service has"
    ]


@pytest.mark.parametrize(
    ("old", "says"),
    [
        (
            [row(2)],
            "partition 2 is not written any more (NUM_PARTITIONS is 2): drained, nothing ever was",
        ),
        (
            [row(2, lag=500, written=10_800), row(3, lag=32, written=90_000)],
            "partitions 2 to 3 are not written any more (NUM_PARTITIONS is 2): 532 offsets to go, "
            "the last was 3 h ago",
        ),
    ],
)
def test_partitions_beyond_the_number_are_explained(old: list[PartitionStatus], says: str) -> None:
    found = lines([row(0), row(1), *old], 2)
    assert found == ["OK    partitions (2)", f"NOTE  {says}", "OK    projectors (1)"]


def test_what_the_service_writes_stands_before_the_number_of_this_process() -> None:
    old = [row(2, written=4), row(3, written=9), row(4, written=90_000)]
    assert lines([row(0), row(1), *old], 2) == [
        "OK    partitions (2)",
        "WARN  partitions: NUM_PARTITIONS here is 2, the service writes 4: partitions 2 to 3 were "
        "written 4 s ago. Set NUM_PARTITIONS=4 here; or, where it is to be 2, restart every ingest "
        "that has 4",
        "NOTE  partition 4 is not written any more (NUM_PARTITIONS is 2): drained, the last was "
        "25 h ago",
        "OK    projectors (1)",
    ]


def test_status_says_it_where_the_number_here_is_another() -> None:
    rows = [row(0, written=1), row(1, written=1)]
    assert list(number_lines(status(rows, ["a"]), 2, NOW_MS)) == []
    (fewer,) = number_lines(status(rows, ["a"]), 1, NOW_MS)
    assert fewer.startswith("NUM_PARTITIONS here is 1, the service writes 2: partition 1 was")
    (more,) = number_lines(status(rows, ["a"]), 5, NOW_MS)
    assert more.startswith("NUM_PARTITIONS here is 5, the database knows 2 of them: run footfall")


def test_nobody_folds() -> None:
    found = lines([row(0, owner=None)], 1)
    assert found[1] == "NOTE  projectors: none is alive, nothing is folded until one starts"


def test_a_partition_may_be_free_for_a_moment() -> None:
    found = lines([row(0), row(1, owner=None)], 2)
    assert found[1] == "NOTE  projectors (1): partition 1 without an owner now"


def waiting(
    partition: int = 0, checkpoint: int = 5, seconds: float | None = 90.0, **other: Any
) -> PartitionStatus:
    found = PartitionStatus(partition, 0, 9, checkpoint, 9 - checkpoint, seconds, 0, 0, 1, "a")
    return replace(found, **other)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (waiting(), waiting(), True),
        (waiting(seconds=None), waiting(seconds=None), True),
        (waiting(owner=None), waiting(owner=None), True),
        # It moves, however slowly; it waits for no longer than others do; it is known to be wrong.
        (waiting(), waiting(checkpoint=6), False),
        (waiting(seconds=5.0), waiting(seconds=7.0), False),
        (waiting(), waiting(lag=0), False),
        (waiting(), waiting(error="stopped: gone"), False),
        (waiting(), waiting(partition=1), False),
    ],
)
def test_a_backlog_that_does_not_shrink_is_an_error(
    before: PartitionStatus, after: PartitionStatus, says: bool
) -> None:
    found = list(backlog_lines(status([before], ["a"]), status([after], ["a"])))
    assert [line.startswith("ERROR partition 0: 4 offsets wait") for line in found] == [True] * says


def test_what_cannot_be_read_is_an_error() -> None:
    assert "ERROR partition 0: gone" in lines([row(0, error="gone")], 1)
