"""The tables of a batch: names that have a meaning, and those that must not be passed over.

A table stands beside the events and says more of them, column by column. One whose name is not
known here is skipped, and so are unknown members of one that is. But a name that begins with `!`
says that the events do not mean the same without it.
"""

from collections.abc import Iterable
from typing import Final

from domain.errors import UnknownFormat
from domain.shown import printable

AGENT: Final = "agent"
"""Who looked, as far as that is known: `domain.agents.viewers.Viewers`."""
SOURCE: Final = "source"
"""Where the viewers came from, as far as that is known: `domain.sources.Sources`."""
GUARD: Final = "!guard"
"""Whose pages may be counted by another name, where they are too many: `domain.guard.Guard`."""

MUST_BE_KNOWN: Final = "!"
"""What a name begins with that is not to be passed over."""
KNOWN = frozenset({AGENT, SOURCE, GUARD})
"""The tables that this Footfall reads."""

RESERVED = {
    "key": "the idempotency keys of the requests",
    "country": "where the viewers were",
    "covered": "the stretch of an access log that these events are all of",
    "!seen": "tokens of visitors: facts of a partition of another kind",
    "pt": "the moments in a finer or coarser unit",
}
"""Names that are kept free for what is to come, and what that is."""


_MOST_SHOWN = 64


def require_known(names: Iterable[str]) -> None:
    """Raises `UnknownFormat` for a table that must be known and is not."""
    for name in names:
        if name.startswith(MUST_BE_KNOWN) and name not in KNOWN:
            raise UnknownFormat(
                f'this batch has a table "{printable(name[:_MOST_SHOWN])}", which this Footfall '
                "does not know and must not pass over: upgrade the projectors before the ingest "
                "processes"
            )
