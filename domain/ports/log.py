"""The log: append, read, cut its beginning."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.checkpoint import Bounds
from domain.events import Entry, Offset, Partition
from domain.partitioning import PartitionKind


class LogWriter(Protocol):
    """The append side of the log: of the partitions of one kind."""

    kind: PartitionKind = PartitionKind.PAGES

    def append(self, partition: Partition, body: bytes) -> Awaitable[None]:
        """Durable when awaiting this returns. `LogUnavailable` means not, or not known.

        Where it `took_nothing`, waiting does not help. A writer that gives a future, and no
        coroutine, spares whoever does not await it at once a task.
        """

    async def ping(self) -> None:
        """Raises `LogUnavailable` when nothing can be appended now.

        Asked again and again: it may go by what was confirmed just now, and tries one partition
        where nothing was.
        """

    async def try_all(self) -> None:
        """The same of every partition, now. Raises `LogUnavailable` with those that fail."""
        await self.ping()

    async def close(self) -> None: ...


class Subscription(Protocol):
    """Entries of one partition in order, each once."""

    async def take(self, limit: int, timeout_seconds: float) -> Sequence[Entry]:
        """Up to `limit` entries; waits for the first, empty after `timeout_seconds`.

        Raises `LogUnavailable` when the connection is gone, `HistoryTruncated` or
        `LogWentBackward` when the log does not continue at the offset asked for.
        """


class LogReader(Protocol):
    """The read side of the log: of the partitions of one kind. Those of others are not there."""

    kind: PartitionKind = PartitionKind.PAGES

    def subscribe(
        self, partition: Partition, offset: Offset
    ) -> AbstractAsyncContextManager[Subscription]:
        """Read `partition` from `offset`."""

    async def bounds(self, partition: Partition) -> Bounds: ...

    async def entry_at(self, partition: Partition, offset: Offset) -> Entry | None:
        """The first entry at or after `offset`, None where there is none."""

    async def offset_since(self, partition: Partition, recorded_ms: int) -> Offset:
        """Where to begin for all that was recorded at `recorded_ms` or later.

        As far as the log lies in the order in which that was; what was recorded before may come
        too. Raises `LogUnavailable`.
        """

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class LogTrimmer(Protocol):
    """Cuts the beginning of a log that does not do it by itself."""

    async def excess(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        """How many entries `trim` would delete."""

    async def trim(self, partition: Partition, cut_ms: int, limit: Offset) -> int:
        """Delete entries below `limit` that were recorded before `cut_ms`; returns how many."""
