"""One partition while it is folded, and what is done where the database refuses a flush."""

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from domain.checkpoint import Checkpoint
from domain.errors import Unstorable
from domain.events import Entry, Offset
from domain.moments import NOTHING_DECIDED, Judge
from domain.ports.fold import ProjectionStore
from domain.projection import Claim, Delta, Fold
from projector.fold.claims import Claims

logger = logging.getLogger(__name__)


class Place:
    """The checkpoint of a claim as it moves on, and what the next fold has to know there."""

    def __init__(
        self, store: ProjectionStore, claim: Claim, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._claim = claim
        self._positions = dict(claim.positions)
        self._decided = claim.decided
        self.checkpoint: Checkpoint = claim.checkpoint
        self.claims = Claims(claim.checkpoint.partition, seconds)

    def fold(self) -> Fold:
        """An empty one, on top of what is committed."""
        claim = self._claim
        judge = None
        if claim.now_ms is not None:
            judge = Judge(claim.now_ms, self._decided or NOTHING_DECIDED)
        views = self.checkpoint.views
        return Fold(self._positions, claim.rules, claim.carry, views, judge, claim.classes)

    async def follow(self) -> None:
        """Learn what the live generation has decided by a clock meanwhile, where this is another.

        It is to come to the same counts, whatever the time is when it gets there.
        """
        if self._decided is not None:
            self._decided = await self._store.decided(self.checkpoint)

    async def apply(self, delta: Delta, complete_ms: int = 0) -> None:
        """Commit it, move on, say what was set aside and who claimed what was not so.

        What was confirmed before `complete_ms` is folded then. Raises as `ProjectionStore.apply`.
        """
        delta.complete_ms = complete_ms
        self.checkpoint = await self._store.apply(self.checkpoint, delta)
        self._positions.update(delta.positions)
        if letters := delta.dead_letters:
            logger.warning(
                "partition %d: dead letters (%d) were set aside, the first at offset %d: %s",
                self.checkpoint.partition,
                len(letters),
                letters[0].offset,
                letters[0].reason,
            )
        self.claims.add(delta)

    async def sift(self, entries: Sequence[Entry], end: Offset) -> None:
        """Commit what was refused as a whole in ever smaller parts, up to the offset `end`.

        What is refused alone is a dead letter. Where even that is refused, it is not for what the
        entry holds, and `Unstorable` is raised.
        """
        try:
            await self.apply(self._folded(entries, end))
        except Unstorable as error:
            if not entries:
                raise
            if len(entries) == 1:
                await self.apply(self._refused(entries[0], end, str(error)))
                return
            middle = len(entries) // 2
            await self.sift(entries[:middle], Offset(entries[middle - 1].offset + 1))
            await self.sift(entries[middle:], end)

    def _folded(self, entries: Sequence[Entry], end: Offset) -> Delta:
        fold = self.fold()
        for entry in entries:
            fold.add(entry)
        fold.delta.next_offset = end
        return fold.delta

    def _refused(self, entry: Entry, end: Offset, reason: str) -> Delta:
        fold = self.fold()
        fold.refuse(entry, reason)
        fold.delta.next_offset = end
        return fold.delta
