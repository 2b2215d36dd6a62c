"""One row of the table."""

from collections.abc import Sequence

from msgspec import Struct


class Ratio(Struct, frozen=True):
    """What the history keeps: no figure of one machine. More is better in each of them.

    `released` is the same ratio of the release that ran beside, where one did.
    """

    name: str
    value: float
    released: float | None = None


class Row(Struct, frozen=True):
    """What was measured, the median, and what it has to be."""

    name: str
    value: str
    target: str = ""
    kept: Ratio | None = None


def kept(rows: Sequence[Row]) -> list[Ratio]:
    """What the history keeps of them."""
    return [row.kept for row in rows if row.kept is not None]


def markdown(rows: Sequence[Row], third: str = "wanted") -> str:
    """The table as it stands in docs/benchmarks.md."""
    lines = [f"| what | median | {third} |", "| --- | --- | --- |"]
    lines += [f"| {row.name} | {row.value} | {row.target} |" for row in rows]
    return "\n".join(lines)
