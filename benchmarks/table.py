"""One row of the table."""

from collections.abc import Sequence

from msgspec import Struct


class Row(Struct, frozen=True):
    """What was measured, the median, and what it has to be."""

    name: str
    value: str
    target: str = ""


def markdown(rows: Sequence[Row]) -> str:
    """The table as it stands in docs/benchmarks.md."""
    lines = ["| what | median | wanted |", "| --- | --- | --- |"]
    lines += [f"| {row.name} | {row.value} | {row.target} |" for row in rows]
    return "\n".join(lines)
