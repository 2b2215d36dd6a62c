"""Dead letters: what is set aside, and what becomes of it when somebody asks again."""

from typing import Protocol

from domain.events import Epoch, Offset, Partition
from domain.letters import Letter, LetterCounts, Letters, Retried


class DeadLetters(Protocol):
    """Those of the live generation. Raises `StoreUnavailable`."""

    async def counts(self) -> LetterCounts:
        """All of them."""

    async def page(
        self,
        limit: int,
        partition: Partition | None = None,
        after: tuple[Partition, Offset] | None = None,
    ) -> Letters:
        """At most `limit`, of one partition or of all, in that order; those that come `after`."""

    async def find(self, partition: Partition, offset: Offset) -> Letter | None:
        """The letter that stands there."""

    async def folded(self, partition: Partition) -> Offset:
        """The offset that is folded next."""

    async def retry(
        self,
        epoch: Epoch,
        letter: Letter,
        body: bytes,
        *,
        believing: bool = False,
        searched: Offset | None = None,
        repeated: bool = False,
    ) -> Retried:
        """Decide again, under the epoch of the job: counted and removed, or kept with its reason.

        Rows, totals and the letter change in one transaction, in the live generation and in the
        previous one. `believing`: whenever it says that it was recorded. `repeated`: its like is
        counted already, and it is only removed. That, or that there is none, is known up to the
        offset `searched`.

        Raises `Fenced` where somebody else has the job, or more is folded than was searched,
        `Unstorable` where the database cannot hold it still.
        """
