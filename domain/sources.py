"""Where the viewers of a batch came from: a column beside its events, and what it points to."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from msgspec import Meta, Struct

from domain import columns
from domain.columns import MAX_TEXTS, Place

MAX_SOURCE_BYTES = 255
TABLE_BYTES = 40
"""The most that the table takes in a batch beside its texts and the column."""

Text = Annotated[str, Meta(max_length=MAX_SOURCE_BYTES)]


class Sources(Struct, frozen=True, gc=False):
    """`texts`, and for each event of the batch in its order the place of its source in them.

    The place is None where nobody knows. The text `domain.dimensions.NONE` is known: from nowhere.
    """

    texts: Annotated[Sequence[Text], Meta(max_length=MAX_TEXTS)]
    of: Annotated[Sequence[Place | None], Meta(max_length=MAX_TEXTS)]

    @classmethod
    def gathered(cls, texts: Iterable[str | None]) -> Self | None:
        """Of a text, or None, for each event; None where nothing is known of any.

        What can be no text (`usable`) is not known.
        """
        found, of = columns.placed(texts, usable)
        return cls(found, of) if found else None

    def by_event(self) -> list[str | None]:
        """The source of each event's viewer."""
        return columns.by_event(self.texts, self.of)

    def fault(self, events: int) -> str | None:
        """Why this cannot stand beside so many events, None where it can."""
        return columns.fault("source", self.texts, self.of, events, MAX_SOURCE_BYTES)


def usable(text: str) -> bool:
    """Can it be kept: at most `MAX_SOURCE_BYTES` of UTF-8, no control characters?"""
    return columns.fits(text, MAX_SOURCE_BYTES)
