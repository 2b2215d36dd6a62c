"""What is known of the viewers of a batch: a column beside its events, and the texts it points to.

A text is what is kept of a user agent, each distinct one once. It is never an address, and what it
may hold is bounded: a log cannot unlearn what it was told.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Self

from msgspec import Meta, Struct

from domain import columns
from domain.columns import MAX_TEXTS, Place

LABEL: Final = "label"
"""A label is kept: family and version of a browser, product names of anything else."""
FULL: Final = "full"
"""The whole user agent is."""
CLASS: Final = "class"
"""The name of an agent's class is, and nothing of the agent."""
KEPT = frozenset({LABEL, FULL, CLASS})

MAX_TEXT_BYTES = 512
TABLE_BYTES = 320
"""The most that the table takes in a batch beside its texts and the column."""

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_BYTES)]


class Viewers(Struct, frozen=True, gc=False):
    """`texts`, and for each event of the batch in its order the place of its viewer's text in them.

    The place is None where nothing is known. `kept` says what is kept of a user agent: one of
    `KEPT`, or what a Footfall to come keeps. `data` names the version of the data it was made by.
    """

    kept: Annotated[str, Meta(pattern=r"\A[a-z_]{1,16}\Z")]
    data: Annotated[str, Meta(max_length=200, pattern=r"\A[ -~]*\Z")]
    texts: Annotated[Sequence[Text], Meta(max_length=MAX_TEXTS)]
    of: Annotated[Sequence[Place | None], Meta(max_length=MAX_TEXTS)]

    @classmethod
    def gathered(cls, kept: str, data: str, texts: Iterable[str | None]) -> Self | None:
        """Of a text, or None, for each event; None where nothing is known of any.

        What can be no text (`usable`) is not known.
        """
        found, of = columns.placed(texts, usable)
        return cls(kept, data, found, of) if found else None

    def by_event(self) -> list[str | None]:
        """The text of each event's viewer."""
        return columns.by_event(self.texts, self.of)

    def fault(self, events: int) -> str | None:
        """Why this cannot stand beside so many events, None where it can."""
        return columns.fault("viewer", self.texts, self.of, events, MAX_TEXT_BYTES)


def usable(text: str) -> bool:
    """Can it be kept: not empty, at most `MAX_TEXT_BYTES` of UTF-8, no control characters?"""
    return bool(text) and columns.fits(text, MAX_TEXT_BYTES)
