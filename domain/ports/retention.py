"""Retention: what the rows give up when their time is over."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from domain.clocks import Known
from domain.events import Epoch, Generation, Hour
from domain.retention import ExpiredRows, Leftovers


class KeptFrom(Protocol):
    """The oldest hour that the rows keep, as far as that is known here; answered at once."""

    def __call__(self) -> Hour: ...


class Expiry(Protocol):
    """What the database gives up when its time is over, under the epoch of one job."""

    async def now_ms(self) -> int:
        """The database's clock."""

    async def known(self) -> Known:
        """What is known of the time."""

    async def begin(self, known: Known) -> None:
        """The first that is known of the time; nothing where something is."""

    async def newest_ms(self) -> int:
        """When the last batch that was folded had been recorded, 0: none was."""

    async def remember(self, epoch: Epoch, known: Known) -> None:
        """What is known of the time from now on."""

    async def horizon(self) -> Hour:
        """The oldest hour that is kept."""

    async def advance(self, epoch: Epoch, horizon: Hour) -> Hour:
        """Move the horizon forward, never back; returns where it is now."""

    async def move_back(self, epoch: Epoch, horizon: Hour, now_ms: int) -> None:
        """Hours from `horizon` on are kept again, as far as their rows are still there.

        Those whose rows may be gone are remembered: a rebuild takes them from the log. None is
        later than what is accepted at `now_ms`.
        """

    async def prepare(self, now_ms: int) -> None:
        """What the rows of the next weeks need is there when this returns."""

    async def expired_rows(self, horizon: Hour) -> Sequence[ExpiredRows]:
        """What `drop_rows` would drop."""

    async def waiting_rows(self, horizon: Hour) -> int:
        """Rows that are past but can only go later, together with others."""

    def drop_rows(self, epoch: Epoch, horizon: Hour) -> AsyncIterator[ExpiredRows]:
        """Part by part, their views added to `expired_views`. Can be repeated after any end."""

    async def expired_generations(self, now_ms: int) -> Sequence[Generation]:
        """Previous ones that are not kept any longer, and what is left of dropped ones."""

    async def retire(self, epoch: Epoch, generation: Generation, now_ms: int) -> bool:
        """From now on it can only be dropped; False when it is wanted again."""

    async def leftovers(self, before_ms: int | None) -> Leftovers:
        """What `drop_leftovers` would drop."""

    async def drop_leftovers(self, epoch: Epoch, before_ms: int | None) -> Leftovers:
        """Positions nobody looks at, dead letters set aside before `before_ms` (None: none)."""
