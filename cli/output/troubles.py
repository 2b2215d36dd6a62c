"""What is wrong with partitions, each thing said once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol


class Troubled(Protocol):
    """A partition, and what is wrong with it, if anything."""

    @property
    def partition(self) -> int: ...

    @property
    def error(self) -> str | None: ...


def trouble_lines(partitions: Iterable[Troubled]) -> Iterator[str]:
    """A line for each thing that is wrong, with the partitions it is wrong with."""
    found: dict[str, list[int]] = {}
    for one in partitions:
        if one.error:
            found.setdefault(one.error, []).append(one.partition)
    for error, numbers in found.items():
        yield f"{_named(numbers)}: {error}"


def _named(numbers: Sequence[int]) -> str:
    """`partition 3`, `partitions 0 to 9`, `partitions 0 to 4, 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    return f"partition{'s' if len(numbers) > 1 else ''} {words}"
