"""A column beside the events of a batch that points to texts, each distinct one once."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, cast

from msgspec import Meta

MAX_TEXTS = 500
"""As many as a batch has events."""
PLACE_BYTES = 5
"""The most that an event takes in the column."""

# Controls of both kinds, and halves of surrogate pairs, which are no characters.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

Place = Annotated[int, Meta(ge=0, lt=MAX_TEXTS)]


def placed(
    texts: Iterable[str | None], usable: Callable[[str], bool]
) -> tuple[list[str], list[int | None]]:
    """The distinct ones, and for each its place among them: None where it is None or unusable."""
    places: dict[str, int] = {}
    of: list[int | None] = []
    for text in texts:
        if text is None or (text not in places and not usable(text)):
            of.append(None)
        else:
            of.append(places.setdefault(text, len(places)))
    return [*places], of


def by_event(texts: Sequence[str], of: Sequence[int | None]) -> list[str | None]:
    """The text of each event."""
    return [None if place is None else texts[place] for place in of]


def fault(
    what: str, texts: Sequence[str], of: Sequence[int | None], events: int, most_bytes: int
) -> str | None:
    """Why a column of `what` cannot stand beside so many events, None where it can."""
    if len(of) != events:
        return f"it has {len(of)} {what}s for {events} events"
    # The set first: there are few texts and many events.
    places = {*of}
    places.discard(None)
    last = max(cast("set[int]", places), default=-1)
    if last >= len(texts):
        return f"a {what} has text {last}, and there are {len(texts)}"
    # One search of all is several times as fast as one of each, and what is printable, and that
    # is nearly all, needs none.
    joined = "".join(texts)
    if not joined.isprintable() and _NO_TEXT.search(joined):
        return f"a text of a {what} has a control character"
    if not joined.isascii() and any(len(text.encode()) > most_bytes for text in texts):
        return f"a text of a {what} is over {most_bytes} bytes"
    return None


def fits(text: str, most_bytes: int) -> bool:
    """Has it at most so many bytes of UTF-8, and no control characters?"""
    if len(text) > most_bytes or _NO_TEXT.search(text):
        return False
    return text.isascii() or len(text.encode()) <= most_bytes


def text_bytes(text: str) -> int:
    """The most that a text which fits takes in a batch: it stands there once."""
    # Two quotes and a comma; of what is escaped only these are left.
    return len(text.encode()) + text.count('"') + text.count("\\") + 3
