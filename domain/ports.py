"""What the services need from the outside, one page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.checkpoint import Bounds, Checkpoint
from domain.events import Entry, Epoch, Generation, Hour, Offset, Partition
from domain.generations import Audit, Diff, GenerationInfo
from domain.ownership import Ownership
from domain.page_rules import PageRules
from domain.projection import Claim, Delta
from domain.retention import ExpiredRows, HourlyViews, Leftovers


class Clock(Protocol):
    """Milliseconds since 1970, UTC."""

    def __call__(self) -> int: ...


class Probe(Protocol):
    """Returns when the dependency answers; raises `FootfallError` otherwise."""

    async def __call__(self) -> None: ...


class LogWriter(Protocol):
    """The append side of the log."""

    async def append(self, partition: Partition, body: bytes) -> None:
        """Durable when this returns. `LogUnavailable` means not, or not known."""

    async def ping(self) -> None:
        """Raises `LogUnavailable` when nothing can be appended now."""

    async def close(self) -> None: ...


class Subscription(Protocol):
    """Entries of one partition in order, each once."""

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        """Up to `limit` entries; waits for the first, empty after `timeout_seconds`.

        Raises `LogUnavailable` when the connection is gone, `HistoryTruncated` or
        `LogWentBackward` when the log does not continue at the offset asked for.
        """


class LogReader(Protocol):
    """The read side of the log."""

    def subscribe(
        self, partition: Partition, offset: Offset
    ) -> AbstractAsyncContextManager[Subscription]:
        """Read `partition` from `offset`."""

    async def bounds(self, partition: Partition) -> Bounds: ...

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        """The first entry at or after `offset`, None where there is none."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


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

        Raises `Fenced` when `checkpoint` is not the stored one any more; nothing changes then.
        """

    async def checkpoints(self) -> Sequence[Checkpoint]:
        """Of the live generation."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class Jobs(Protocol):
    """Who does a thing that only one may do at a time, kept on the database's clock."""

    async def acquire(self, name: str, owner: str) -> Epoch | None:
        """Take a job that is free or whose lease is over; None when another has it."""

    async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
        """Raises `Fenced` when somebody else has taken it since."""

    async def release(self, name: str, owner: str, epoch: Epoch) -> None: ...

    async def holder(self, name: str) -> str | None:
        """Who has it now."""


class Generations(Protocol):
    """Generations as a whole: what rebuilds and promotes them, under the epoch of one job."""

    async def all(self) -> Sequence[GenerationInfo]:
        """By number, oldest first."""

    async def checkpoints(self, generation: Generation) -> Mapping[Partition, Checkpoint]: ...

    async def partitions(self) -> set[Partition]:
        """Every partition that was ever to be folded."""

    async def begin(
        self,
        epoch: Epoch,
        purpose: str,
        rules: PageRules,
        starts: Mapping[Partition, Offset],
        carried_before: Hour | None,
    ) -> GenerationInfo:
        """A new generation, loading, its checkpoints at `starts`.

        Hours before `carried_before` are still to be carried over.
        """

    async def reopen(self, epoch: Epoch, generation: Generation, purpose: str) -> None:
        """A previous generation is built on, from where it was left."""

    async def close_again(self, epoch: Epoch, generation: Generation) -> None:
        """What was reopened is a previous generation as before."""

    async def finish_loading(self, epoch: Epoch, generation: Generation) -> None:
        """From bulk load to ordinary rows: loading becomes catching-up. Can be repeated."""

    async def promote(
        self, epoch: Epoch, generation: Generation, keep_ms: int, log: LogReader
    ) -> None:
        """Make it live in one transaction, and the live one previous, kept for `keep_ms`.

        The little that it is behind is folded in it first. Raises `NotCaughtUp`, nothing changed,
        where that is more than a little.
        """

    async def drop(self, generation: Generation) -> None:
        """Remove it with its checkpoints; never the live one. Can be repeated."""


class History(Protocol):
    """The hours that are kept, and those the log cannot give back."""

    async def horizon(self) -> Hour:
        """The oldest hour that is kept."""

    async def hours_before(self, end: Hour) -> Sequence[Hour]:
        """The hours before `end`, not past the horizon, of which the live generation has rows."""

    async def carry_over(self, epoch: Epoch, info: GenerationInfo) -> int:
        """Copy the rows of the hours `info` says from the live generation; returns their views.

        Raises `Fenced` when that is done already.
        """


class Comparison(Protocol):
    """What generations hold, each answer from one snapshot."""

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        """Live against `generation` for hours from `first` on, at one vector of offsets."""

    async def audit(self, generation: Generation) -> Audit:
        """Its rows against the running totals of its checkpoints, in one snapshot."""


class Audits(Protocol):
    """The last result of each audit."""

    async def save(self, generation: Generation, kind: str, difference: int) -> None: ...


class Leases(Protocol):
    """Who may fold which partition, kept on the database's clock."""

    async def tick(self, owner: str, partitions: int, draining: bool) -> Mapping[Partition, Epoch]:
        """Renew, take and even out; returns what `owner` holds now."""

    async def surplus(self, owner: str) -> Partition | None:
        """The one partition `owner` should hand over next, if any."""

    async def release(self, owner: str, partition: Partition) -> None: ...

    async def leave(self, owner: str) -> None:
        """Give everything back and stop counting as a live projector."""

    async def enter(self, partitions: int) -> None:
        """Partitions 0 … `partitions` - 1 are folded from now on, by every projector."""

    async def ownership(self) -> Ownership:
        """Who folds what right now."""


class Expiry(Protocol):
    """What the database gives up when its time is over, under the epoch of one job."""

    async def now_ms(self) -> int:
        """The database's clock."""

    async def horizon(self) -> Hour:
        """The oldest hour that is kept."""

    async def advance(self, epoch: Epoch, horizon: Hour) -> Hour:
        """Move the horizon forward, never back; returns where it is now."""

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


class LogTrimmer(Protocol):
    """Cuts the beginning of a log that does not do it by itself."""

    async def excess(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        """How many entries `trim` would delete."""

    async def trim(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        """Delete entries below `limit` that were recorded before `cut_ms`; returns how many."""


class ReportReader(Protocol):
    """The read side of the rows: live generation only."""

    async def hourly(self, page: str, first: Hour, end: Hour) -> HourlyViews:
        """Views by hour for first <= hour < end, under the name the page is counted under.

        Hours without views are left out, and hours that are past.
        """

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
