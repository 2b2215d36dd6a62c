"""Where a partition stands while it is folded, for those beside its runner."""

from domain.checkpoint import Checkpoint
from domain.ownership import Trouble


class Standing:
    """What a runner tells of its partition, and what is wrong with it.

    `checkpoint` is the one it holds: None before it has one, and while it moves it.
    """

    def __init__(self) -> None:
        self.checkpoint: Checkpoint | None = None
        self.trouble: Trouble | None = None

    def at(self, checkpoint: Checkpoint | None) -> None:
        """It is claimed or moved; None: it is about to be moved, or let go."""
        self.checkpoint = checkpoint

    def folds(self) -> None:
        """The log was read to its end, or more of it is committed: nothing is wrong any more."""
        self.trouble = None
