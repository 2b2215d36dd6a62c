"""What batches claimed of their producer that was not so, told now and then."""

import logging
from collections.abc import Callable

from domain.projection import Delta
from domain.shown import printable

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 600.0
"""A copy of an ingest machine may go on for days, and names cost nothing: a partition tells this
often, however many there are. `status` and metrics count all."""


class Claims:
    """Of one partition: forks and jumps that were committed and are not told yet.

    `seconds` is a clock that only goes on.
    """

    def __init__(self, partition: int, seconds: Callable[[], float]) -> None:
        self._partition = partition
        self._seconds = seconds
        self._told_at: float | None = None
        self._forks = self._jumps = 0
        self._producer = ""

    def add(self, delta: Delta) -> None:
        """This was committed; tell what is due."""
        self._forks += delta.forks
        self._jumps += delta.jumps
        self._producer = delta.claimed or self._producer
        now = self._seconds()
        silent = self._told_at is not None and now < self._told_at + SECONDS_BETWEEN
        if (self._forks or self._jumps) and not silent:
            self._tell(now)
            self._told_at, self._forks, self._jumps = now, 0, 0

    def _tell(self, now: float) -> None:
        found = []
        if self._forks:
            count, its = _batches(self._forks, "counts", "count"), _its(self._forks)
            found.append(f"{count} though {its} producer had been further")
        if self._jumps:
            found.append(f"{_batches(self._jumps, 'leapt', 'leapt')} ahead of all it can have sent")
        since = ""
        if self._told_at is not None:
            since = f"in the last {(now - self._told_at) / 60:,.0f} minutes, "
        logger.warning(
            "partition %d: %s (%sthe last of producer %s). A few are late ones; many are a copy of "
            "an ingest machine (start it anew), or somebody else: look at who may write to the log "
            "(docs/guarantees.md)",
            self._partition,
            " and ".join(found),
            since,
            printable(self._producer),
        )


def _batches(number: int, one: str, many: str) -> str:
    return f"1 batch {one}" if number == 1 else f"{number:,} batches {many}"


def _its(number: int) -> str:
    return "its" if number == 1 else "their"
