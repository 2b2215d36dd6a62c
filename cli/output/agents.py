"""What is said of the lists by which viewers are classed."""

from collections.abc import Iterator

from domain.agents.lists import lists_of, with_list
from domain.shown import printable


def listed(lists: str) -> str:
    """Their versions, for people."""
    return printable(", ".join(lists_of(lists))) or "no list"


def class_lines(lists: str, version: str) -> Iterator[str]:
    """What `check` and `status` say of a live generation that was not classed by this list alone.

    Where no list has classed anything, or this program has none, there is nothing to say.
    """
    if not lists or not version or lists == version:
        return
    yield (
        f"NOTE  viewers were classed by {listed(lists)}, this Footfall classes by "
        f"{listed(with_list('', version))}: footfall replay classes all that the log still holds "
        "by that one list"
    )
