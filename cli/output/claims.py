"""What batches claimed that was not so, for people."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class Claimed(Protocol):
    """Of a partition: batches that were not what their sequence says."""

    @property
    def duplicates(self) -> int: ...

    @property
    def forks(self) -> int: ...

    @property
    def jumps(self) -> int: ...


def claim_lines(partitions: Iterable[Claimed]) -> Iterator[str]:
    """A NOTE where somebody writes under another's name, or may."""
    found = list(partitions)
    forks, jumps = sum(p.forks for p in found), sum(p.jumps for p in found)
    if forks or jumps:
        yield (
            f"NOTE  producers: {forks:,} batches count though their producer had been further, "
            f"{jumps:,} leapt ahead of it. A few are late ones; many are a copy of an ingest "
            "machine (start it anew), or somebody else who may write to the log "
            "(docs/guarantees.md)"
        )


def duplicate_line(partitions: Iterable[Claimed]) -> str:
    """How many batches the fold has met again."""
    found = list(partitions)
    duplicates, forks = sum(p.duplicates for p in found), sum(p.forks for p in found)
    return (
        f"batches that were appended again and count once: {duplicates:,}; that count though "
        f"their producer had been further: {forks:,}"
    )
