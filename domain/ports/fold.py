"""The fold: rows and checkpoints, and who may move them."""

from collections.abc import Mapping
from typing import Protocol

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Partition
from domain.moments import NOTHING_DECIDED, Decided
from domain.ownership import Ownership, Trouble
from domain.projection import Claim, Delta


class ProjectionStore(Protocol):
    """Rows and checkpoints, changed together or not at all."""

    async def claim(
        self, partition: Partition, epoch: Epoch, generation: Generation | None = None
    ) -> Claim:
        """The checkpoint, now under `epoch`, of the live generation or one that is built.

        Raises `Fenced` when a newer epoch has claimed it, or `generation` is not being built.
        """

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        """Rows, positions, dead letters and the checkpoint in one transaction.

        Raises `Fenced` when `checkpoint` is not the stored one any more, `Unstorable` for what the
        database can never hold; nothing changes then.
        """

    async def decided(self, checkpoint: Checkpoint) -> Decided:
        """What the live generation has decided by a clock from `checkpoint` of another one on."""
        return NOTHING_DECIDED


class LiveCheckpoints(Protocol):
    """What is stored, for those who remember what they have stored."""

    async def live_checkpoints(self) -> Mapping[Partition, Checkpoint]:
        """The checkpoints of the live generation now."""


class Watermarks(Protocol):
    """How complete checkpoints are, on the database's clock."""

    async def now_ms(self) -> int:
        """A moment of the database's clock that is just over, milliseconds since 1970."""

    async def record(self, moments: Mapping[Checkpoint, int]) -> None:
        """All that was confirmed before these moments is folded, where these still stand.

        Checkpoints that have moved, or are another's by now, stay as they are, and so does one that
        is more complete already. The live generation is as complete as the least of its partitions
        then, or as it was where one is not known to be.
        """


class Leases(Protocol):
    """Who may fold which partition, kept on the database's clock."""

    async def tick(self, owner: str, partitions: int, draining: bool) -> Mapping[Partition, Epoch]:
        """Renew, take and even out; returns what `owner` holds now.

        Raises `Outdated`, nothing renewed, when the database was migrated past this program.
        """

    async def surplus(self, owner: str) -> Partition | None:
        """The one partition `owner` should hand over next, if any."""

    async def tell(self, owner: str, troubles: Mapping[Partition, Trouble]) -> None:
        """These are all partitions that `owner` holds and cannot fold, for everybody to see."""

    async def release(self, owner: str, partition: Partition) -> None: ...

    async def leave(self, owner: str) -> None:
        """Give everything back and stop counting as a live projector."""

    async def enter(self, partitions: int) -> None:
        """Partitions 0 … `partitions` - 1 are folded from now on, by every projector."""

    async def ownership(self) -> Ownership:
        """Who folds what right now."""
