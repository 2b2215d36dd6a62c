"""Where a partition stands while it is folded, for those beside its runner."""

from msgspec import Struct

from domain.checkpoint import Checkpoint
from domain.events import Offset
from domain.ownership import Trouble


class Mark(Struct, frozen=True):
    """Where the log ended after a moment of the database's clock.

    All that was confirmed before `moment_ms` stands before `end`.
    """

    moment_ms: int
    end: Offset


class Standing:
    """What a runner tells of its partition, and what is wrong with it.

    `checkpoint` is the one it holds: None before it has one, and while it moves it. `mark` is the
    next to be reached, None where that is to be asked for.
    """

    def __init__(self) -> None:
        self.checkpoint: Checkpoint | None = None
        self.trouble: Trouble | None = None
        self.mark: Mark | None = None

    def at(self, checkpoint: Checkpoint | None) -> None:
        """It is claimed or moved; None: it is about to be moved, or let go."""
        self.checkpoint = checkpoint

    def folds(self) -> None:
        """The log was read to its end, or more of it is committed: nothing is wrong any more."""
        self.trouble = None

    def reached(self, next_offset: Offset) -> Mark | None:
        """The mark, where all before it is before `next_offset` too."""
        return self.mark if self.mark and self.mark.end <= next_offset else None

    def recorded(self, mark: Mark) -> None:
        """It is committed with the checkpoint: the next may be asked for."""
        if self.mark is mark:
            self.mark = None
