"""What the services need from the outside, one page."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.checkpoint import Bounds, Checkpoint
from domain.events import Entry, Epoch, Hour, Offset, Partition
from domain.projection import Delta, Position


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
        self, partition: Partition, epoch: Epoch
    ) -> tuple[Checkpoint, Mapping[str, Position]]:
        """The live checkpoint, now under `epoch`, and the producers' positions.

        Raises `Fenced` when a newer epoch has claimed it.
        """

    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        """Rows, positions, dead letters and the checkpoint in one transaction.

        Raises `Fenced` when `checkpoint` is not the stored one any more; nothing changes then.
        """

    async def checkpoints(self) -> Sequence[Checkpoint]:
        """Of the live generation."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class Leases(Protocol):
    """Who may fold which partition, kept on the database's clock."""

    async def tick(self, owner: str, partitions: int, draining: bool) -> Mapping[Partition, Epoch]:
        """Renew, take and even out; returns what `owner` holds now."""

    async def surplus(self, owner: str) -> Partition | None:
        """The one partition `owner` should hand over next, if any."""

    async def release(self, owner: str, partition: Partition) -> None: ...

    async def leave(self, owner: str) -> None:
        """Give everything back and stop counting as a live projector."""


class ReportReader(Protocol):
    """The read side of the rows: live generation only."""

    async def hourly(self, page: str, first: Hour, end: Hour) -> Mapping[Hour, int]:
        """Views by hour for first <= hour < end; hours without views are left out."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
