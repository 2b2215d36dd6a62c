"""What is told of batches that were not what their sequence says."""

from cli.output.claims import claim_lines, duplicate_line
from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition


def folded(duplicates: int = 0, forks: int = 0, jumps: int = 0) -> Checkpoint:
    return Checkpoint(
        Generation(1), Partition(0), Offset(9), Epoch(1), 0, 0, 0, duplicates, forks, jumps
    )


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert list(claim_lines([folded(), folded(duplicates=3)])) == []


def test_forks_and_jumps_of_all_partitions_are_one_note() -> None:
    (line,) = claim_lines([folded(forks=1_000), folded(forks=2, jumps=1)])
    assert line.startswith("NOTE  producers: 1,002 batches")
    assert "1 leapt" in line


def test_duplicates_stand_in_a_sentence() -> None:
    assert "count once: 5;" in duplicate_line([folded(duplicates=2), folded(duplicates=3)])
