"""Who folds what, as everybody sees it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from domain.errors import (
    HistoryTruncated,
    LogError,
    LogWentBackward,
    PartitionTrouble,
    StoreRefused,
    StoreUnavailable,
    UnknownFormat,
    Unstorable,
)
from domain.events import Partition
from domain.hours import as_moment

TroubleKind = Literal[
    "unheld",
    "newer-format",
    "log-truncated",
    "log-went-backward",
    "database-refuses",
    "log-away",
    "database-away",
    "other",
]
"""Why a partition is not folded, as a word that programs go by."""

_KINDS: Mapping[type[Exception], TroubleKind] = {
    UnknownFormat: "newer-format",
    HistoryTruncated: "log-truncated",
    LogWentBackward: "log-went-backward",
    StoreRefused: "database-refuses",
    Unstorable: "database-refuses",
    LogError: "log-away",
    StoreUnavailable: "database-away",
}


def trouble_kind(error: Exception) -> TroubleKind:
    """The word for what was raised while a partition was folded."""
    return next((_KINDS[each] for each in type(error).__mro__ if each in _KINDS), "other")


class Trouble(Struct, frozen=True):
    """Why a partition is not folded just now, in a sentence and, where it is known, as a word.

    It is `stopped` where trying again does not help before somebody has done something, or else it
    waits for what is away. `since_ms` is by the clock of the database, 0 before it has seen it.
    """

    stopped: bool
    reason: str
    since_ms: int = 0
    kind: str | None = None

    @property
    def sentence(self) -> str:
        """For people."""
        since = f" since {as_moment(self.since_ms)}" if self.since_ms else ""
        return f"{'stopped' if self.stopped else 'waits'}{since}: {self.reason}"


def require_untroubled(troubles: Mapping[Partition, Trouble]) -> None:
    """Raises `PartitionTrouble` that says what is wrong with each."""
    if troubles:
        said = (f"partition {p}: {trouble.sentence}" for p, trouble in sorted(troubles.items()))
        raise PartitionTrouble("; ".join(said))


class Ownership(Struct, frozen=True):
    """Every partition that was ever entered, and every live projector.

    A partition has no owner before somebody takes it, and between the end of a lease and the next.
    `versions` has the Footfall each of the projectors is, None for those that do not say: 0.2.0 or
    before. `troubles` are what live owners say of partitions that they cannot fold.
    """

    owners: Mapping[Partition, str | None]
    projectors: Sequence[str]
    versions: Mapping[str, str | None] = field(default_factory=dict)
    troubles: Mapping[Partition, Trouble] = field(default_factory=dict)
