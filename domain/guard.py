"""Which events of a batch have pages that strangers named, and how many new ones are taken."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType

from domain.columns import MAX_TEXTS

TABLE_BYTES = 48
"""The most that the table takes in a batch beside the column."""
FLAG_BYTES = 2
"""What an event takes in the column."""
MAX_NEW_PAGES = 1_000_000_000

Flag = Annotated[int, Meta(ge=0, le=1)]


class Guard(Struct, frozen=True, gc=False, omit_defaults=True):
    """In an hour of a site `new_pages` of this partition are counted by their own names.

    `of` has a 1 for each event that this is about, in their order; left out, it is about all.
    """

    new_pages: Annotated[int, Meta(ge=1, le=MAX_NEW_PAGES)]
    of: Annotated[Sequence[Flag], Meta(max_length=MAX_TEXTS)] | UnsetType = UNSET

    @classmethod
    def gathered(cls, new_pages: Iterable[int]) -> Self | None:
        """Of the number for each event, 0: any; the least of them is for all. None where all are 0.

        They only differ where ingest has begun anew with another setting.
        """
        each = [*new_pages]
        found = min(filter(None, each), default=0)
        if not found:
            return None
        return cls(found) if all(each) else cls(found, [int(number > 0) for number in each])

    def flags(self, events: int) -> Sequence[int]:
        """Of each event."""
        return [1] * events if self.of is UNSET else self.of

    def fault(self, events: int) -> str | None:
        """Why this cannot stand beside so many events, None where it can."""
        if self.of is UNSET or len(self.of) == events:
            return None
        return f"it says of {len(self.of)} events which it is about, and there are {events}"


def share(new_pages: int, partitions: int) -> int:
    """How many of `new_pages` one of so many partitions takes, 0: any."""
    return -(-new_pages // partitions)
